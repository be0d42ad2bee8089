import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type Subject, spec } from './subject.js';

export function versionsAndPrefixes(subject: Subject): void {
  describe('versions', () => {
    spec(subject, 'versions of a key are entries of their own', async ({ cache }) => {
      await cache.set('k', 'one');
      await cache.set('k', 'two', { version: 2 });
      await cache.set('k', 'zero', { version: 0 });
      await cache.set('k', 'negative', { version: -5 });
      assert.equal(await cache.get('k'), 'one');
      assert.equal(await cache.get('k', { version: 1 }), 'one');
      assert.equal(await cache.get('k', { version: 2 }), 'two');
      assert.equal(await cache.get('k', { version: 0 }), 'zero');
      assert.equal(await cache.get('k', { version: -5 }), 'negative');
      assert.equal(await cache.get('k', { version: 3 }), undefined);
    });

    spec(subject, 'every call can name the version', async ({ cache, place }) => {
      const at2 = { version: 2 };
      assert.equal(await cache.add('k', 1, at2), true);
      assert.equal(await cache.has('k', at2), true);
      assert.equal(await cache.incr('k', 1, at2), 2);
      assert.equal(await cache.decr('k', 3, at2), -1);
      assert.equal(await cache.touch('k', '1h', at2), true);
      assert.deepStrictEqual(await cache.setMany({ m: 1 }, { version: 2, ttl: '1h' }), []);
      assert.equal(await cache.getOrSet('g', () => 'made', at2), 'made');
      await place.advance(3_000_000);
      assert.deepStrictEqual(
        await cache.getMany(['k', 'm'], at2),
        new Map([
          ['k', -1],
          ['m', 1],
        ]),
      );
      for (const key of ['k', 'm', 'g']) assert.equal(await cache.has(key), false, key);
      assert.equal(await cache.delete('k', at2), true);
      assert.equal(await cache.deleteMany(['m', 'k'], at2), 1);
    });

    spec(subject, "the cache's own version is the default", async ({ cache, place }) => {
      const newer = await place.open({ version: 2 });
      await newer.set('k', 'new');
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await cache.get('k', { version: 2 }), 'new');
      await cache.set('k', 'old');
      assert.equal(await newer.get('k'), 'new');
      assert.equal(await newer.get('k', { version: 1 }), 'old');
    });

    spec(subject, 'incrVersion and decrVersion move the entry', async ({ cache }) => {
      await cache.set('k', 'v');
      assert.equal(await cache.incrVersion('k'), 2);
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await cache.get('k', { version: 2 }), 'v');
      assert.equal(await cache.incrVersion('k', 5, { version: 2 }), 7);
      assert.equal(await cache.get('k', { version: 7 }), 'v');
      assert.equal(await cache.decrVersion('k', 8, { version: 7 }), -1);
      assert.equal(await cache.decrVersion('k', -2, { version: -1 }), 1);
      assert.equal(await cache.get('k'), 'v');
      assert.equal(await cache.incrVersion('k', 0), 1);
      assert.equal(await cache.get('k'), 'v');
    });

    spec(subject, 'a moved entry replaces what stood at the target', async ({ cache }) => {
      await cache.set('k', 'one');
      await cache.set('k', 'two', { version: 2 });
      assert.equal(await cache.incrVersion('k'), 2);
      assert.equal(await cache.get('k', { version: 2 }), 'one');
      assert.equal(await cache.has('k'), false);
    });

    spec(subject, 'moving a missing entry is a KeyNotFoundError, and the target is untouched', async ({ cache }) => {
      await cache.set('k', 'two', { version: 2 });
      const missing = { name: 'KeyNotFoundError', code: 'ERR_LOCMEM_KEY_NOT_FOUND', message: /'k'/ };
      await assert.rejects(cache.incrVersion('k'), missing);
      await assert.rejects(cache.decrVersion('k', 1, { version: 3 }), missing);
      assert.equal(await cache.get('k', { version: 2 }), 'two');
    });

    spec(subject, 'many versions can come and go', async ({ cache }) => {
      for (let version = 1; version <= 500; version++) {
        await cache.set('k', version, { version });
        if (version > 3) assert.equal(await cache.delete('k', { version: version - 3 }), true);
      }
      for (const version of [498, 499, 500]) assert.equal(await cache.get('k', { version }), version);
      assert.equal(await cache.get('k', { version: 497 }), undefined);
    });
  });

  describe('prefixes', () => {
    spec(subject, 'caches with different prefixes do not see each other', async ({ cache, place }) => {
      const p = await place.open({ keyPrefix: 'p' });
      const pp = await place.open({ keyPrefix: 'pp' });
      await cache.set('k', 'none');
      await p.set('k', 'p');
      await pp.set('k', 'pp');
      assert.deepStrictEqual([await cache.get('k'), await p.get('k'), await pp.get('k')], ['none', 'p', 'pp']);
      await p.delete('k');
      assert.deepStrictEqual([await cache.get('k'), await p.get('k'), await pp.get('k')], ['none', undefined, 'pp']);
    });

    spec(subject, 'caches with the same prefix share their entries', async ({ place }) => {
      const one = await place.open({ keyPrefix: 'p' });
      const two = await place.open({ keyPrefix: 'p' });
      await one.set('k', 1);
      assert.equal(await two.incr('k'), 2);
      assert.equal(await one.get('k'), 2);
    });

    spec(subject, 'clear with a prefix leaves all other prefixes, and empties every version', async ({ place }) => {
      const prefixes = ['', 'p', 'pp', 'P', 'p:1', 'q', '*'];
      const caches = await Promise.all(prefixes.map((keyPrefix) => place.open({ keyPrefix })));
      for (const cache of caches) {
        await cache.set('k', 1);
        await cache.set('k', 2, { version: 2 });
      }
      for (const cleared of ['p', '*', 'p:1']) {
        const gone = caches[prefixes.indexOf(cleared)]!;
        await gone.clear();
        assert.equal(await gone.has('k'), false);
        assert.equal(await gone.has('k', { version: 2 }), false);
      }
      for (const kept of ['', 'pp', 'P', 'q']) {
        const cache = caches[prefixes.indexOf(kept)]!;
        assert.equal(await cache.get('k'), 1, kept);
        assert.equal(await cache.get('k', { version: 2 }), 2, kept);
      }
    });

    spec(subject, 'clear without a prefix empties the whole place', async ({ cache, place }) => {
      const p = await place.open({ keyPrefix: 'p' });
      await p.set('k', 1);
      await cache.set('k', 1);
      await cache.clear();
      assert.equal(await p.has('k'), false);
      assert.equal(await cache.has('k'), false);
    });
  });

  describe('key functions', () => {
    spec(subject, 'clear of a prefix that the key function hides removes no entry of another', async ({ place }) => {
      const hide = (key: string) => `hidden:${key}`;
      const one = await place.open({ keyPrefix: 'p', keyFunction: hide });
      const other = await place.open({ keyPrefix: 'q', keyFunction: hide });
      await one.set('own', 1);
      await other.set('other', 2);
      if (subject.capabilities.tellsOwnEntries) await one.clear();
      else await assert.rejects(one.clear(), { name: 'InvalidConfigError', message: /keyFunction/ });
      assert.equal(await one.has('own'), !subject.capabilities.tellsOwnEntries);
      assert.equal(await other.get('other'), 2);
    });

    const shout = (key: string, keyPrefix: string, version: number) => `${keyPrefix}/${version}/${key.toUpperCase()}`;

    spec(subject, 'a key function makes the stored key of key, prefix and version', async ({ place }) => {
      const calls: unknown[][] = [];
      const cache = await place.open({
        keyPrefix: 'p',
        version: 3,
        keyFunction: (...args) => {
          calls.push(args);
          return shout(...args);
        },
      });
      await cache.set('k', 'v');
      assert.equal(await cache.get('K'), 'v');
      await cache.get('k', { version: 4 });
      assert.deepStrictEqual(calls[0], ['k', 'p', 3]);
      assert.deepStrictEqual(calls.at(-1), ['k', 'p', 4]);
      assert.equal(await cache.incrVersion('k'), 4);
      assert.equal(await cache.get('K', { version: 4 }), 'v');
    });

    spec(subject, 'caches whose key functions make the same key share its entry', async ({ place }) => {
      const one = await place.open({ keyPrefix: 'a', keyFunction: (key) => `same:${key}` });
      const two = await place.open({ keyPrefix: 'b', keyFunction: (key) => `same:${key.toLowerCase()}` });
      await one.set('k', 1);
      assert.equal(await two.get('K'), 1);
      assert.equal(await two.add('k', 2), false);
      await two.set('k', 3);
      assert.equal(await one.get('k'), 3);
      assert.equal(await one.delete('k'), true);
      assert.equal(await two.has('k'), false);
    });

    spec(subject, 'a setMany with a key for which there is no stored key stores nothing', async ({ place }) => {
      const cache = await place.open({ keyFunction: (key) => (key === 'bad' ? '' : key) });
      await assert.rejects(cache.setMany({ a: 1, bad: 2 }), { name: 'TypeError', message: /keyFunction/ });
      assert.equal(await cache.has('a'), false);
    });

    spec(subject, 'a key function that returns no key is a TypeError, and nothing is stored', async ({ place }) => {
      for (const bad of ['', 5, undefined, null]) {
        const cache = await place.open({ keyFunction: () => bad as string });
        await assert.rejects(cache.set('k', 1), { name: 'TypeError', message: /keyFunction/ });
        await assert.rejects(cache.get('k'), { name: 'TypeError', message: /keyFunction/ });
      }
      const reader = await place.open({ keyFunction: (key) => key });
      assert.equal(await reader.has('k'), false);
    });
  });
}
