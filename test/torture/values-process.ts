/** Writes every kind of value, or reads them all and says which are not as they should be. */
import assert from 'node:assert/strict';
import { SharedCache, type SharedCacheOptions } from 'locmem';
import { OBJECTS, PRIMITIVES, type ValueKind } from '../conformance/value-kinds.js';

const [role, optionsText] = process.argv.slice(2) as ['write' | 'read', string];
const cache = new SharedCache(JSON.parse(optionsText) as SharedCacheOptions);
const wrong: string[] = [];

function check(key: string, { title, make, kept = make }: ValueKind): void {
  try {
    // The third time, it comes from the near cache.
    for (let i = 0; i < 3; i++) assert.deepStrictEqual(cache.getSync(key), kept(), `${process.version}: ${title}`);
  } catch (error) {
    wrong.push((error as Error).message);
  }
}

for (const [i, kind] of [...PRIMITIVES, ...OBJECTS].entries()) {
  if (role === 'write') cache.setSync(`value:${i}`, kind.make());
  else check(`value:${i}`, kind);
}
cache.closeSync();
process.send!(wrong, () => process.disconnect());
