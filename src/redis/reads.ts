import type { Address, Timed } from '../core/engine.js';
import type { Recalled } from '../core/entry-extras.js';
import { whole } from '../core/partly-unavailable.js';
import { isEnvelope } from '../encoding/envelope.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Connection } from './connection.js';
import type { Entries, Found } from './entries.js';
import { inShares } from './shares.js';
import { isWrongType } from './unavailable.js';
import type { Reply } from './wire.js';

/** Values, by plain commands as far as these do: what has a header is looked at more closely. */
export class Reads {
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #codec: ValueCodec;
  readonly #decode = (reply: Reply): unknown => (Buffer.isBuffer(reply) ? this.#codec.decode(reply) : undefined);

  constructor(connection: Connection, entries: Entries, codec: ValueCodec) {
    this.#connection = connection;
    this.#entries = entries;
    this.#codec = codec;
  }

  read({ name }: Address): Promise<unknown> {
    return this.#connection.send(name, true, ['GET', name], (reply) => this.#valueOf(name, reply), isWrongType);
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const isCluster = this.#connection.isCluster();
    if (isCluster !== false && (await isCluster)) {
      const { answers, failure } = await inShares(ats, (at) => this.read(at));
      return whole(answers, failure);
    }
    const command = ['MGET'];
    for (const { name } of ats) command.push(name);
    const found = (await this.#connection.send(command[1]!, true, command)) as Reply[];
    const withHeader = [...found.keys()].filter((i) => hasHeader(found[i]!));
    if (withHeader.length === 0) return found.map(this.#decode);
    const opened = await this.#entries.open(
      withHeader.map((i) => ats[i]!.name),
      withHeader.map((i) => found[i] as Buffer),
    );
    const values: unknown[] = found.map(this.#decode);
    for (const [i, at] of withHeader.entries()) values[at] = this.#decode(opened[i] ?? null);
    return values;
  }

  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    if (await this.#connection.isCluster()) {
      const { answers, failure } = await inShares(ats, ({ name }) => this.#entries.findOne(name));
      return whole(answers.map(this.#timed), failure);
    }
    return (await this.#entries.find(ats.map(({ name }) => name))).map(this.#timed);
  }

  readonly #timed = (found: Found | undefined): Timed | undefined => {
    if (found === undefined || found.left <= 0) return undefined;
    const value = this.#codec.decode(found.sealed);
    return value === undefined
      ? undefined
      : { value, ttl: found.left, ...(found.envelope && { tags: found.envelope.tags }) };
  };

  async recall({ name }: Address): Promise<Recalled | undefined> {
    const found = await this.#entries.findOne(name);
    const value = found && this.#codec.decode(found.sealed);
    if (found === undefined || value === undefined) return undefined;
    const { left, envelope } = found;
    return { value, left, loadTime: envelope?.loadTime ?? 0, tags: envelope?.tags ?? [] };
  }

  /** Whether anything is there, a value that is not of this cache too; not what is stale. */
  async contains({ name }: Address): Promise<boolean> {
    const first = await this.#firstByte(name);
    if (first === undefined || !isEnvelope(first)) return first !== undefined;
    const found = await this.#entries.findOne(name);
    return found !== undefined && found.left > 0;
  }

  /** Whether something is there that has a header: it may be stale, or its tags deleted. */
  async containsHeader({ name }: Address): Promise<boolean> {
    const first = await this.#firstByte(name);
    return first !== undefined && isEnvelope(first);
  }

  /** Of what is there; `undefined` if nothing is. A value that is not of this cache has one, whatever it is. */
  async #firstByte(name: string): Promise<Buffer | undefined> {
    try {
      const first = (await this.#connection.send(name, true, ['GETRANGE', name, '0', '0'])) as Buffer;
      return first.length === 0 ? undefined : first;
    } catch (error) {
      if (isWrongType(error)) return Buffer.alloc(1);
      throw error;
    }
  }

  /** What has a header is a promise, which whoever waits adopts. */
  #valueOf(name: string, reply: Reply): unknown {
    return hasHeader(reply) ? this.#opened(name, reply as Buffer) : this.#decode(reply);
  }

  async #opened(name: string, reply: Buffer): Promise<unknown> {
    const [sealed] = await this.#entries.open([name], [reply]);
    return this.#decode(sealed ?? null);
  }
}

function hasHeader(reply: Reply): boolean {
  return Buffer.isBuffer(reply) && isEnvelope(reply);
}
