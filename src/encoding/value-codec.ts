import { isUtf8 } from 'node:buffer';
import { createRequire } from 'node:module';
import type { Packr } from 'msgpackr';
import { notData } from '../core/copy-graph.js';
import { isJson, isPackable } from '../core/packable.js';
import { decodeClone, encodeClone } from './checked-clone.js';
import { type CompressionAlgorithm, compress, decompress } from './compression.js';
import type { EncodingSettings } from './encoding-options.js';
import { isDeepJson } from './json-depth.js';
import { readMsgpack } from './msgpack-reader.js';

/**
 * The first byte of what is neither a number nor JSON: control characters, with which no text of those begins; 9, 10 and
 * 13 are JSON's white space, and 12 is the header of entries with extras (envelope.ts).
 */
const TAG = { MSGPACK: 1, CLONE: 2, UTF8: 3, UTF16: 4, BUFFER: 5, BIGINT: 6 } as const;
/** Text goes out with other text: no bytes are made of it here. */
const UTF8_TAG = String.fromCharCode(TAG.UTF8);
const COMPRESSED: Record<CompressionAlgorithm, number> = { gzip: 7, brotli: 8, zstd: 11 };

/** msgpackr's `RESERVE_START_SPACE`, one byte, which it leaves free before what it packs. */
const WITH_ROOM_FOR_TAG = 2048 | 1;

/** Numbers as JavaScript writes them; the integers among them are what `INCR` takes. */
const NUMBER = /^(?:-?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|Infinity)|NaN)$/;
const HEX = /^-?[\da-f]+$/;

/** How values become the bytes that a server keeps, and what is made of them again. Bytes are data: nothing runs. */
export class ValueCodec {
  readonly #settings: EncodingSettings;
  #packr: Packr | undefined;

  constructor(settings: EncodingSettings) {
    this.#settings = settings;
  }

  /** @throws UncacheableValueError */
  encode(value: unknown): string | Buffer {
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    const encoded = this.#encode(value);
    const { compression } = this.#settings;
    if (compression === undefined || Buffer.byteLength(encoded) < compression.threshold) return encoded;
    const { algorithm } = compression;
    const compressed = compress(typeof encoded === 'string' ? Buffer.from(encoded) : encoded, compression);
    return compressed === undefined ? encoded : tagged(COMPRESSED[algorithm], compressed);
  }

  #encode(value: unknown): string | Buffer {
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed()) return tagged(TAG.UTF16, Buffer.from(value, 'utf16le'));
        return this.#settings.serializer === 'json' ? JSON.stringify(value) : UTF8_TAG + value;
      case 'boolean':
        return String(value);
      case 'bigint':
        return tagged(TAG.BIGINT, Buffer.from(value.toString(16)));
      case 'object':
        return value === null ? 'null' : this.#encodeObject(value);
      default:
        throw notData(value);
    }
  }

  #encodeObject(value: object): string | Buffer {
    if (Buffer.isBuffer(value)) return tagged(TAG.BUFFER, value);
    if (this.#settings.serializer === 'json' && isJson(value)) return JSON.stringify(value);
    if (isPackable(value)) {
      try {
        const bytes = this.#loadPackr().pack(value, WITH_ROOM_FOR_TAG);
        bytes[0] = TAG.MSGPACK;
        return bytes;
      } catch {
        // An object of more fields than msgpackr counts.
      }
    }
    return tagged(TAG.CLONE, encodeClone(value));
  }

  /** Loaded when the first object comes, as SharedCache does. */
  #loadPackr(): Packr {
    if (this.#packr === undefined) {
      const { Packr } = createRequire(import.meta.url)('msgpackr') as typeof import('msgpackr');
      this.#packr = new Packr({ mapsAsObjects: true, moreTypes: false, useRecords: false, useToJSON: false } as object);
    }
    return this.#packr;
  }

  /** The value; `undefined` if the bytes are not of our making, which is a miss. */
  decode(bytes: Buffer): unknown {
    try {
      return this.#decode(bytes);
    } catch {
      return undefined;
    }
  }

  /** The same of what `encode` has returned. */
  unseal(encoded: string | Buffer): unknown {
    return this.decode(typeof encoded === 'string' ? Buffer.from(encoded) : encoded);
  }

  #decode(bytes: Buffer): unknown {
    switch (bytes[0]) {
      case COMPRESSED.gzip:
        return this.#decodePlain(decompress(bytes.subarray(1), 'gzip'));
      case COMPRESSED.brotli:
        return this.#decodePlain(decompress(bytes.subarray(1), 'brotli'));
      case COMPRESSED.zstd:
        return this.#decodePlain(decompress(bytes.subarray(1), 'zstd'));
      default:
        return this.#decodePlain(bytes);
    }
  }

  #decodePlain(bytes: Buffer): unknown {
    switch (bytes[0]) {
      case TAG.MSGPACK:
        return readMsgpack(bytes, 1);
      case TAG.CLONE:
        return decodeClone(bytes.subarray(1));
      case TAG.UTF8:
        return parseUtf8(bytes);
      case TAG.UTF16:
        return bytes.length % 2 === 1 ? bytes.toString('utf16le', 1) : undefined;
      case TAG.BUFFER:
        return Uint8Array.prototype.slice.call(bytes, 1);
      case TAG.BIGINT:
        return parseBigInt(bytes.toString('latin1', 1));
      default:
        return parseText(bytes.toString('utf8'));
    }
  }
}

/** A view of the bytes costs as much as the text: only where U+FFFD stands in it may it have been made of what is none. */
function parseUtf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8', 1);
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(1)) ? undefined : text;
}

function parseText(text: string): unknown {
  if (NUMBER.test(text)) return Number(text);
  return isDeepJson(text) ? undefined : JSON.parse(text);
}

function parseBigInt(text: string): bigint | undefined {
  if (!HEX.test(text)) return undefined;
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}

function tagged(tag: number, bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(bytes.length + 1);
  whole[0] = tag;
  whole.set(bytes, 1);
  return whole;
}
