import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Keyv } from 'keyv';
import { KeyvCache, LocMemCache, SharedCache } from 'locmem';
import { publishedSuite } from './published-suite.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-keyv-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function openShared(keyPrefix: string): SharedCache {
  return new SharedCache({ location: join(folder, `suite${keyPrefix}.cache`), maxBytes: '4mb', keyPrefix });
}

publishedSuite('LocMemCache', () => new LocMemCache(), true);
publishedSuite('LocMemCache with a prefix', () => new LocMemCache({ keyPrefix: 'app', policy: 'tinylfu' }), true);
publishedSuite('SharedCache', () => openShared(''));
publishedSuite('SharedCache with a prefix', () => openShared('app'));
publishedSuite('KeyvCache on another Keyv', () => new KeyvCache(new Keyv()));
