import { join } from 'node:path';
import type { SharedPeer } from '../contract.js';

/**
 * The settings that were fastest of those tried here: without syncs and through a writable map (a third to a half of a
 * write's time), records with shared structures, strings as they are. lmdb has no ttl.
 */
function lmdb(name: string, isSync: boolean, remark: string): SharedPeer {
  return {
    name,
    package: 'lmdb',
    isAwaited: false,
    setting:
      'open({ noSync, overlappingSync: false, useWritemap, noMemInit, cache: false }), msgpack with ' +
      `sharedStructuresKey (strings: encoding 'string'), in the same folder as the segments; no ttl; ${remark}`,
    async open({ folder, isText, bytes }) {
      const { open } = await import('lmdb');
      const encoding = isText
        ? ({ encoding: 'string' } as const)
        : ({ encoding: 'msgpack', sharedStructuresKey: Symbol.for('structures') } as const);
      const database = open<unknown, string>({
        path: join(folder, 'lmdb'),
        mapSize: 2 ** 28 + bytes * 8,
        noSync: true,
        overlappingSync: false,
        useWritemap: true,
        noMemInit: true,
        cache: false,
        ...encoding,
      });
      if (isSync) return { get: (key) => database.get(key), set: (key, value) => database.putSync(key, value) };
      let last: Promise<boolean> | undefined;
      return {
        get: (key) => database.get(key),
        set(key, value) {
          last = database.put(key, value);
        },
        // Puts are committed in the order in which they were called.
        settle: async () => last,
      };
    },
  };
}

/** Reads are the same however it is written; batches are how a program that is not in a hurry writes. */
export const lmdbBatched = lmdb('lmdb', false, 'put, the last of a batch awaited');
export const lmdbSync = lmdb('lmdb, putSync', true, 'putSync');
