import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { sizeInBytes } from '#dist/core/size.js';
import { openSegment, type Segment } from '#dist/shared/segment.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { checkSegment } from './check-segment.js';
import { PrimitiveCache } from './primitive-cache.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-model-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

interface Entry {
  value: unknown;
  expiresAt: number;
  staleFor?: number;
  tags?: readonly string[];
}

type Step = readonly [operation: string, cache: number, key: number, amount: number];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(
    'set',
    'set',
    'set',
    'object',
    'add',
    'get',
    'delete',
    'touch',
    'incr',
    'extras',
    'extras',
    'renew',
    'delete a tag',
    'move',
    'clear',
    'wait',
    'many',
  ),
  fc.nat(1),
  fc.nat(30),
  fc.nat(400),
);

const PREFIXES = ['a', 'b'];
const TAGS = ['x', 'y', 'z'];

/** Two caches with different prefixes in one segment, and maps that say what they hold. */
class Pair {
  readonly clock = new ManualClock();
  readonly location = join(folder, `${++count}.cache`);
  readonly caches: PrimitiveCache[];
  readonly segment: Segment;
  readonly models = [new Map<string, Entry>(), new Map<string, Entry>()];
  readonly maxBytes: '128kb' | '4mb';
  sequence = 0;

  constructor(maxBytes: '128kb' | '4mb') {
    this.maxBytes = maxBytes;
    const options = { location: this.location, maxBytes, clock: this.clock, ttl: 1000, nearEntries: 5 };
    this.caches = PREFIXES.map((keyPrefix) => new PrimitiveCache({ ...options, keyPrefix }));
    this.segment = openSegment(this.location, sizeInBytes('maxBytes', maxBytes));
  }

  /** What the model says; an entry that the segment does not have any more was evicted, which only a small one may do. */
  look(index: number, key: string): Entry | undefined {
    const model = this.models[index]!;
    const entry = model.get(key);
    const now = this.clock.now();
    if (entry !== undefined && entry.expiresAt + (entry.staleFor ?? 0) <= now) model.delete(key);
    const expected = model.get(key);
    const isLive = expected !== undefined && expected.expiresAt > now;
    const found = this.caches[index]!.getSync(key);
    const recalled = this.caches[index]!.recallSync(key);
    if (recalled === undefined && expected !== undefined && this.maxBytes === '128kb') {
      assert.equal(found, undefined);
      model.delete(key);
      return undefined;
    }
    assert.deepStrictEqual(found, isLive ? expected.value : undefined, key);
    assert.deepStrictEqual(recalled?.value, expected?.value, key);
    if (expected === undefined) return undefined;
    assert.equal(recalled!.left, expected.expiresAt - now);
    assert.deepStrictEqual(recalled!.tags, expected.tags ?? []);
    return isLive ? expected : undefined;
  }

  /** Two tags may share a counter: then both are deleted. */
  cellOf(index: number, tag: string): number {
    const { tags } = this.segment.clears;
    return tags.cellOf(tags.hashOfPrefix(PREFIXES[index]!), tag);
  }

  deleteTag(index: number, tag: string): void {
    this.caches[index]!.deleteTagSync(tag);
    const cell = this.cellOf(index, tag);
    for (const [i, model] of this.models.entries()) {
      for (const [key, { tags = [] }] of model) if (tags.some((one) => this.cellOf(i, one) === cell)) model.delete(key);
    }
  }

  apply([operation, index, number, amount]: Step): void {
    const cache = this.caches[index]!;
    const model = this.models[index]!;
    const key = `key-${number}`;
    const entry = this.look(index, key);
    const size = amount % 7 === 0 ? amount * 30 : amount;
    const value =
      operation === 'object' ? { n: ++this.sequence, list: [size] } : `${++this.sequence}`.padEnd(size, '.');
    const expiresAt = this.clock.now() + 1000;
    switch (operation) {
      case 'set':
      case 'object':
        cache.setSync(key, value);
        model.set(key, { value, expiresAt });
        break;
      case 'many':
        assert.deepStrictEqual(cache.setManySync({ [key]: amount, other: value }), []);
        model.set(key, { value: amount, expiresAt }).set('other', { value, expiresAt });
        break;
      case 'add':
        assert.equal(cache.addSync(key, amount), entry === undefined);
        if (entry === undefined) model.set(key, { value: amount, expiresAt });
        break;
      case 'extras': {
        const extras = { staleFor: 3 * amount, tags: TAGS.slice(amount % 4) };
        cache.store(key, amount % 2 === 0 ? amount : value, 1000, extras);
        model.set(key, { value: amount % 2 === 0 ? amount : value, expiresAt, ...extras });
        break;
      }
      case 'renew': {
        const held = model.get(key);
        assert.equal(cache.renewSync(key, 2000, amount), held !== undefined);
        if (held !== undefined) Object.assign(held, { expiresAt: this.clock.now() + 2000, staleFor: amount });
        break;
      }
      case 'delete a tag':
        if (amount < 150) this.deleteTag(index, TAGS[amount % 3]!);
        break;
      case 'delete':
        assert.equal(cache.deleteSync(key), entry !== undefined);
        model.delete(key);
        break;
      case 'touch':
        assert.equal(cache.touchSync(key, 5000), entry !== undefined);
        if (entry !== undefined) entry.expiresAt = this.clock.now() + 5000;
        break;
      case 'incr':
        if (typeof entry?.value !== 'number') break;
        entry.value += amount;
        assert.equal(cache.incrSync(key, amount), entry.value);
        break;
      case 'move':
        if (entry === undefined) break;
        cache.incrVersionSync(key);
        assert.equal(cache.getSync(key), undefined);
        cache.decrVersionSync(key, 1, { version: 2 });
        break;
      case 'clear':
        if (amount > 40) break;
        cache.clearSync();
        model.clear();
        break;
      case 'wait':
        this.clock.advance(amount);
        break;
    }
    this.look(index, key);
  }

  close(): void {
    this.segment.close();
    for (const cache of this.caches) cache.closeSync();
    rmSync(this.location);
  }
}

describe('a segment under random operations', () => {
  for (const maxBytes of ['4mb', '128kb'] as const) {
    it(`is what a map is${maxBytes === '128kb' ? ', but for what was evicted' : ''}, and whole after each (${maxBytes})`, () => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 50, maxLength: 300, size: 'max' }), (steps) => {
          const pair = new Pair(maxBytes);
          try {
            for (const [i, one] of steps.entries()) {
              pair.apply(one);
              if (maxBytes === '128kb' || i % 25 === 0) checkSegment(pair.location, maxBytes);
            }
            const live = pair.models.reduce(
              (sum, model) => sum + [...model.values()].filter((entry) => entry.expiresAt > pair.clock.now()).length,
              0,
            );
            if (maxBytes === '4mb') assert.equal(pair.caches[0]!.statsSync().entries, live);
          } finally {
            pair.close();
          }
        }),
        { numRuns: 25 },
      );
    });
  }
});
