import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Keyv, type KeyvOptions } from 'keyv';
import { readCacheOptions } from '#dist/core/cache-options.js';
import { KeyvEngine } from '#dist/keyv/keyv-engine.js';
import { enterPlace } from '#dist/keyv/place.js';
import { at, engineExtras, tagged } from '../conformance/engine-extras.js';

// Keyv has no clock of its own.
mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) });

const PLAIN = { serialize: undefined, deserialize: undefined } as unknown as KeyvOptions;

/** As in another process: a Keyv of its own on the same store. */
function open(store: Map<string, unknown>, options: KeyvOptions = {}): KeyvEngine {
  return new KeyvEngine(readCacheOptions({ keyPrefix: 'app' }), enterPlace(new Keyv({ store, ...options })), 60_000);
}

for (const [title, options] of Object.entries({ 'a Map': {}, 'a Map, nothing serialized': PLAIN })) {
  engineExtras(`KeyvEngine on ${title}`, async () => {
    const store = new Map<string, unknown>();
    const opened: KeyvEngine[] = [];
    return {
      async open() {
        const engine = open(store, options);
        opened.push(engine);
        return engine;
      },
      advance: (milliseconds) => mock.timers.tick(milliseconds),
      async close() {
        for (const engine of opened) await engine.close();
      },
    };
  });
}

describe('KeyvEngine: rows of entries with extras', () => {
  it('are kept for as long as they may be stale, and a value of any kind comes back', async () => {
    const store = new Map<string, unknown>();
    const engine = open(store);
    const value = { when: new Date(5), big: 12n, bytes: new Uint8Array([1, 2]) };
    await engine.write(at('a'), engine.seal(value), 1000, { staleFor: 2000, loadTime: 0, tags: [] });
    const row = JSON.parse(store.get('keyv:app:1:a') as string) as { expires: number };
    assert.equal(row.expires, Date.now() + 3000);
    assert.deepEqual(await engine.read(at('a')), value);
  });

  it('are missing where somebody else damaged them', async () => {
    const store = new Map<string, unknown>();
    const engine = open(store);
    for (const text of ['locmem:{', 'locmem:{}', 'locmem:{"expires":null,"staleFor":0,"loadTime":0,"tags":[1]}']) {
      store.set('keyv:app:1:a', JSON.stringify({ value: text }));
      assert.equal(await engine.read(at('a')), undefined);
      assert.equal(await engine.recall(at('a')), undefined);
    }
  });

  it('have one version of a tag, whoever of the process is first', async () => {
    const engine = open(new Map());
    const keys = ['a', 'b', 'c', 'd'];
    await Promise.all(keys.map((key) => engine.write(at(key), engine.seal(key), 1000, tagged('t', 'u'))));
    assert.deepEqual(await engine.readMany(keys.map(at)), keys);
  });
});
