import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cache, caches, LocMemCache } from 'locmem';
import { runProgram } from '../child-program.js';

/** What a program prints; it must end well, and by itself. */
async function printed(program: string): Promise<string> {
  const { stdout, stderr, exit } = await runProgram(program);
  assert.equal(exit, 0, stderr);
  assert.equal(stderr, '');
  return stdout.trim();
}

describe('cache', () => {
  it('is ready with no configuration: a LocMemCache at "default"', () => {
    assert.ok(cache instanceof LocMemCache);
    assert.equal(caches.default, cache);
    cache.setSync('k', 1);
    const same = new LocMemCache({ location: 'default', maxEntries: 300 });
    assert.equal(same.getSync('k'), 1);
    same.closeSync();
    assert.equal(cache.getSync('k'), 1);
  });

  it('opens nothing until it is used', async () => {
    const result = await printed(`
      import { cache, LocMemCache } from 'locmem';
      const own = new LocMemCache({ location: 'default', maxEntries: 5 });
      own.closeSync();
      cache.setSync('k', 1);
      console.log(cache.getSync('k'));
    `);
    assert.equal(result, '1');
  });

  it('keeps no process alive, imported or used', async () => {
    await printed(`import 'locmem';`);
    await printed(
      `import { cache } from 'locmem'; await cache.set('k', 1, '1d'); await cache.getOrSet('l', async () => 2);`,
    );
  });
});

describe('configureCaches', () => {
  it('sets what cache and caches are, for every module', async () => {
    const result = await printed(`
      import * as locmem from 'locmem';
      const before = locmem.cache;
      const returned = locmem.configureCaches({ default: { backend: 'locmem', maxEntries: 2 }, off: 'dummy:' });
      locmem.cache.setManySync({ a: 1, b: 2, c: 3 });
      console.log(JSON.stringify([
        locmem.cache !== before, locmem.cache === locmem.caches.default, returned === locmem.caches,
        locmem.cache.statsSync().entries, locmem.caches.off.constructor.name,
      ]));
    `);
    assert.deepStrictEqual(JSON.parse(result), [true, true, true, 2, 'DummyCache']);
  });

  it('leaves the default cache of before open: functions wrapped at module level go on', async () => {
    for (const config of [`{ default: 'dummy:' }`, `{ default: { backend: 'locmem', location: 'elsewhere' } }`]) {
      const result = await printed(`
        import { cache, configureCaches } from 'locmem';
        let runs = 0;
        const load = cache.wrap(async () => ++runs, { key: 'k' });
        const before = cache;
        configureCaches(${config});
        console.log(await load(), await load(), before.getSync('k'), cache.getSync('k'));
      `);
      assert.equal(result, '1 1 1 undefined');
    }
  });

  it('where it sets the location default, the cache of before joins it, on its terms', async () => {
    const result = await printed(`
      import { cache, configureCaches } from 'locmem';
      const load = cache.wrap(async () => ({ n: 1 }), { key: 'k' });
      const before = cache;
      configureCaches({ default: { backend: 'locmem', maxEntries: 2, values: 'reference', ttl: '1h' } });
      await load();
      cache.setManySync({ a: 1, b: 2 });
      console.log(before.getSync('b'), cache.getSync('k'), before.statsSync().entries, cache === before);
      before.setSync('c', { shared: true });
      console.log(cache.getSync('c') === before.getSync('c'));
    `);
    assert.equal(result, '2 undefined 2 false\ntrue');
  });

  it('without a default keeps the one there is, and what it holds', async () => {
    const result = await printed(`
      import { cache, caches, configureCaches } from 'locmem';
      cache.setSync('k', 1);
      configureCaches({ pages: { backend: 'locmem' } });
      caches.pages.setSync('k', 2);
      console.log(cache.getSync('k'), caches.default === cache, caches.pages.getSync('k'));
    `);
    assert.equal(result, '1 true 2');
  });

  it('after use with the same settings goes on with the same entries', async () => {
    const result = await printed(`
      import { cache, configureCaches } from 'locmem';
      cache.setSync('k', 1);
      configureCaches({ default: { backend: 'locmem', ttl: '1h' } });
      console.log(cache.getSync('k'));
    `);
    assert.equal(result, '1');
  });

  it('after use with other settings is an InvalidConfigError, and all is as before', async () => {
    const result = await printed(`
      import { cache, configureCaches } from 'locmem';
      cache.setSync('k', 1);
      try { configureCaches({ default: { backend: 'locmem', maxEntries: 5 } }); } catch (error) { console.log(error.code); }
      console.log(cache.getSync('k'));
      configureCaches({ pages: 'dummy:' });
      console.log(cache.getSync('k'));
    `);
    assert.equal(result, 'ERR_LOCMEM_INVALID_CONFIG\n1\n1');
  });

  it('is for once: a second call is an InvalidConfigError, and changes nothing', async () => {
    const result = await printed(`
      import { cache, caches, configureCaches } from 'locmem';
      configureCaches({ off: 'dummy:' });
      try { configureCaches({ other: 'dummy:' }); } catch (error) { console.log(error.code, /once/.test(error.message)); }
      console.log(Object.keys(caches).includes('off'), Object.keys(caches).includes('other'));
    `);
    assert.equal(result, 'ERR_LOCMEM_INVALID_CONFIG true\ntrue false');
  });

  it('with a wrong config may be called again', async () => {
    const result = await printed(`
      import { caches, configureCaches } from 'locmem';
      try { configureCaches({ pages: 'locmen:' }); } catch (error) { console.log(error.code); }
      configureCaches({ pages: 'dummy:' });
      console.log(caches.pages.constructor.name);
    `);
    assert.equal(result, 'ERR_LOCMEM_INVALID_CONFIG\nDummyCache');
  });
});
