import { randomBytes } from 'node:crypto';
import { type EntryExtras, hasExtras } from '../core/entry-extras.js';
import { CacheUnavailableError } from '../core/errors.js';
import { type Envelope, headerStart, readEnvelope, storedStaleFor, VERSION_LENGTH } from '../encoding/envelope.js';
import type { HeldLease } from '../load/leases.js';
import type { Connection } from './connection.js';
import { PROLONG, RECALL, RENEW, STORE } from './entry-scripts.js';
import { run, type Script } from './scripts.js';
import { type TagVersions, tagStart } from './tag-versions.js';
import type { Argument, Reply } from './wire.js';

/** Milliseconds further away than that are for ever: Redis counts up to 2^63. */
export const LONGEST_TTL = 2 ** 53;
/** How often a script is run again because the entry was stored anew while its tags were looked up. */
const ATTEMPTS = 20;

/** An entry as it is stored, live or stale. */
export interface Found {
  /** All of it. */
  readonly bytes: Buffer;
  /** The sealed value. */
  readonly sealed: Buffer;
  /** Milliseconds until it expires: 0 or less if it is stale. */
  readonly left: number;
  /** Milliseconds until its key is gone. */
  readonly keyLeft: number;
  readonly envelope: Envelope | undefined;
}

/** How an entry is to be stored. */
export interface Terms {
  readonly extras?: EntryExtras | undefined;
  /** Only while this is still held. */
  readonly lease?: HeldLease | undefined;
  /** Only where nothing lives. */
  readonly isNew?: boolean;
}

/** Entries by scripts, which know of headers: what is asked where one command would not do. */
export class Entries {
  readonly #connection: Connection;
  readonly #tags: TagVersions;
  readonly #tagStart: string;
  /** What the connection says; it stays what it is. */
  #isCluster: boolean | undefined;

  constructor(connection: Connection, tags: TagVersions, keyPrefix: string) {
    this.#connection = connection;
    this.#tags = tags;
    this.#tagStart = tagStart(keyPrefix);
  }

