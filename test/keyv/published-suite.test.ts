import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { keyvApiTests, keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import { type Cache, KeyvCache, LocMemCache, SharedCache } from 'locmem';
import { KeyvStore } from 'locmem/keyv';
import { vitestOfNode } from './vitest-of-node.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-keyv-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const CACHES: Record<string, () => Cache> = {
  LocMemCache: () => new LocMemCache(),
  'LocMemCache with a prefix': () => new LocMemCache({ keyPrefix: 'app', policy: 'tinylfu' }),
  SharedCache: () => new SharedCache({ location: join(folder, 'suite.cache'), maxBytes: '4mb' }),
  'SharedCache with a prefix': () =>
    new SharedCache({ location: join(folder, 'prefix.cache'), maxBytes: '4mb', keyPrefix: 'app' }),
  'KeyvCache on another Keyv': () => new KeyvCache(new Keyv()),
};

for (const [name, open] of Object.entries(CACHES)) {
  describe(`Keyv's published test suite on ${name}`, () => {
    const cache = open();
    after(() => cache.close());
    const store = () => new KeyvStore(cache);
    const vitest = vitestOfNode as never;
    describe('api', () => keyvApiTests(vitest, Keyv, store));
    describe('values', () => keyvValueTests(vitest, Keyv, store));
    describe('namespaces', () => keyvNamespaceTest(vitest, Keyv, store));
    if (cache instanceof LocMemCache) describe('iterator', () => keyvIteratorTests(vitest, Keyv, store));
  });
}
