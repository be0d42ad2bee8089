import type { CoarseClock } from '../core/clock.js';
import type { EntryExtras } from '../core/entry-extras.js';
import { show, ValueTooLargeError } from '../core/errors.js';
import { tellDepartures } from './departures.js';
import { encodeExtras } from './extras.js';
import type { KeySpace } from './key-space.js';
import { COUNT } from './layout.js';
import { CODEC } from './record.js';
import { RunFence } from './run-fence.js';
import type { Part, Segment } from './segment.js';

const NO_TAGS: readonly string[] = [];

/**
 * What one cache changes in the segment, an entry at a time: under the lock of the shard where the key belongs, so that
 * all of it is done or nothing. Values are encoded before, events are told after.
 *
 * A call that is given a `fence` is the run of a factory that noted it: where that does not hold any more, it does nothing.
 * A call that is given none, and writes or deletes, overrules the runs of that key in all processes.
 */
export class EntryWriter {
  readonly #segment: Segment;
  readonly #keys: KeySpace;
  readonly #clock: CoarseClock;

  constructor(segment: Segment, keys: KeySpace, clock: CoarseClock) {
    this.#segment = segment;
    this.#keys = keys;
    this.#clock = clock;
  }

  /**
   * What a run that begins now notes of its key; `undefined` if that can be nowhere.
   *
   * @param overrules whether those that are under way are out of date.
   */
  fence(key: string, version: number, overrules: boolean): RunFence | undefined {
    const segment = this.#segment;
    const { prefixCell, prefixHash } = this.#keys;
    const part = this.#keys.address(this.#keys.nameOf(key, version), version);
    if (part === undefined) return undefined;
    const { writes } = part.memory;
    const { hash } = segment.out;
    if (overrules) {
      segment.enter(part);
      writes.add(hash);
      segment.leave(part);
    }
    return new RunFence(segment.clears, prefixCell, prefixHash, writes, hash);
  }

  /**
   * @param onlyNew whether nothing is done where there is a live entry.
   * @returns whether it was stored.
   * @throws ValueTooLargeError, with the old entry untouched.
   */
  write(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    onlyNew: boolean,
    extras?: EntryExtras,
    fence?: RunFence,
  ): boolean {
    const segment = this.#segment;
    const keys = this.#keys;
    const { out, layout } = segment;
    const name = keys.nameOf(key, version);
    const part = keys.address(name, version);
    if (part === undefined) throw tooLong(key);
    out.setValue(sealed, encodeExtras(extras, segment.clears.tags, keys.prefixHash, fence?.tagCounts));
    if (out.valueBytes > layout.largestValue || out.units > part.memory.main.units) {
      throw tooLarge(key, out.valueBytes, layout.largestValue);
    }
    out.prefix = keys.prefixCell;
    const now = this.#clock.now();
    segment.enter(part);
    try {
      const at = onlyNew || ttl <= 0 ? part.shard.findHeld(out, now) : 0;
      if (onlyNew && at !== 0 && !part.shard.isStale(at, now)) return false;
      if (fence === undefined) part.memory.writes.add(out.hash);
      else if (!fence.holds(extras?.tags ?? NO_TAGS)) return false;
      part.memory.count(COUNT.SETS);
      if (ttl > 0) part.shard.put(out, now + ttl, now, fence?.stamp);
      else if (at !== 0) part.shard.remove(at);
    } finally {
      segment.leave(part);
    }
    keys.warnOf(name, version);
    tellDepartures(segment);
    return true;
  }

  /** Whether there was a live entry. */
  remove(key: string, version: number, fence?: RunFence): boolean {
    const removed = this.#change(
      key,
      version,
      (part, at, now) => {
        const isLive = !part.shard.isStale(at, now);
        if (isLive) part.memory.count(COUNT.DELETES);
        // What is stale is not there, and shall be gone all the same.
        part.shard.remove(at);
        return isLive;
      },
      true,
      fence === undefined,
      fence,
    );
    return removed as boolean;
  }

  /** Gives the live entry another ttl; whether there was one. */
  prolong(key: string, ttl: number, version: number): boolean {
    return this.#change(key, version, (part, at, now) => {
      if (ttl > 0) part.shard.prolong(at, now + ttl);
      else part.shard.remove(at);
      return true;
    }) as boolean;
  }

  /** Gives the entry, stale or not, another ttl and time to be stale; whether there was one. Overrules no run. */
  renew(key: string, ttl: number, staleFor: number, version: number, fence?: RunFence): boolean {
    const renewed = this.#change(
      key,
      version,
      (part, at, now) => {
        if (!part.shard.renew(at, now + ttl, staleFor)) this.#storeAnew(part, at, now + ttl, staleFor, now);
        return true;
      },
      true,
      false,
      fence,
    );
    return renewed as boolean;
  }

  /** Writes the entry that stands there once more, with room for its extras; where that is too large, without. */
  #storeAnew(part: Part, at: number, expiresAt: number, staleFor: number, now: number): void {
    const { out, incoming, clears, layout } = this.#segment;
    part.shard.copyOut(at, incoming);
    const extras = encodeExtras({ staleFor, loadTime: 0, tags: NO_TAGS }, clears.tags, this.#keys.prefixHash);
    out.setEncoded(incoming.form, incoming.body, extras);
    out.prefix = this.#keys.prefixCell;
    if (out.valueBytes > layout.largestValue || out.units > part.memory.main.units) part.shard.prolong(at, expiresAt);
    else part.shard.put(out, expiresAt, now, incoming.stamp);
  }

  /** The new number, or what stands there instead of one; `undefined` if nothing does. */
  increase(key: string, delta: number, version: number): unknown {
    const { incoming, codec } = this.#segment;
    let isNumber = true;
    const result = this.#change(key, version, (part, at) => {
      isNumber = part.shard.codecAt(at) === CODEC.NUMBER;
      if (isNumber) return part.shard.increase(at, delta);
      part.shard.copyOut(at, incoming);
      return true;
    });
    if (result === false) return undefined;
    return isNumber ? result : codec.decode(incoming);
  }

  /**
   * Calls `change` with the slot of the live entry, or the stale one, under the lock; `false` if there is none.
   *
   * @param overrules whether runs under way are out of date then, also where there is none. @param fence of the run that does it.
   */
  #change(
    key: string,
    version: number,
    change: (part: Part, at: number, now: number) => number | boolean,
    mayBeStale = false,
    overrules = false,
    fence?: RunFence,
  ): number | boolean {
    const segment = this.#segment;
    const name = this.#keys.nameOf(key, version);
    const part = this.#keys.address(name, version);
    let result: number | boolean = false;
    if (part !== undefined) {
      const now = this.#clock.now();
      segment.enter(part);
      try {
        if (fence !== undefined && !fence.holds(NO_TAGS)) return false;
        if (overrules) part.memory.writes.add(segment.out.hash);
        const at = mayBeStale ? part.shard.findHeld(segment.out, now) : part.shard.find(segment.out, now);
        if (at !== 0) result = change(part, at, now);
      } finally {
        segment.leave(part);
      }
    }
    if (result === false) this.#keys.warnOf(name, version);
    tellDepartures(segment);
    return result;
  }
}

function tooLong(key: string): ValueTooLargeError {
  return new ValueTooLargeError(`A key is at most 65,535 bytes long, with prefix and version; got ${show(key)}.`);
}

function tooLarge(key: string, bytes: number, most: number): ValueTooLargeError {
  return new ValueTooLargeError(
    `The value at ${show(key)} takes ${bytes} bytes; an eighth of maxBytes, here ${most}, is the most. Nothing was stored.`,
  );
}
