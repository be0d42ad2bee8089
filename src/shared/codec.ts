import { createRequire } from 'node:module';
import type { Packr } from 'msgpackr';
import { notData } from '../core/copy-graph.js';
import { isPackable } from '../core/packable.js';
import { decodeClone, encodeClone } from '../encoding/checked-clone.js';
import type { ChangingHeader } from './changing-header.js';
import type { IncomingRecord } from './incoming-record.js';
import { EncodedValue } from './outgoing-record.js';
import { CODEC } from './record.js';

/** Shapes of objects that the dictionary takes, at most; it may be full of bytes before that. */
const MOST_STRUCTURES = 1024;
/** Objects that are used as maps have keys without end: those of more fields than this have no place in the dictionary. */
const MOST_FIELDS = 64;
const FIELD_NAME = /^[^\d].{0,39}$/su;

type Structures = string[][];
type IsCompatible = (existing: Structures | undefined) => boolean;
class DictionaryFull extends Error {}

/** What both kinds of msgpack have in common: objects come back as objects, and bytes as memory of their own. */
const OPTIONS = { mapsAsObjects: true, moreTypes: false, copyBuffers: true, useToJSON: false } as const;

/**
 * How values become bytes. Primitives have encodings of their own, which the records themselves write; here is what is
 * left: objects. Plain data is msgpack, whose field names are in a dictionary that all processes share (half the time of
 * naming them in each value); everything else is V8's structured clone.
 */
export class Codec {
  readonly #header: ChangingHeader;
  #Packr: typeof Packr | undefined;
  #plainPackr: Packr | undefined;
  #recordPackr: Packr | undefined;
  #isFull = false;
  /** Where in the bytes an object stands, for msgpackr. */
  readonly #range = { start: 0, end: 0 };

  constructor(header: ChangingHeader) {
    this.#header = header;
  }

  /** From now on the dictionary is only read: its lock is for those who take part in the segment. */
  detach(): void {
    this.#isFull = true;
  }

  /** A value as it is kept until it is written: a primitive as it is, an object as bytes. @throws UncacheableValueError */
  seal(value: unknown): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') throw notData(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Buffer.isBuffer(value)) return new EncodedValue(CODEC.BUFFER, Uint8Array.prototype.slice.call(value));
    return isPackable(value) ? this.#pack(value) : clone(value);
  }

  /** The opposite of `seal`, for one reader. */
  unseal(sealed: unknown): unknown {
    if (!(sealed instanceof EncodedValue)) return sealed;
    const bytes = Buffer.from(sealed.bytes.buffer, sealed.bytes.byteOffset, sealed.bytes.length);
    return this.#decodeObject(sealed.codec, bytes, 0, bytes.length);
  }

  /** The value of a record that was copied out of the log. @throws if its bytes are not what a codec here made. */
  decode(record: IncomingRecord): unknown {
    const { bytes, codec } = record;
    const start = record.valueAt;
    const end = start + record.valueBytes;
    switch (codec) {
      case CODEC.NUMBER:
        return record.floats[start >> 3];
      case CODEC.ASCII:
        return record.text ?? bytes.latin1Slice(start, end);
      case CODEC.UTF8:
        return bytes.utf8Slice(start, end);
      case CODEC.UTF16:
        return bytes.ucs2Slice(start, end);
      case CODEC.NULL:
        return null;
      case CODEC.FALSE:
        return false;
      case CODEC.TRUE:
        return true;
      case CODEC.BIGINT:
        return parseBigInt(bytes.latin1Slice(start, end));
      default:
        return this.#decodeObject(codec, bytes, start, end);
    }
  }

  /** msgpackr is told where to read, in a buffer that stays the same: it keeps a view of it (565 ns an object, then 275). */
  #decodeObject(codec: number, bytes: Buffer, start: number, end: number): unknown {
    const range = this.#range;
    range.start = start;
    range.end = end;
    switch (codec) {
      case CODEC.BUFFER: {
        const copy = Buffer.allocUnsafeSlow(end - start);
        bytes.copy(copy, 0, start, end);
        return copy;
      }
      case CODEC.PACKED:
        return this.#packr.unpack(bytes, range);
      case CODEC.PLAIN:
        return this.#plain.unpack(bytes, range);
      case CODEC.CLONE:
        return decodeClone(bytes.subarray(start, end));
      default:
        throw new Error(`There is no codec ${codec}.`);
    }
  }

  #pack(value: object): unknown {
    try {
      if (this.#isFull) return new EncodedValue(CODEC.PLAIN, this.#plain.pack(value));
      return new EncodedValue(CODEC.PACKED, this.#packr.pack(value));
    } catch (error) {
      if (!(error instanceof DictionaryFull)) return clone(value);
      // What it would have called the new structure, somebody else may call another.
      this.#recordPackr = undefined;
      this.#isFull = true;
      return this.#pack(value);
    }
  }

  /** Loaded when the first object comes: it takes longer than all the rest of opening a segment. */
  #loadPackr(): typeof Packr {
    this.#Packr ??= (createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr')).Packr;
    return this.#Packr;
  }

  get #plain(): Packr {
    this.#plainPackr ??= new (this.#loadPackr())({ ...OPTIONS, useRecords: false });
    return this.#plainPackr;
  }

  get #packr(): Packr {
    this.#recordPackr ??= this.#newPackr();
    return this.#recordPackr;
  }

  #newPackr(): Packr {
    return new (this.#loadPackr())({
      ...OPTIONS,
      useRecords: true,
      maxSharedStructures: MOST_STRUCTURES,
      maxOwnStructures: 0,
      shouldShareStructure: (fields: string[]) =>
        fields.length <= MOST_FIELDS && fields.every((field) => FIELD_NAME.test(field)),
      getStructures: () => this.#structures() ?? [],
      saveStructures: (structures: object, isCompatible?: IsCompatible) =>
        this.#save(structures as Structures, isCompatible),
    } as ConstructorParameters<typeof Packr>[0]);
  }

  #structures(): Structures | undefined {
    const bytes = this.#header.dictionary();
    return bytes === null || bytes.length === 0 ? undefined : (JSON.parse(bytes.toString()) as Structures);
  }

  /** @returns whether it was saved; where not, others were quicker, and msgpackr reads theirs and tries again. */
  #save(structures: Structures, isCompatible: IsCompatible | undefined): boolean {
    const current = this.#header.dictionary();
    const existing =
      current === null || current.length === 0 ? undefined : (JSON.parse(current.toString()) as Structures);
    if (isCompatible !== undefined && !isCompatible(existing)) return false;
    const bytes = Buffer.from(JSON.stringify(structures));
    if (bytes.length > this.#header.dictionaryRoom) throw new DictionaryFull();
    return this.#header.replaceDictionary(current?.length ?? 0, bytes);
  }
}

/** @throws UncacheableValueError */
function clone(value: object): EncodedValue {
  return new EncodedValue(CODEC.CLONE, encodeClone(value));
}

function parseBigInt(text: string): bigint {
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}
