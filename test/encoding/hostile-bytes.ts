import { brotliCompressSync, gzipSync } from 'node:zlib';

const times = (count: number, bytes: number[]): number[] => Array.from({ length: count }, () => bytes).flat();
const chars = (text: string): number[] => [...Buffer.from(text)];

/** A number as V8's format has it. */
function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

type Parts = (number | number[])[];
const msgpack = (title: string, ...parts: Parts) => [`msgpack: ${title}`, Buffer.from([1, ...parts.flat()])] as const;
const clone = (title: string, ...parts: Parts) =>
  [`V8: ${title}`, Buffer.from([2, 0xff, 0x0f, ...parts.flat()])] as const;
const UINT32_MAX = [0xff, 0xff, 0xff, 0xff];
const MANY = 2 ** 25 - 1;
const BUFFER = 300_000;

/** Bytes that would run something, ask for more memory or stack than there is, or change more than the value. */
export const HOSTILE: readonly (readonly [title: string, bytes: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['no tag of ours', Buffer.from([0, 1, 2])],
  ['text of somebody else', Buffer.from('hello')],
  ['JSON that breaks off', Buffer.from('{"a":')],
  ['JSON nested deeper than the stack', Buffer.from('['.repeat(200_000) + ']'.repeat(200_000))],
  ['JSON nested after quotes in strings', Buffer.from(`["\\\\\\"[{",${'{"":'.repeat(1001)}1${'}'.repeat(1001)}]`)],
  ['text of half a character', Buffer.from([3, 0xc3])],
  ['UTF-16 of half a unit', Buffer.from([4, 0x61])],
  ['a bigint of no digits', Buffer.from([6])],
  ['a bigint of anything', Buffer.from([6, ...chars('0x12')])],
  ['a bigint of two', Buffer.from([6, ...chars('1n\n2')])],
  ['gzip of nothing', Buffer.from([7])],
  ['gzip of garbage', Buffer.from([7, 0x1f, 0x8b, 8, 1, 2, 3])],
  ['brotli of garbage', Buffer.from([8, 1, 2, 3, 4])],
  ['zstd of garbage', Buffer.from([11, 0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff])],
  [
    'gzip of a thousand times as many objects',
    Buffer.from([7, ...gzipSync(Buffer.concat([Buffer.from([1, 0xdd, 0, 0x80, 0, 0]), Buffer.alloc(2 ** 23, 0x80)]))]),
  ],
  [
    'brotli of a million times as many objects',
    Buffer.from([
      8,
      ...brotliCompressSync(Buffer.concat([Buffer.from([1, 0xdd, 0, 0x80, 0, 0]), Buffer.alloc(2 ** 23, 0x80)])),
    ]),
  ],

  msgpack('nothing'),
  msgpack('the definition of a record', 0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 5),
  msgpack('the definition of a record, of two bytes', 0xd5, 0x72, 0x40, 0, 0x91, 0xa1, 0x61, 5),
  msgpack('an error', 0xd4, 0x65, 0, 0x93, 0xa5, ...chars('Error'), 0xa1, 0x78, 0xc0),
  msgpack('a call of toString', 0xd4, 0x65, 0, 0x93, 0xa8, ...chars('toString'), 0xa1, 0x78, 0xc0),
  msgpack('a regular expression', 0xd4, 0x78, 0, 0x92, 0xa1, 0x61, 0xa1, 0x67),
  msgpack('a pointer to nothing', 0xd6, 0x70, 0, 0, 0, 1),
  msgpack('a pointer to itself', 0xd6, 0x69, 0, 0, 0, 1, 0x91, 0xd6, 0x70, 0, 0, 0, 1),
  msgpack('strings in a bundle', 0xd6, 0x62, 0x7f, 0xff, 0xff, 0xff, 1),
  msgpack('the byte that is never used', 0xc1),
  msgpack('an ArrayBuffer', 0xc7, 2, 0x74, 16, 1),
  msgpack('bytes', 0xc4, 1, 1),
  msgpack('a 64-bit number', 0xcf, 0, 0, 0, 0, 0, 0, 0, 1),
  msgpack('an array of 4 G', 0xdd, ...UINT32_MAX),
  msgpack('arrays in arrays that claim what follows', times(500, [0xdd, 0, 0, 0xea, 0x60]), times(60_000, [0xc0])),
  msgpack('a map of 4 G', 0xdf, ...UINT32_MAX),
  msgpack('a string of 4 GB', 0xdb, ...UINT32_MAX),
  msgpack('a string longer than its bytes', 0xd9, 0xff, 0x61),
  msgpack('a string that is not UTF-8', 0xa2, 0xc3, 0x28),
  msgpack('a number that breaks off', 0xcb, 1, 2, 3),
  msgpack('nesting deeper than the stack', times(200_000, [0x91])),
  msgpack('nesting deeper than is kept', times(1001, [0x91]), 0xc0),
  msgpack('a prototype', 0x81, 0xa9, ...chars('__proto__'), 0x81, 0xa1, 0x61, 1),
  msgpack('a prototype of a longer kind', 0x81, 0xd9, 9, ...chars('__proto__'), 0x81, 0xa1, 0x61, 1),
  msgpack('a key that is an array', 0x81, 0x91, 1, 1),
  msgpack('a key that is a number', 0x81, 1, 1),
  msgpack('a key that breaks off', 0x81, 0xa5, ...chars('hell')),
  msgpack('more than one value', 1, 2),

  clone('nothing'),
  ['V8: an older format', Buffer.from([2, 0xff, 0x0d, 0x30])],
  ['V8: a format to come', Buffer.from([2, 0xff, 0x63, 0x30])],
  ['V8: no format', Buffer.from([2, 0x30])],
  clone('an array that is 33 million holes', 0x61, ...varint(MANY), 0x40, 0, ...varint(MANY)),
  clone('an array with an element far beyond its end', 0x61, 4, 0x49, ...varint(2 * (MANY - 1)), 0x30, 0x40, 1, 4),
  clone('the same, of a dense one', 0x41, 0, 0x49, ...varint(2 * (MANY - 1)), 0x30, 0x24, 1, 0),
  clone(
    'the same, of a double',
    0x61,
    4,
    0x4e,
    [...Buffer.from(new Float64Array([MANY - 1]).buffer)],
    0x30,
    0x40,
    1,
    4,
  ),
  clone('the same, by name', 0x61, 4, 0x22, 8, chars('33000000'), 0x30, 0x40, 1, 4),
  clone('the same, by name in UTF-16', 0x61, 4, 0x63, 16, [...Buffer.from('33000000', 'utf16le')], 0x30, 0x40, 1, 4),
  clone(
    'many arrays of a million holes',
    0x41,
    50,
    times(50, [0x61, ...varint(1e6), 0x40, 0, ...varint(1e6)]),
    0x24,
    0,
    50,
  ),
  clone('arrays in arrays that claim what follows', times(800, [0x41, ...varint(60_000)]), times(60_000, [0x30])),
  clone(
    'many views of one buffer',
    [0x41, ...varint(3001), 0x42, ...varint(BUFFER)],
    times(BUFFER, [0]),
    [0x56, 0x42, 0, ...varint(BUFFER), 0],
    times(3000, [0x5e, 1, 0x56, 0x42, 0, ...varint(BUFFER), 0]),
    [0x24, 0, ...varint(3001)],
  ),
  clone('an array of 4 G', 0x41, ...varint(2 ** 32 - 1)),
  clone('a string of 4 GB', 0x22, ...varint(2 ** 32 - 1)),
  clone('a bigint of a gigabyte', 0x5a, ...varint(2 ** 31)),
  clone('a buffer of 4 GB', 0x42, ...varint(2 ** 32 - 1)),
  clone('a buffer that may grow to 2 GB', 0x7e, 1, ...varint(2 ** 31), 0),
  clone('a Buffer of 4 GB', 0x5c, 10, ...varint(2 ** 32 - 1)),
  clone('a view of no kind', 0x5c, 77, 4, 1, 2, 3, 4),
  clone('a length of 10 bytes', 0x22, times(9, [0xff]), 1),
  clone('a shared buffer', 0x75, 0),
  clone('a module of WebAssembly', 0x77, 0),
  clone('the source of one', 0x57, 0x79, 0, 0),
  clone('the memory of one', 0x6d, 1, 1),
  clone('a shared object', 0x70, 0),
  clone('a reference to what is not there', 0x5e, 5),
  clone('a regular expression that is none', 0x52, 0x22, 3, ...chars('a(b'), 0),
  clone('a regular expression of no such flags', 0x52, 0x22, 1, 0x61, ...varint(255)),
  clone('nesting deeper than the stack', times(200_000, [0x41, 1])),
  clone('nesting deeper than is kept', times(1001, [0x41, 1]), 0x30, times(1001, [0x24, 0, 1])),
  clone('a primitive', 0x30),
  clone('more than one value', 0x6f, 0x7b, 0, 0x6f, 0x7b, 0),
];
