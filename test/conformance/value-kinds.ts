/** A kind of value that every cache keeps. `make` builds it anew each time; `kept` is what is read, where it differs. */
export interface ValueKind {
  readonly title: string;
  readonly make: () => unknown;
  readonly kept?: () => unknown;
}

class Point {
  readonly x: number;
  #secret = 'not carried';
  constructor(x: number) {
    this.x = x;
  }
  reveal(): string {
    return this.#secret;
  }
}

const withProto = (): object => JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": 1}}');

function cyclic(): object {
  const node: { name: string; self?: object; list: unknown[] } = { name: 'n', list: [] };
  node.self = node;
  node.list.push(node, node.list);
  return node;
}

function shared(): object {
  const one = { n: 1 };
  return { a: one, b: one, c: [one] };
}

export const PRIMITIVES: readonly ValueKind[] = [
  ...[null, true, false, 0, -0, 1.5, -1, 2 ** 53, 5e-324, Number.NaN, Infinity, -Infinity, 0n, -(2n ** 70n)],
  ...['', 'text', 'ü', '🔑', '\ud800', 'a\udfffb', '\0', 'x'.repeat(10_000)],
].map((value) => ({
  title: typeof value === 'string' ? JSON.stringify(value).slice(0, 20) : Object.is(value, -0) ? '-0' : String(value),
  make: () => value,
}));

export const OBJECTS: readonly ValueKind[] = [
  { title: 'an empty array', make: () => [] },
  { title: 'an array', make: () => [1, 'a', null, Number.NaN, -0, 1n, undefined] },
  { title: 'nested arrays', make: () => [[1, [2, [3]]], []] },
  // biome-ignore lint/suspicious/noSparseArray: holes are what is kept.
  { title: 'an array with holes', make: () => [1, , 3, [, { a: [, 1] }]] },
  { title: 'an array that is all hole', make: () => new Array(3) },
  { title: 'an array of as many properties as holes', make: () => Object.assign(new Array(1), { note: 'kept' }) },
  { title: 'an array with properties of its own', make: () => Object.assign([1, 2], { note: { n: 'kept' } }) },
  { title: 'an empty object', make: () => ({}) },
  {
    title: 'a plain object',
    make: () => ({ a: 1, b: 'two', c: null, d: undefined, e: Number.NaN, f: -0, '': 7, 3: 4 }),
  },
  { title: 'nested objects', make: () => ({ a: { b: { c: [{ d: 1 }, { e: { f: [] } }] } } }) },
  { title: 'keys named __proto__', make: withProto },
  {
    title: 'a key named __proto__ beside a Map',
    make: () => Object.assign(withProto(), { map: new Map([[1, { a: 1 }]]) }),
  },
  { title: 'keys named as methods', make: () => ({ constructor: 1, hasOwnProperty: 2, toString: 'x', valueOf: null }) },
  {
    title: 'an object without a prototype',
    make: () => Object.assign(Object.create(null), { a: 1 }),
    kept: () => ({ a: 1 }),
  },
  { title: 'an instance of a class', make: () => new Point(3), kept: () => ({ x: 3 }) },
  { title: 'a Date', make: () => new Date(86_400_000) },
  { title: 'dates in an object', make: () => ({ from: new Date(0), list: [new Date(1)] }) },
  { title: 'a RegExp', make: () => /a(b)?\/c/giu },
  {
    title: 'a Map',
    make: () =>
      new Map<unknown, unknown>([
        ['a', { n: 1 }],
        [{ key: 1 }, [2]],
        [Number.NaN, null],
      ]),
  },
  { title: 'a Set', make: () => new Set<unknown>([1, 'a', { n: 1 }]) },
  { title: 'Maps in Sets in Maps', make: () => ({ m: new Map([['s', new Set([new Map([['d', new Date(5)]])])]]) }) },
  { title: 'an Error', make: () => new Error('it failed') },
  { title: 'errors of other classes', make: () => [new TypeError('t'), new RangeError('r'), new SyntaxError('s')] },
  { title: 'an ArrayBuffer', make: () => new Uint8Array([1, 2, 3]).buffer },
  { title: 'a Uint8Array', make: () => new Uint8Array([1, 2, 255]) },
  { title: 'a view of a part', make: () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3) },
  { title: 'a Uint8ClampedArray', make: () => new Uint8ClampedArray([0, 255]) },
  {
    title: 'Int8, Int16 and Int32 arrays',
    make: () => [new Int8Array([-1]), new Int16Array([-2]), new Int32Array([-3])],
  },
  { title: 'Uint16 and Uint32 arrays', make: () => [new Uint16Array([65535]), new Uint32Array([4294967295])] },
  {
    title: 'Float32 and Float64 arrays',
    make: () => [new Float32Array([0.5]), new Float64Array([Number.NaN, -0, 0.1])],
  },
  { title: 'BigInt arrays', make: () => [new BigInt64Array([-1n]), new BigUint64Array([2n ** 64n - 1n])] },
  {
    title: 'a DataView',
    make: () => new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
    kept: () => new DataView(new Uint8Array([2, 3]).buffer),
  },
  { title: 'a Buffer', make: () => Buffer.from('bytes') },
  { title: 'an empty Buffer', make: () => Buffer.alloc(0) },
  { title: 'Buffers inside', make: () => ({ a: [Buffer.from([0, 255])], m: new Map([[1, Buffer.from('x')]]) }) },
  { title: 'boxed primitives', make: () => [Object(1), Object('s'), Object(true), Object(5n)] },
  { title: 'a cycle', make: cyclic },
  { title: 'shared references', make: shared },
  // As deep as Node's own comparison gets, before its code is compiled.
  { title: 'deep nesting', make: () => deep(400) },
];

export function deep(depth: number): object {
  let value: object = { end: true };
  for (let i = 1; i < depth; i++) value = i % 2 ? [value] : { value };
  return value;
}

/** Values that are not data, or hold something that is not. */
export const UNCACHEABLE: readonly ValueKind[] = [
  { title: 'a function', make: () => () => 1 },
  { title: 'a class', make: () => Point },
  { title: 'a symbol', make: () => Symbol('s') },
  { title: 'a promise', make: () => Promise.resolve(1) },
  { title: 'a WeakRef', make: () => new WeakRef({}) },
  { title: 'a WeakMap', make: () => new WeakMap() },
  { title: 'a WeakSet', make: () => new WeakSet() },
];

const holding = (title: string, wrap: (inner: unknown) => unknown): ValueKind[] =>
  UNCACHEABLE.map((inner) => ({ title: `${inner.title} ${title}`, make: () => wrap(inner.make()) }));

export const HOLDING_UNCACHEABLE: readonly ValueKind[] = [
  ...holding('in an object', (inner) => ({ a: 1, inner })),
  ...holding('in an array', (inner) => [1, inner]),
  ...holding('deep inside', (inner) => ({ a: [{ b: new Date(0) }, { c: [[inner]] }] })),
  ...holding('in a Map', (inner) => new Map([['k', inner]])),
  ...holding('as the key of a Map', (inner) => new Map([[inner, 1]])),
  ...holding('in a Set', (inner) => ({ set: new Set([inner]) })),
  ...holding('in an instance of a class', (inner) => Object.assign(new Point(1), { inner })),
  ...holding('as the cause of an Error', (cause) => new Error('e', { cause })),
  { title: 'a generator', make: () => (function* () {})() },
  { title: 'an iterator', make: () => [1].values() },
  { title: 'an object that keeps its state to itself', make: () => new AbortController().signal },
  { title: 'nesting without end', make: () => deep(5000) },
];
