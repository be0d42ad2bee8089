import { notData } from '../core/copy-graph.js';
import { isPackable } from '../core/packable.js';
import { Snapshot, sealCopy, unsealCopy } from '../core/snapshot.js';
import { readEncodingOptions } from '../encoding/encoding-options.js';
import { ValueCodec } from '../encoding/value-codec.js';

/** What a stored text begins with that is not the value itself but its bytes, in base64. */
const MARK = 'locmem:';

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
    switch (typeof value) {
      case 'function':
      case 'symbol':
        throw notData(value);
      case 'object':
        if (value === null) return null;
        return isPackable(value) && isJson(value) ? Snapshot.of(value) : this.#wrap(value);
      default:
        return isJson(value) && !isMarked(value) ? value : this.#wrap(value);
    }
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

  #wrap(value: unknown): Wrapped {
    this.#codec ??= new ValueCodec(readEncodingOptions({}));
    const bytes = this.#codec.encode(value);
    return new Wrapped(`${MARK}${Buffer.from(bytes as Buffer).toString('base64')}`);
  }

  #unwrap(text: string): unknown {
    this.#codec ??= new ValueCodec(readEncodingOptions({}));
    return this.#codec.decode(Buffer.from(text.slice(MARK.length), 'base64'));
  }
}

function isMarked(stored: unknown): stored is string {
  return typeof stored === 'string' && stored.startsWith(MARK);
}

/** Whether JSON carries what msgpack does: all but `undefined`, dates and numbers that are none, or infinite. */
function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isJson);
      // To serializers it is a method, whatever it is.
      if (value instanceof Date || 'toJSON' in value) return false;
      return Object.values(value).every(isJson);
    default:
      return false;
  }
}
