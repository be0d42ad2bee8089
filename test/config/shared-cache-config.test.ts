import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createCaches, InvalidConfigError, SharedCache } from 'locmem';

const folder = mkdtempSync(join(tmpdir(), 'locmem-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('SharedCache in a config', () => {
  it('is made by its backend, with its options', async () => {
    const location = join(folder, 'backend.cache');
    await using caches = createCaches({ pages: { backend: 'shared', location, maxBytes: '1mb', nearEntries: 10 } });
    const pages: SharedCache = caches.pages;
    assert.ok(pages instanceof SharedCache);
    pages.setSync('k', 1);
    assert.equal(statSync(location).size, 1_048_576);
  });

  it('is made by a URL: of a path, or of a name', async () => {
    const path = join(folder, 'deep', 'pages.cache');
    const name = `test ${process.pid}`;
    await using caches = createCaches({
      path: `shared://${path}?maxBytes=1mb&ttl=null&values=frozen`,
      name: `shared:${encodeURIComponent(name)}?maxBytes=256kb&nearEntries=0`,
    });
    await using same = new SharedCache({ location: path, maxBytes: '1mb' });
    await using named = new SharedCache({ location: name, maxBytes: '256kb' });
    caches.path.setSync('k', { n: 1 });
    assert.ok(Object.isFrozen(caches.path.getSync('k')));
    assert.deepStrictEqual(same.getSync('k'), { n: 1 });
    caches.name.setSync('k', 2);
    assert.equal(named.getSync('k'), 2);
    rmSync(`/dev/shm/locmem-${process.getuid!()}/test%20${process.pid}.segment`, { force: true });
  });

  it('has to say where it is: unrelated programs must not meet by accident', () => {
    assert.throws(() => createCaches({ pages: { backend: 'shared' } as never }), InvalidConfigError);
    assert.throws(() => createCaches({ pages: 'shared:' }), /Cache 'pages'.*location/);
  });

  it('refuses options of other backends', () => {
    assert.throws(() => createCaches({ pages: 'shared:x?maxEntries=3' }), /Cache 'pages'.*'maxEntries'/);
  });
});
