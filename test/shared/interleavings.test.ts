import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedCache } from 'locmem';
import { watchSteps } from '../torture/steps.js';
import type { Sight } from './interleaved-reader.js';
import { PrimitiveCache } from './primitive-cache.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-interleavings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { maxBytes: '128kb', ttl: null, keyPrefix: 'p' } as const;
const KEYS = ['text', 'number', 'object', 'tagged'];
const EXTRAS = { staleFor: 1000, tags: ['tag', 'another'] };

type Change = (cache: PrimitiveCache) => unknown;
const CHANGES: Record<string, Change> = {
  'set in place': (cache) => cache.setSync('text', 'b'.repeat(100)),
  'set of another size': (cache) => cache.setSync('text', 'b'.repeat(3000)),
  'set of an object of a new shape': (cache) => cache.setSync('object', { another: 'shape' }),
  incr: (cache) => cache.incrSync('number'),
  touch: (cache) => cache.touchSync('object', '1h'),
  'touch with no time left': (cache) => cache.touchSync('object', 0),
  delete: (cache) => cache.deleteSync('text'),
  deleteTag: (cache) => cache.removeTagsSync('another'),
  'set with a tag': (cache) => cache.store('text', 'b', 3_600_000, EXTRAS),
  'renewal with extras': (cache) => cache.renewSync('tagged', 3_600_000, 5),
  'renewal without': (cache) => cache.renewSync('text', 3_600_000, 5),
  add: (cache) => cache.addSync('new', 1),
  incrVersion: (cache) => cache.incrVersionSync('text'),
  'clear of the prefix': (cache) => cache.clearSync(),
  'clear of everything': () => new SharedCache({ ...OPTIONS, location: here, keyPrefix: '' }).clearSync(),
  'sets that move and evict': (cache) => {
    for (let i = 0; i < 60; i++) cache.setSync(`new:${i}`, 'n'.repeat(400));
  },
};

let here = '';
let atStep: (() => void) | undefined;
watchSteps(() => atStep?.());

/** Looks at all keys, from another thread, whenever it is told to, and comes back when it has looked. */
class Onlooker {
  readonly #turn = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(location: string) {
    const workerData = { turn: this.#turn, keys: [...KEYS, 'new'], options: { ...OPTIONS, location } };
    this.#worker = new Worker(new URL('./interleaved-reader.js', import.meta.url), { workerData });
  }

  async ready(): Promise<void> {
    await once(this.#worker, 'message');
  }

  look(): void {
    Atomics.exchange(this.#turn, 0, 1);
    Atomics.notify(this.#turn, 0);
    while (Atomics.load(this.#turn, 0) === 1) Atomics.wait(this.#turn, 0, 1, 1000);
  }

  async end(): Promise<Sight[]> {
    const said = once(this.#worker, 'message');
    const ended = once(this.#worker, 'exit');
    Atomics.exchange(this.#turn, 0, 2);
    Atomics.notify(this.#turn, 0);
    const [sights] = await said;
    await ended;
    return sights;
  }
}

describe('a reader that looks at every step of a change, with its near cache on', () => {
  for (const [title, change] of Object.entries(CHANGES)) {
    it(`sees what was or what is, never goes back, and sees what is in the end: ${title}`, async () => {
      here = join(folder, `${title}.cache`);
      const cache = new PrimitiveCache({ ...OPTIONS, location: here });
      for (let i = 0; i < 600; i++) cache.setSync(`filler:${i}`, 'f'.repeat(100));
      cache.setSync('text', 'a'.repeat(100));
      cache.setSync('number', 41);
      cache.setSync('object', { one: 'shape' });
      cache.store('tagged', { one: 'shape' }, Number.POSITIVE_INFINITY, EXTRAS);
      const onlooker = new Onlooker(here);
      await onlooker.ready();
      const before = seenBy(cache);
      let steps = 0;
      onlooker.look();
      atStep = () => {
        steps++;
        onlooker.look();
      };
      try {
        change(cache);
      } finally {
        atStep = undefined;
      }
      onlooker.look();
      const now = seenBy(cache);
      const sights = await onlooker.end();
      assert.ok(steps >= 4, `${steps} steps`);
      assert.ok(sights.length > steps);
      for (const key of before.keys()) check(key, before.get(key), now.get(key), sights);
      cache.closeSync();
    });
  }
});

function seenBy(cache: SharedCache): Map<string, string | undefined> {
  return new Map([...KEYS, 'new'].map((key) => [key, JSON.stringify(cache.getSync(key))]));
}

function check(key: string, was: string | undefined, is: string | undefined, sights: readonly Sight[]): void {
  let isOver = false;
  for (const [i, sight] of sights.entries()) {
    // While its entry changes, a key may be missing: its writer could be dead, and is not waited for.
    for (const value of sight[key]!) {
      assert.ok([was, is, undefined].includes(value ?? undefined), `${key} is ${value} at step ${i}`);
      if (was !== is && value === was) assert.ok(!isOver, `${key} went back at step ${i}`);
      if (was !== is && value === is) isOver = true;
    }
  }
  for (const value of sights.at(-1)![key]!) assert.equal(value, is, `${key} when the change has returned`);
}
