import type { Clock } from '../core/clock.js';
import type { Answered } from '../core/partly-unavailable.js';
import type { Calls } from './calls.js';
import { askTtl, get, gets } from './commands.js';
import { secondsFor } from './contents.js';
import type { Command, Item } from './exchange.js';
import { serverTtl } from './expiry.js';
import { type ExtraEntry, readExtraBytes } from './extra-bytes.js';
import { type Found, foundOf } from './found.js';
import { checkReply } from './replies.js';
import type { TagVersions } from './tag-versions.js';

const NONE: Answered<ReadonlySet<Item>> = { answer: new Set(), failure: undefined };

/** What stands at the entries' keys, at the cost of one more step where there are tags to be looked up. */
export class Entries {
  readonly #calls: Calls;
  readonly #tags: TagVersions;
  readonly #clock: Clock;

  constructor(calls: Calls, tags: TagVersions, clock: Clock) {
    this.#calls = calls;
    this.#tags = tags;
    this.#clock = clock;
  }

  find(name: string): Promise<Found | undefined> {
    return this.#find(name, get(name));
  }

  /** The same, with what `cas` compares. */
  findToChange(name: string): Promise<Found | undefined> {
    return this.#find(name, gets(name));
  }

  async #find(name: string, command: Command): Promise<Found | undefined> {
    const [{ items, line }] = await this.#calls.send(name, command);
    checkReply(line);
    const [item] = items;
    if (item === undefined) return undefined;
    const extra = readExtraBytes(item.bytes);
    if (!hasTags(extra)) return foundOf(item, extra, false, this.#clock.now());
    const { answer: alive, failure } = await this.#tags.areAlive([extra.envelope]);
    if (failure !== undefined) throw failure;
    return foundOf(item, extra, !alive[0], this.#clock.now());
  }

  /** Those of the servers that answered, and why that is not all. */
  async findMany(names: readonly string[]): Promise<Answered<Map<string, Found>>> {
    const { answer: items, failure } = await this.#calls.getMany(names);
    const found = await this.foundIn(items);
    return { answer: found.answer, failure: failure ?? found.failure };
  }

  /** By their names. What is of tags that no server tells is not there. */
  async foundIn(items: readonly Item[]): Promise<Answered<Map<string, Found>>> {
    const { answer: dead, failure } = await this.#deadOf(items);
    const now = this.#clock.now();
    const all = new Map<string, Found>();
    for (const item of items) all.set(item.name, foundOf(item, readExtraBytes(item.bytes), dead.has(item), now));
    return { answer: all, failure };
  }

  /** Those of which a tag was deleted, or may have been. */
  async #deadOf(items: readonly Item[]): Promise<Answered<ReadonlySet<Item>>> {
    const tagged = items.filter(({ bytes }) => hasTags(readExtraBytes(bytes)));
    if (tagged.length === 0) return NONE;
    const { answer: alive, failure } = await this.#tags.areAlive(
      tagged.map(({ bytes }) => readExtraBytes(bytes)!.envelope),
    );
    return { answer: new Set(tagged.filter((_, i) => !alive[i])), failure };
  }

  /** Whether its time is over; its tags are not looked up. */
  hasExpired(item: Item): boolean {
    return !foundOf(item, readExtraBytes(item.bytes), false, this.#clock.now()).isLive;
  }

  /** What is left of an entry's ttl, for the server: as it says itself where another program has written the entry. */
  async secondsLeft({ item, extra, left }: Found): Promise<number> {
    if (left !== undefined) return secondsFor(left + (extra?.envelope.staleFor ?? 0), this.#clock);
    const [{ line }] = await this.#calls.send(item.name, askTtl(item.name));
    const seconds = Number(/^HD t(-?\d+)/.exec(line)?.[1]);
    return seconds > 0 ? serverTtl((seconds - 1) * 1000, Date.now()) : 0;
  }
}

function hasTags(extra: ExtraEntry | undefined): extra is ExtraEntry {
  return extra !== undefined && extra.envelope.tags.length > 0;
}
