import { isJson } from '../core/packable.js';
import { sealCopy, unsealCopy } from '../core/snapshot.js';
import { ValueCodec } from '../encoding/value-codec.js';

/** What a stored text begins with that is not the value itself but its bytes, in base64. */
export const MARK = 'locmem:';

/** A value as text, out of everyone's reach. */
class Wrapped {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Values as a Keyv's serializer gets them. What JSON carries is given to it as it is, and can be read by whoever else
 * uses the Keyv; the rest as a text that any serializer carries, with the bytes of the value.
 */
export class StoredValues {
  #codec: ValueCodec | undefined;

  /** A value as it will be stored, out of everyone's reach. @throws UncacheableValueError */
  seal(value: unknown): unknown {
    if (isPlainJson(value)) return sealCopy(value);
    this.#codec ??= newCodec();
    const bytes = this.#codec.encode(value) as Buffer;
    return new Wrapped(`${MARK}${Buffer.from(bytes).toString('base64')}`);
  }

  /** The opposite, for one reader. */
  unseal(sealed: unknown): unknown {
    return sealed instanceof Wrapped ? this.#unwrap(sealed.text) : unsealCopy(sealed);
  }

  /** What the Keyv is given. */
  toStore(sealed: unknown): unknown {
    return sealed instanceof Wrapped ? sealed.text : unsealCopy(sealed);
  }

  /** The value for one reader: a Keyv without a serializer hands out what it keeps. `undefined` if it is damaged. */
  fromStore(stored: unknown): unknown {
    return isMarked(stored) ? this.#unwrap(stored) : unsealCopy(sealCopy(stored));
  }

  #unwrap(text: string): unknown {
    this.#codec ??= newCodec();
    return this.#codec.decode(Buffer.from(text.slice(MARK.length), 'base64'));
  }
}

function newCodec(): ValueCodec {
  return new ValueCodec({ serializer: 'msgpack', compression: undefined });
}

function isMarked(stored: unknown): stored is string {
  return typeof stored === 'string' && stored.startsWith(MARK);
}

/** Whether every serializer of JSON carries the value. To some, a field named `toJSON` is a method, whatever it is. */
function isPlainJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() && !value.startsWith(MARK);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'boolean':
      return true;
    case 'object':
      return value === null || (isJson(value) && !hasToJson(value));
    default:
      return false;
  }
}

function hasToJson(value: object): boolean {
  if ('toJSON' in value) return true;
  return Object.values(value).some((field) => typeof field === 'object' && field !== null && hasToJson(field));
}
