import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import { type Cache, KeyvCache, LocMemCache, SharedCache } from 'locmem';
import { KeyvStore } from 'locmem/keyv';

const folder = mkdtempSync(join(tmpdir(), 'locmem-keyv-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let places = 0;

const CACHES: Record<string, () => Cache> = {
  LocMemCache: () => new LocMemCache(),
  SharedCache: () => new SharedCache({ location: join(folder, `${++places}.cache`), maxBytes: '4mb' }),
  KeyvCache: () => new KeyvCache(new Keyv()),
};

for (const [name, open] of Object.entries(CACHES)) {
  describe(`on a KeyvStore over ${name}`, () => {
    it('cache-manager stores, reads, wraps and clears', async () => {
      await using cache = open();
      const manager = createCache({ stores: [new Keyv(new KeyvStore(cache))], ttl: 60_000 });
      await manager.set('k', { a: 1 });
      assert.deepStrictEqual(await manager.get('k'), { a: 1 });
      await manager.mset([
        { key: 'a', value: 1 },
        { key: 'b', value: 2, ttl: 60_000 },
      ]);
      assert.deepStrictEqual(await manager.mget(['a', 'none', 'b']), [1, undefined, 2]);
      let runs = 0;
      const load = async () => `made ${++runs}`;
      assert.equal(await manager.wrap('w', load), 'made 1');
      assert.equal(await manager.wrap('w', load), 'made 1');
      await manager.del('k');
      assert.equal(await manager.get('k'), undefined);
      await cache.set('neighbour', 1);
      await manager.clear();
      assert.deepStrictEqual(await manager.mget(['a', 'b', 'w']), [undefined, undefined, undefined]);
      assert.equal(await cache.get('neighbour'), 1);
      await manager.disconnect();
      await assert.rejects(cache.get('k'), { code: 'ERR_LOCMEM_CLOSED' });
    });

    it('cacheable has it for its second tier, and for its only one', async () => {
      await using cache = open();
      const keyv = () => new Keyv(new KeyvStore(cache));
      const tiers = new Cacheable({ secondary: keyv(), nonBlocking: false });
      await tiers.set('k', { a: 1 }, 60_000);
      await tiers.setMany([
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ]);
      const only = new Cacheable({ primary: keyv() });
      assert.deepStrictEqual(await only.get('k'), { a: 1 });
      assert.deepStrictEqual(await only.getMany(['a', 'none', 'b']), [1, undefined, 2]);
      assert.equal(await only.has('k'), true);
      let runs = 0;
      const load = async () => `made ${++runs}`;
      assert.equal(await only.getOrSet('w', load), 'made 1');
      assert.equal(await only.getOrSet('w', load), 'made 1');
      assert.deepStrictEqual(await only.take('k'), { a: 1 });
      assert.equal(await only.get('k'), undefined);
    });
  });
}
