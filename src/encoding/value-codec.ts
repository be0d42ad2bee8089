import { Packr } from 'msgpackr';
import { cloneFromBytes, cloneToBytes } from '../core/clone-bytes.js';
import { notData } from '../core/copy-graph.js';
import { isPackable } from '../core/packable.js';

/** The first byte of what is neither a number nor JSON: control characters, with which no text of those begins. */
const TAG = { MSGPACK: 1, CLONE: 2, UTF8: 3, UTF16: 4, BUFFER: 5, BIGINT: 6 } as const;

/** Numbers as JavaScript writes them; the integers among them are what `INCR` takes. */
const NUMBER = /^(?:-?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|Infinity)|NaN)$/;

/** How values become the bytes that a server keeps, and what is made of them again. Bytes are data: nothing runs. */
export class ValueCodec {
  readonly #packr = new Packr({ mapsAsObjects: true, moreTypes: false, copyBuffers: true, useRecords: false });

  /** @throws UncacheableValueError */
  encode(value: unknown): string | Buffer {
    switch (typeof value) {
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
      case 'string':
        return value.isWellFormed()
          ? tagged(TAG.UTF8, Buffer.from(value))
          : tagged(TAG.UTF16, Buffer.from(value, 'utf16le'));
      case 'boolean':
        return String(value);
      case 'bigint':
        return tagged(TAG.BIGINT, Buffer.from(value.toString()));
      case 'object':
        if (value === null) return 'null';
        if (Buffer.isBuffer(value)) return tagged(TAG.BUFFER, value);
        return isPackable(value)
          ? tagged(TAG.MSGPACK, this.#packr.pack(value))
          : tagged(TAG.CLONE, cloneToBytes(value));
      default:
        throw notData(value);
    }
  }

  /** The value; `undefined` if the bytes are not of our making, which is a miss. */
  decode(bytes: Buffer): unknown {
    try {
      return this.#decode(bytes);
    } catch {
      return undefined;
    }
  }

  #decode(bytes: Buffer): unknown {
    const data = bytes.subarray(1);
    switch (bytes[0]) {
      case TAG.MSGPACK:
        return this.#packr.unpack(data);
      case TAG.CLONE:
        return cloneFromBytes(data);
      case TAG.UTF8:
        return data.toString('utf8');
      case TAG.UTF16:
        return data.toString('utf16le');
      case TAG.BUFFER:
        return Buffer.from(data);
      case TAG.BIGINT:
        return BigInt(data.toString('latin1'));
      default: {
        const text = bytes.toString('utf8');
        return NUMBER.test(text) ? Number(text) : JSON.parse(text);
      }
    }
  }
}

function tagged(tag: number, bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(bytes.length + 1);
  whole[0] = tag;
  whole.set(bytes, 1);
  return whole;
}
