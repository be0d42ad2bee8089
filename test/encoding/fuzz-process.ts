/** Decodes bytes that nobody should send, again and again, and ends well unless something comes of it. */
import assert from 'node:assert/strict';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { OBJECTS, PRIMITIVES } from '../conformance/value-kinds.js';
import { bytesOf, CODECS, codec } from './codecs.js';

const [seedText, runs] = process.argv.slice(2) as [string, string];
/** Of all bytes, those that msgpack, V8's format and JSON give a meaning, and the ends of ranges. */
const TELLING = Buffer.from(
  '\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0f\x7f\x80\xff"$\',-.0123456789:;@ABDEFGIMNORSTUVWZ[\\]^_acdehijmnopqrstuvwxyz{}~\xc0\xc1\xc4\xc7\xc8\xc9\xca\xcb\xcf\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf',
  'latin1',
);

/** Marsaglia's xorshift: a run that found something can be repeated by its seed. */
let state = Number(seedText) | 1;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

const oneOf = <T>(list: readonly T[]): T => list[random(list.length)]!;
const byte = (): number => (random(2) === 0 ? random(256) : TELLING[random(TELLING.length)]!);
const garbage = (length: number): Buffer => Buffer.from(Array.from({ length }, byte));

const seeds = CODECS.flatMap(([, by]) => [...PRIMITIVES, ...OBJECTS].map(({ make }) => bytesOf(by, make())));

const DAMAGES: readonly ((bytes: Buffer) => Buffer)[] = [
  (bytes) => {
    bytes[random(bytes.length)] = byte();
    return bytes;
  },
  (bytes) => {
    bytes[random(bytes.length)]! ^= 1 << random(8);
    return bytes;
  },
  (bytes) => bytes.subarray(0, random(bytes.length)),
  (bytes) => Buffer.concat([bytes, garbage(1 + random(4))]),
  (bytes) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), garbage(1 + random(6)), bytes.subarray(at + random(3))]);
  },
  (bytes) => {
    const other = oneOf(seeds);
    return Buffer.concat([bytes.subarray(0, random(bytes.length)), other.subarray(random(other.length))]);
  },
];

function damaged(): Buffer {
  let bytes: Buffer = Buffer.from(oneOf(seeds));
  for (let times = 1 + random(3); times > 0 && bytes.length > 0; times--) bytes = oneOf(DAMAGES)(bytes);
  return bytes;
}

/** Bytes that an encoding or a compression vouches for: damage gets further in. */
function wrapped(bytes: Buffer): Buffer {
  switch (random(8)) {
    case 0:
      return Buffer.concat([Buffer.from([7]), gzipSync(bytes, { level: 1 })]);
    case 1:
      return Buffer.concat([Buffer.from([8]), brotliCompressSync(bytes, { params: { 1: 0 } })]);
    default:
      return bytes;
  }
}

const TAGS = [1, 2, 3, 4, 5, 6, 7, 8, 11];
const PROTOTYPES = [Object, Array, Function, String, Number, Map, Set, Date, RegExp, Error, Buffer, Uint8Array].map(
  ({ prototype }) => prototype,
);
/** All that can be inherited, in one row. */
const inherited = (): unknown[] =>
  PROTOTYPES.flatMap((prototype) =>
    Reflect.ownKeys(prototype).flatMap((key) => {
      const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key)!;
      return [Object.getPrototypeOf(prototype), key, value, get, set];
    }),
  );

const before = inherited();
const reader = codec();
let hits = 0;
for (let run = 0; run < Number(runs); run++) {
  const bytes = wrapped(
    random(4) === 0
      ? Buffer.concat([Buffer.from([oneOf(TAGS), ...(random(2) ? [255, 15] : [])]), garbage(random(40))])
      : damaged(),
  );
  const original = bytes.toString('hex');
  try {
    const value = reader.decode(bytes);
    assert.equal(bytes.toString('hex'), original, 'the bytes have changed');
    if (value === undefined) continue;
    hits++;
    // What is let in is data like any other. (As bytes: invalid dates in a Set are never equal to Node.)
    const again = bytesOf(reader, value);
    assert.deepStrictEqual(bytesOf(reader, reader.decode(again)), again);
  } catch (error) {
    console.error(`Of ${original.slice(0, 2000)} (run ${run}, seed ${seedText}):`);
    throw error;
  }
}
const after = inherited();
assert.ok(after.length === before.length && after.every((part, i) => Object.is(part, before[i])), 'polluted');
console.log(hits);
