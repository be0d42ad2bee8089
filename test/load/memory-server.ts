import type { CacheOptions } from 'locmem';
import { type CacheSettings, readCacheOptions } from '#dist/core/cache-options.js';
import type { Address, NewEntry } from '#dist/core/engine.js';
import { CacheUnavailableError, ValueTooLargeError } from '#dist/core/errors.js';
import { LoadingServerCache } from '#dist/load/loading-server-cache.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { MapEngine, MapServer } from '../conformance/map-engine.js';

/** A server in the process that remembers what it was asked, and refuses what a test wants it to. */
export class MemoryServer extends MapServer {
  readonly clock: ManualClock;
  /** The reads and writes, in order. */
  readonly calls: string[] = [];
  /** Names that it refuses to store, as too large. */
  readonly refused = new Set<string>();
  isDown = false;

  constructor(clock = new ManualClock()) {
    super(clock);
    this.clock = clock;
  }

  note(call: string): void {
    this.calls.push(call);
    if (this.isDown) throw new CacheUnavailableError('The server is down.');
  }
}

class MemoryEngine extends MapEngine {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer, settings: CacheSettings) {
    super(server, settings, () => true, 1);
    this.#server = server;
  }

  override async read(at: Address): Promise<unknown> {
    this.#server.note('read');
    return super.read(at);
  }

  override async readMany(ats: readonly Address[]): Promise<unknown[]> {
    this.#server.note('readMany');
    return super.readMany(ats);
  }

  override async write(at: Address, sealed: unknown, ttl: number): Promise<void> {
    this.#server.note('write');
    if (this.#server.refused.has(at.name)) throw new ValueTooLargeError('Too large.');
    await super.write(at, sealed, ttl);
  }

  override async writeMany(entries: readonly NewEntry[], ttl: number): Promise<Address[]> {
    this.#server.note('writeMany');
    const { refused } = this.#server;
    await super.writeMany(
      entries.filter(({ at }) => !refused.has(at.name)),
      ttl,
    );
    return entries.filter(({ at }) => refused.has(at.name)).map(({ at }) => at);
  }
}

/** A cache on a {@link MemoryServer}: what all caches on servers have in common, and nothing else. */
export class MemoryServerCache extends LoadingServerCache {
  constructor(server = new MemoryServer(), options: CacheOptions & { failOpen?: boolean } = {}) {
    const { failOpen = false, ...own } = options;
    const settings = readCacheOptions(own);
    super(settings, new MemoryEngine(server, settings), failOpen);
  }
}
