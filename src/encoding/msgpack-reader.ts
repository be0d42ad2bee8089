import { isUtf8 } from 'node:buffer';
import { DEEPEST } from '../core/copy-graph.js';

/** Up to here a text is made more quickly of its characters than of its bytes by a call of Node's. */
const SHORT = 16;
const { fromCharCode } = String;
/** Names of fields that were met lately; of ASCII, so that each byte is a character. */
const KEYS = 1024;
const keys: (string | undefined)[] = new Array(KEYS);

/**
 * What `bytes` from `start` on hold in msgpack: plain data, dates (the timestamp extension) and `undefined` (extension 0),
 * which is all that msgpackr writes of what `isPackable` admits. msgpackr itself would read more than that, and not from
 * everybody: definitions of records, which it compiles with `new Function`, errors, regular expressions, pointers, and
 * whatever extensions others in the process have registered with it.
 *
 * @throws if they are anything else. No length is believed before as many bytes are there.
 */
export function readMsgpack(bytes: Buffer, start: number): unknown {
  const reader = new MsgpackReader(bytes, start);
  const value = reader.value(0);
  reader.checkEnd();
  return value;
}

class MsgpackReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  checkEnd(): void {
    if (this.#at !== this.#bytes.length) throw notOurs();
  }

  value(depth: number): unknown {
    const token = this.#token();
    if (token < 0x80) return token;
    if (token < 0x90) return this.#map(token & 0x0f, depth);
    if (token < 0xa0) return this.#array(token & 0x0f, depth);
    if (token < 0xc0) return this.#text(token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    const bytes = this.#bytes;
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return bytes.readFloatBE(this.#skip(4));
      case 0xcb:
        return bytes.readDoubleBE(this.#skip(8));
      case 0xcc:
        return this.#token();
      case 0xcd:
        return bytes.readUInt16BE(this.#skip(2));
      case 0xce:
        return bytes.readUInt32BE(this.#skip(4));
      case 0xd0:
        return bytes.readInt8(this.#skip(1));
      case 0xd1:
        return bytes.readInt16BE(this.#skip(2));
      case 0xd2:
        return bytes.readInt32BE(this.#skip(4));
      case 0xd9:
        return this.#text(this.#token());
      case 0xda:
        return this.#text(bytes.readUInt16BE(this.#skip(2)));
      case 0xdb:
        return this.#text(bytes.readUInt32BE(this.#skip(4)));
      case 0xdc:
        return this.#array(bytes.readUInt16BE(this.#skip(2)), depth);
      case 0xdd:
        return this.#array(bytes.readUInt32BE(this.#skip(4)), depth);
      case 0xde:
        return this.#map(bytes.readUInt16BE(this.#skip(2)), depth);
      case 0xdf:
        return this.#map(bytes.readUInt32BE(this.#skip(4)), depth);
      default:
        return this.#extension(token);
    }
  }

  #token(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  /** @returns where the next `count` bytes begin, all of which are there. */
  #skip(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw notOurs();
    this.#at = at + count;
    return at;
  }

  #text(length: number): string {
    const start = this.#skip(length);
    const bytes = this.#bytes;
    if (length <= SHORT) {
      let text = '';
      let i = start;
      for (; i < this.#at && bytes[i]! < 0x80; i++) text += fromCharCode(bytes[i]!);
      if (i === this.#at) return text;
    }
    const text = bytes.toString('utf8', start, this.#at);
    // What is put where no character can be made of the bytes; or was there.
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, this.#at))) throw notOurs();
    return text;
  }

  #array(length: number, depth: number): unknown[] {
    if (depth === DEEPEST) throw notOurs();
    // Grown as its elements come: a length is a claim, and nested claims add up.
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) array.push(this.value(depth + 1));
    return array;
  }

  #map(size: number, depth: number): object {
    if (depth === DEEPEST) throw notOurs();
    const object: Record<string, unknown> = {};
    for (let i = 0; i < size; i++) {
      const key = this.#key();
      object[key] = this.value(depth + 1);
    }
    return object;
  }

  /** The same names come again and again: they are looked up, by what is quick to see of them. */
  #key(): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    const length = bytes[this.#at]! - 0xa0;
    if (!(length > 0 && length < 32 && start + length <= bytes.length)) return this.#newKey();
    const end = start + length;
    const slot = (length * 31 + bytes[start]! * 7 + bytes[end - 1]! * 3 + bytes[start + (length >> 1)]!) & (KEYS - 1);
    const known = keys[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) {
        this.#at = end;
        return known;
      }
    }
    const key = this.#newKey();
    if (key.length === length) keys[slot] = key;
    return key;
  }

  #newKey(): string {
    const key = this.value(DEEPEST);
    if (typeof key !== 'string' || key === '__proto__') throw notOurs();
    return key;
  }

  #extension(token: number): Date | undefined {
    const bytes = this.#bytes;
    switch (token) {
      case 0xd4:
        if (bytes.readUInt16BE(this.#skip(2)) !== 0) throw notOurs();
        return undefined;
      case 0xd6:
        this.#expect(0xff);
        return new Date(bytes.readUInt32BE(this.#skip(4)) * 1000);
      case 0xd7: {
        this.#expect(0xff);
        const head = bytes.readUInt32BE(this.#skip(4));
        const low = bytes.readUInt32BE(this.#skip(4));
        return date((head & 3) * 2 ** 32 + low, head >>> 2);
      }
      case 0xc7: {
        this.#expect(12);
        this.#expect(0xff);
        const nanoseconds = bytes.readUInt32BE(this.#skip(4));
        const high = bytes.readInt32BE(this.#skip(4));
        return date(high * 2 ** 32 + bytes.readUInt32BE(this.#skip(4)), nanoseconds);
      }
      default:
        throw notOurs();
    }
  }

  #expect(byte: number): void {
    if (this.#token() !== byte) throw notOurs();
  }
}

function date(seconds: number, nanoseconds: number): Date {
  return new Date(seconds * 1000 + nanoseconds / 1e6);
}

function notOurs(): Error {
  return new Error('These bytes are not what the encoder makes.');
}
