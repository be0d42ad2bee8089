import { join } from 'node:path';
import type { SharedPeer } from '../contract.js';

/** How entries are written. The map is what lmdb itself writes through: as a rule the file, or memory that is the file. */
interface Writing {
  readonly isSync?: boolean;
  /** A third to a half of a write's time; lmdb-js warns that a stray pointer may damage the data then. */
  readonly isMapWritable?: boolean;
}

/** The settings that were fastest of those tried here. lmdb has no ttl. */
function lmdb(name: string, { isSync = false, isMapWritable = false }: Writing): SharedPeer {
  return {
    name,
    package: 'lmdb',
    isAwaited: false,
    setting:
      `open({ noSync, overlappingSync: false, ${isMapWritable ? 'useWritemap, ' : ''}noMemInit, cache: false }), msgpack ` +
      "with sharedStructuresKey (strings: encoding 'string'), in the same folder as the segments; no ttl; " +
      (isSync ? 'putSync' : 'put, the last of a batch awaited'),
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
        useWritemap: isMapWritable,
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
export const lmdbBatched = lmdb('lmdb', {});
export const lmdbSync = lmdb('lmdb, putSync', { isSync: true });
export const lmdbMapBatched = lmdb('lmdb, writable map', { isMapWritable: true });
export const lmdbMapSync = lmdb('lmdb, writable map, putSync', { isSync: true, isMapWritable: true });
