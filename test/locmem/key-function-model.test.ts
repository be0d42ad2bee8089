import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkStore } from './check-store.js';
import { opened } from './opened.js';

/** Hides the prefix: what one cache stores, the others with a key function find, whatever their prefix. */
const hide = (key: string, _prefix: string, version: number): string => `${version}|${key.toLowerCase()}`;

const operation = fc.record({
  call: fc.constantFrom('set', 'set', 'set', 'get', 'delete', 'incr', 'move', 'clear', 'clear everything'),
  cache: fc.nat(3),
  key: fc.constantFrom('a', 'A', 'b', 'c'),
  version: fc.constantFrom(1, 2),
  value: fc.integer({ min: 1, max: 999 }),
});

describe('caches with key functions beside caches without', () => {
  it('share what has the same stored key, and clear what they stored last', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
        const { open, store, close } = opened({ maxEntries: 1000 });
        const caches = ['p', 'q', 'p', 'q'].map((keyPrefix, i) =>
          open(i < 2 ? { keyPrefix, keyFunction: hide } : { keyPrefix }),
        );
        const model = new Map<string, { value: number; prefix: string }>();
        for (const { call, cache: index, key, version, value } of operations) {
          const cache = caches[index]!;
          const prefix = index % 2 === 0 ? 'p' : 'q';
          const nameOf = (at: number) => (index < 2 ? hide(key, prefix, at) : `plain ${prefix}|${at}|${key}`);
          const name = nameOf(version);
          const found = model.get(name);
          const at = { version };
          if (call === 'set') {
            cache.setSync(key, value, at);
            model.set(name, { value, prefix });
          } else if (call === 'get') assert.equal(cache.getSync(key, at), found?.value);
          else if (call === 'delete') assert.equal(cache.deleteSync(key, at), model.delete(name));
          else if (call === 'clear') {
            cache.clearSync();
            for (const [one, entry] of model) if (entry.prefix === prefix) model.delete(one);
          } else if (call === 'clear everything') {
            open({}).clearSync();
            model.clear();
          } else if (found === undefined) {
            assert.throws(() => cache.incrSync(key, 1, at), { name: 'KeyNotFoundError' });
            assert.throws(() => cache.incrVersionSync(key, 1, at), { name: 'KeyNotFoundError' });
          } else if (call === 'incr') {
            found.value += value;
            assert.equal(cache.incrSync(key, value, at), found.value);
          } else {
            const target = 3 - version;
            assert.equal(cache.incrVersionSync(key, target - version, at), target);
            model.delete(name);
            model.set(nameOf(target), { value: found.value, prefix });
          }
          checkStore(store);
          assert.equal(store.count, model.size);
        }
        close();
      }),
      { numRuns: 200 },
    );
  });
});
