import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { LocMemCache } from 'locmem';
import { DEEPEST } from '#dist/core/copy-graph.js';
import { Snapshot } from '#dist/core/snapshot.js';
import { deep } from '../conformance/value-kinds.js';

/** What a reader gets of `value`. */
const kept = <T extends object>(value: T): T => Snapshot.of(value).restore() as T;

const refused = { name: 'UncacheableValueError', code: 'ERR_LOCMEM_UNCACHEABLE_VALUE' };
const MODES = ['copy', 'frozen'] as const;

describe('a sparse array', () => {
  it('takes the time of its elements, not of its holes', () => {
    const sparse: number[] = [];
    sparse[4_294_967_294 - 1] = 1;
    sparse[7] = 2;
    for (const values of MODES) {
      const cache = new LocMemCache({ values, maxSize: '1mb' });
      cache.setSync('alone', sparse);
      cache.setSync('inside', { list: [sparse] });
      for (const read of [cache.getSync<number[]>('alone')!, cache.getSync<{ list: number[][] }>('inside')!.list[0]!]) {
        assert.equal(read.length, sparse.length);
        assert.deepStrictEqual(Object.entries(read), Object.entries(sparse));
      }
    }
  });

  it('may be as long as an array can be', () => {
    const longest: unknown[] = [];
    longest[4_294_967_294] = { last: true };
    const read = kept(longest);
    assert.equal(read.length, 4_294_967_295);
    assert.deepStrictEqual(Object.entries(read), [['4294967294', { last: true }]]);
    assert.equal(kept(new Array(4_294_967_295)).length, 4_294_967_295);
  });
});

describe('the key of a Map', () => {
  it('is not inspected, neither when it is stored nor when it is read', () => {
    let inspected = 0;
    class Key {
      readonly id = 1;
      [inspect.custom](): string {
        inspected++;
        return 'Key';
      }
    }
    for (const values of MODES) {
      const cache = new LocMemCache({ values });
      cache.setSync('k', new Map([[new Key(), { n: 1 }]]));
      for (let i = 0; i < 3; i++) assert.deepStrictEqual(cache.getSync('k'), new Map([[{ id: 1 }, { n: 1 }]]));
    }
    assert.equal(inspected, 0);
  });

  it('that is an object is shown in the path of a refusal', () => {
    assert.throws(() => kept(new Map([[{ id: 5 }, () => 1]])), { ...refused, message: /at \{ id: 5 \}, stands/ });
    assert.throws(() => kept(new Map([[() => 1, 1]])), { ...refused, message: /at key of a Map, stands/ });
  });
});

describe('nesting', () => {
  const wraps: Record<string, (inner: unknown) => object> = {
    objects: (inner) => ({ inner }),
    arrays: (inner) => [inner],
    Maps: (inner) => new Map([['k', inner]]),
    'keys of Maps': (inner) => new Map([[inner, 1]]),
    Sets: (inner) => new Set([inner]),
    causes: (cause) => new Error('e', { cause }),
    'objects that need the thorough walk': (inner) => ({ inner, map: new Map() }),
  };

  function nested(wrap: (inner: unknown) => object, depth: number): object {
    let value: object = [1];
    for (let i = 1; i < depth; i++) value = wrap(value);
    return value;
  }

  for (const [title, wrap] of Object.entries(wraps)) {
    it(`of ${title} goes ${DEEPEST} deep, and deeper is refused by name`, () => {
      assert.equal(DEEPEST, 1000);
      const own = wrap === wraps['objects that need the thorough walk'] ? DEEPEST - 1 : DEEPEST;
      for (const values of MODES) {
        const cache = new LocMemCache({ values, maxSize: '1gb' });
        cache.setSync('k', nested(wrap, own));
        assert.equal(typeof cache.getSync('k'), 'object');
        for (const depth of [DEEPEST + 1, 2 * DEEPEST, 100_000]) {
          const tooDeep = { ...refused, message: /nested at most 1000 deep/ };
          assert.throws(() => cache.setSync('k', nested(wrap, depth)), tooDeep, `${depth}`);
        }
        assert.equal(typeof cache.getSync('k'), 'object');
      }
    });
  }

  it('is kept to its innermost value', () => {
    let inner: unknown = kept(deep(DEEPEST));
    for (let depth = 1; depth < DEEPEST; depth++)
      inner = Array.isArray(inner) ? inner[0] : (inner as { value: object }).value;
    assert.deepStrictEqual(inner, { end: true });
  });

  it("a getter's own RangeError is the caller's to see", () => {
    const own = new RangeError('out of range');
    for (const beside of [{}, { map: new Map() }]) {
      const value = Object.defineProperty({ ...beside }, 'n', {
        enumerable: true,
        get() {
          throw own;
        },
      });
      for (const values of MODES) {
        const cache = new LocMemCache({ values });
        assert.throws(
          () => cache.setSync('k', [value]),
          (error) => error === own,
        );
        assert.equal(cache.hasSync('k'), false);
      }
    }
  });
});

describe('memory that was transferred away', () => {
  for (const [title, view] of Object.entries({
    'a typed array': (buffer: ArrayBuffer) => new Uint8Array(buffer),
    'a DataView': (buffer: ArrayBuffer) => new DataView(buffer),
    'the ArrayBuffer itself': (buffer: ArrayBuffer) => buffer,
  })) {
    it(`cannot be cached: ${title}`, () => {
      const buffer = new ArrayBuffer(8);
      const value = view(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      for (const values of MODES) {
        const cache = new LocMemCache({ values });
        cache.setSync('k', 'old');
        assert.throws(() => cache.setSync('k', value), refused);
        assert.throws(() => cache.setSync('k', { inside: [value] }), { ...refused, message: /inside > 0/ });
        assert.equal(cache.getSync('k'), 'old');
      }
    });
  }
});

describe('a Date', () => {
  it('is kept while the global Date is another', () => {
    const { Date: own } = globalThis;
    class Frozen extends own {
      constructor() {
        super(0);
      }
    }
    const value = () => ({ at: new own(86_400_000), in: new Map([['k', new own(5)]]) });
    for (const values of MODES) {
      const cache = new LocMemCache({ values });
      cache.setSync('alone', value().at);
      cache.setSync('plain', { at: value().at });
      cache.setSync('graph', value());
      let read: unknown[];
      try {
        globalThis.Date = Frozen as unknown as DateConstructor;
        cache.setSync('alone since', value().at);
        cache.setSync('plain since', { at: value().at });
        cache.setSync('graph since', value());
        read = ['alone', 'plain', 'graph', 'alone since', 'plain since', 'graph since'].map((key) =>
          cache.getSync(key),
        );
      } finally {
        globalThis.Date = own;
      }
      const { at } = value();
      assert.deepStrictEqual(read, [at, { at }, value(), at, { at }, value()]);
    }
  });
});
