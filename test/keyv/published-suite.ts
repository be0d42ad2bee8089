import { after, before, describe } from 'node:test';
import { keyvApiTests, keyvIteratorTests, keyvNamespaceTest, keyvValueTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import type { Cache } from 'locmem';
import { KeyvStore } from 'locmem/keyv';
import { vitestOfNode } from './vitest-of-node.js';

/** Keyv's published test suite for storage adapters, over one cache; `iterates`: where it can list its keys. */
export function publishedSuite(name: string, open: () => Cache, iterates = false): void {
  describe(`Keyv's published test suite on ${name}`, () => {
    let cache: Cache;
    before(() => {
      cache = open();
    });
    after(() => cache.close());
    const store = () => new KeyvStore(cache);
    const vitest = vitestOfNode as never;
    describe('api', () => keyvApiTests(vitest, Keyv, store));
    describe('values', () => keyvValueTests(vitest, Keyv, store));
    describe('namespaces', () => keyvNamespaceTest(vitest, Keyv, store));
    if (iterates) describe('iterator', () => keyvIteratorTests(vitest, Keyv, store));
  });
}