  /** What is there, live or stale, for each name. */
  async find(names: readonly string[]): Promise<(Found | undefined)[]> {
    this.#isCluster ??= await this.#connection.isCluster();
    const isCluster = this.#isCluster;
    const replies = isCluster
      ? (await Promise.all(names.map((name) => this.#once(RECALL, [name])))).map((reply) => (reply as Reply[])[0])
      : ((await this.#once(RECALL, names)) as Reply[]);
    const found = names.map((_, i) => foundOf(replies[i] as Reply));
    if (!isCluster) return found;
    const alive = await this.#tags.areAlive(found.map((one) => one?.envelope));
    return found.map((one, i) => (one?.envelope === undefined || alive[i] ? one : undefined));
  }

  /** The same for one. */
  async findOne(name: string): Promise<Found | undefined> {
    return (await this.find([name]))[0];
  }

  /**
   * The sealed values of replies to GET that have headers, where they live. Entries that cannot be stale need no more than
   * the versions of their tags: who has seen an entry, and then its tags as they were, may say that it was live.
   */
  async open(names: readonly string[], bytes: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    const envelopes = bytes.map(readEnvelope);
    const asked = names.filter((_, i) => envelopes[i] !== undefined && envelopes[i].staleFor > 0);
    const [found, alive] = await Promise.all([
      asked.length === 0 ? [] : this.find(asked),
      this.#tags.areAlive(envelopes.map((envelope) => (envelope?.staleFor === 0 ? envelope : undefined))),
    ]);
    const sealed = new Map(asked.map((name, i) => [name, found[i] && found[i].left > 0 ? found[i].sealed : undefined]));
    return names.map((name, i) => (sealed.has(name) ? sealed.get(name) : alive[i] ? envelopes[i]?.sealed : undefined));
  }

  /** Whether it was stored. @param ttl more than 0 */
  async store(name: string, sealed: string | Buffer, ttl: number, { extras, lease, isNew }: Terms): Promise<boolean> {
    const staleFor = storedStaleFor(extras?.staleFor ?? 0);
    const keyTtl = milliseconds(ttl, staleFor);
    const tags = extras?.tags ?? [];
    const hasHeader = hasExtras(extras);
    const start = hasHeader ? headerStart(extras) : Buffer.alloc(0);
    // What a script changes is told by the server to all, also to us, who would drop our own copy.
    if (tags.length === 0 && lease === undefined && !isNew) {
      const value = hasHeader ? Buffer.concat([start, Buffer.from(sealed as string)]) : sealed;
      await this.#connection.send(
        name,
        false,
        keyTtl === '' ? ['SET', name, value] : ['SET', name, value, 'PX', keyTtl],
      );
      return true;
    }
    const fresh = tags.length > 0 ? randomBytes(VERSION_LENGTH) : '';
    const leaseKey = lease?.key ?? name;
    const token = lease?.token ?? '';
    const isCluster = tags.length > 0 && (await this.#connection.isCluster());
    const versions = isCluster ? await this.#tags.obtain(tags, fresh, keyTtl) : [];
    const tagKeys = isCluster ? [] : this.#tags.keysOf(tags);
    const head = isCluster ? Buffer.concat([start, ...versions]) : start;
    const args = [head, sealed, keyTtl, fresh, token, isNew ? '1' : ''];
    return (await this.judged(STORE, [name, leaseKey, ...tagKeys], args)) === 1;
  }

  /** @param ttl more than 0 */
  async prolong(name: string, ttl: number): Promise<boolean> {
    const keep = ({ staleFor }: Envelope): string => milliseconds(ttl, staleFor);
    return (await this.judged(PROLONG, [name], [milliseconds(ttl, 0)], keep)) === 1;
  }

  /** @param ttl more than 0 */
  async renew(name: string, ttl: number, staleFor: number, lease: HeldLease | undefined): Promise<boolean> {
    const stale = storedStaleFor(staleFor);
    const keep = (): string => milliseconds(ttl, stale);
    const args = [milliseconds(ttl, 0), String(stale), lease?.token ?? ''];
    return (await this.judged(RENEW, [name, lease?.key ?? name], args, keep)) === 1;
  }

  /**
   * Runs a script that looks at entries. On a cluster it is run again when the versions of the tags that it came upon are
   * known. @param keep for how long the tags of an entry must live, where the script makes it live longer.
   */
  async judged(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    keep?: (envelope: Envelope) => string,
  ): Promise<Reply> {
    let reply = await this.#once(script, keys, args);
    for (let i = 0; i < ATTEMPTS; i++) {
      const header = headerAskedFor(reply);
      if (header === undefined) return reply;
      const envelope = readEnvelope(header);
      const [isAlive] = await this.#tags.areAlive([envelope], envelope && keep?.(envelope));
      reply = await this.#once(script, keys, args, header, isAlive ? '1' : '0');
    }
    throw new CacheUnavailableError('An entry was stored anew all the time while its tags were looked up. Try again.');
  }

  async #once(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[] = [],
    header: Argument = '',
    isAlive = '',
  ): Promise<Reply> {
    this.#isCluster ??= await this.#connection.isCluster();
    const all = [this.#tagStart, this.#isCluster ? '' : '1', header, isAlive, ...args];
    return run((command) => this.#connection.send(keys[0]!, false, command), script, keys, all);
  }
}

const LAST_MOMENT = 0.5;

function foundOf(reply: Reply): Found | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [bytes, key] = reply as [Buffer, number];
  const envelope = readEnvelope(bytes);
  // Redis counts whole milliseconds: in its last one a key has 0 left, and is there.
  const keyLeft = key < 0 ? Number.POSITIVE_INFINITY : Math.max(key, LAST_MOMENT);
  return { bytes, sealed: envelope?.sealed ?? bytes, left: keyLeft - (envelope?.staleFor ?? 0), keyLeft, envelope };
}

function headerAskedFor(reply: Reply): Buffer | undefined {
  return Array.isArray(reply) && reply.length === 2 && String(reply[0]) === '?' ? (reply[1] as Buffer) : undefined;
}

/** The time until a key is gone, as Redis takes it; '' for ever. */
function milliseconds(ttl: number, staleFor: number): string {
  return ttl >= LONGEST_TTL ? '' : String(Math.ceil(ttl) + staleFor);
}
