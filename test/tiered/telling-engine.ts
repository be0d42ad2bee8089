import { CacheUnavailableError, type Clock } from 'locmem';
import type { CacheSettings } from '#dist/core/cache-options.js';
import type { Address, ChangeListener, NewEntry, NotNumber, Timed } from '#dist/core/engine.js';
import type { FarLoadingEngine } from '#dist/load/loading-server-cache.js';
import { type Gate, gate } from '../conformance/gate.js';
import { MapEngine, MapServer } from '../conformance/map-engine.js';

/** When what is on its way arrives: a test decides. */
export type Schedule = (what: string) => Promise<unknown>;

/** A connection: what is sent over it, each way, arrives in the order in which it was sent. */
class Wire {
  readonly #schedule: Schedule;
  /** Whether all that is on its way back arrives at once, or one by one. */
  readonly #isChunked: boolean;
  readonly listener: ChangeListener | undefined;
  readonly #back: (() => void)[] = [];
  #there: Promise<unknown> = Promise.resolve();
  #waiting = new Set<Gate<never>>();
  isLost = false;

  constructor(schedule: Schedule, isChunked: boolean, listener?: ChangeListener) {
    this.#schedule = schedule;
    this.#isChunked = isChunked;
    this.listener = listener;
  }

  /** What `answer` says when the question has arrived. @throws CacheUnavailableError if the wire is lost before. */
  ask<T>(what: string, answer: () => Promise<T>): Promise<T> {
    const reply = gate<T>();
    this.#waiting.add(reply as Gate<never>);
    this.#there = this.#there
      .then(() => this.#schedule(`${what} arrives`))
      .then(answer)
      .then((answered) =>
        this.send(`answer to ${what}`, () => {
          this.#waiting.delete(reply as Gate<never>);
          reply.open(answered);
        }),
      );
    return reply.opened;
  }

  /** The server sends something. */
  send(what: string, arrive: () => void): void {
    this.#back.push(arrive);
    void this.#schedule(what).then(() => {
      const arrived = this.#isChunked ? this.#back.splice(0) : this.#back.splice(0, 1);
      if (!this.isLost) for (const one of arrived) one();
    });
  }

  /** What has been sent arrives all the same; what comes back does not. */
  lose(): void {
    this.isLost = true;
    for (const reply of this.#waiting) reply.fail(new CacheUnavailableError('The wire is lost.'));
  }
}

/**
 * A server that tells changes as Redis does, with broadcasting and NOLOOP: at the end of a turn, in which it may have
 * answered several, each name once, to all but who changed it last.
 */
export class TellingServer {
  readonly entries: MapServer;
  readonly #schedule: Schedule;
  readonly #isChunked: boolean;
  readonly #followers = new Set<Wire>();
  #turn: Map<string, Wire | undefined> | undefined;

  constructor(clock: Clock, schedule: Schedule, isChunked: boolean) {
    this.entries = new MapServer(clock);
    this.#schedule = schedule;
    this.#isChunked = isChunked;
  }

  connect(listener?: ChangeListener): Wire {
    const wire = new Wire(this.#schedule, this.#isChunked, listener);
    if (listener !== undefined) this.#followers.add(wire);
    return wire;
  }

  disconnect(wire: Wire): void {
    wire.lose();
    this.#followers.delete(wire);
  }

  /** @param names `null`: all were removed, which everybody is told. */
  changed(names: readonly string[] | null, by?: Wire): void {
    if (names === null) {
      for (const wire of this.#followers) wire.send('news of all', () => wire.listener?.changed(null));
      return;
    }
    if (this.#turn === undefined && names.length > 0) {
      this.#turn = new Map();
      void this.#schedule('the turn ends').then(() => this.#tell());
    }
    for (const name of names) this.#turn!.set(name, by);
  }

  #tell(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    for (const [name, by] of turn ?? []) {
      for (const wire of this.#followers) {
        if (wire !== by) wire.send(`news of ${name}`, () => wire.listener?.changed(name));
      }
    }
  }
}

const NAMES_OF = (ats: readonly Address[]): string[] => ats.map(({ name }) => name);

/** The reference for engines on a server that tells changes. */
export class TellingEngine extends MapEngine implements FarLoadingEngine {
  readonly #server: TellingServer;
  readonly #settings: CacheSettings;
  readonly #clock: Clock;
  readonly #schedule: Schedule;
  readonly #listener: ChangeListener | undefined;
  #wire: Wire | undefined;

  constructor(
    server: TellingServer,
    settings: CacheSettings,
    clock: Clock,
    schedule: Schedule,
    listener?: ChangeListener,
  ) {
    super(server.entries, settings, () => true, 0);
    this.#server = server;
    this.#settings = settings;
    this.#clock = clock;
    this.#schedule = schedule;
    this.#listener = listener;
    if (listener === undefined) this.#wire = server.connect();
    else void this.#connect();
  }

  follow(listener: ChangeListener): this {
    return new TellingEngine(this.#server, this.#settings, this.#clock, this.#schedule, listener) as this;
  }

  /** The wire is lost, and made again after a while. */
  loseWire(): void {
    if (this.#wire === undefined) return;
    this.#server.disconnect(this.#wire);
    this.#wire = undefined;
    this.#listener?.disconnected();
    void this.#connect();
  }

  override read(at: Address): Promise<unknown> {
    return this.#ask('read', () => super.read(at));
  }

  override readMany(ats: readonly Address[]): Promise<unknown[]> {
    return this.#ask('readMany', () => super.readMany(ats));
  }

  readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    return this.#ask('readTimed', async () =>
      ats.map(({ name }) => {
        const entry = this.#server.entries.get(name);
        return entry && { value: this.unseal(entry.sealed), ttl: entry.expiresAt - this.#clock.now() };
      }),
    );
  }

  override write(at: Address, sealed: unknown, ttl: number): Promise<void> {
    return this.#ask(
      'write',
      () => super.write(at, sealed, ttl),
      () => [at.name],
    );
  }

  storeLoaded(at: Address, sealed: unknown, ttl: number): Promise<boolean> {
    return this.#ask(
      'storeLoaded',
      async () => {
        await super.write(at, sealed, ttl);
        return true;
      },
      () => [at.name],
    );
  }

  override writeNew(at: Address, sealed: unknown, ttl: number): Promise<boolean> {
    return this.#ask(
      'writeNew',
      () => super.writeNew(at, sealed, ttl),
      (isNew) => (isNew ? [at.name] : []),
    );
  }

  override writeMany(entries: readonly NewEntry[], ttl: number): Promise<Address[]> {
    return this.#ask(
      'writeMany',
      () => super.writeMany(entries, ttl),
      () => NAMES_OF(entries.map(({ at }) => at)),
    );
  }

  override contains(at: Address): Promise<boolean> {
    return this.#ask('contains', () => super.contains(at));
  }

  override remove(at: Address): Promise<boolean> {
    return this.#ask(
      'remove',
      () => super.remove(at),
      (was) => (was ? [at.name] : []),
    );
  }

  override removeMany(ats: readonly Address[]): Promise<number> {
    return this.#ask(
      'removeMany',
      () => super.removeMany(ats),
      (removed) => (removed > 0 ? NAMES_OF(ats) : []),
    );
  }

  override prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#ask(
      'prolong',
      () => super.prolong(at, ttl),
      (was) => (was ? [at.name] : []),
    );
  }

  override increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#ask(
      'increase',
      () => super.increase(at, delta),
      (sum) => (typeof sum === 'number' ? [at.name] : []),
    );
  }

  override move(from: Address, to: Address): Promise<boolean> {
    return this.#ask(
      'move',
      () => super.move(from, to),
      (was) => (was ? NAMES_OF([from, to]) : []),
    );
  }

  override removeAll(): Promise<void> {
    return this.#ask(
      'removeAll',
      () => super.removeAll(),
      () => null,
    );
  }

  override async close(): Promise<void> {
    await super.close();
    if (this.#wire !== undefined) this.#server.disconnect(this.#wire);
    this.#wire = undefined;
    this.#isClosed = true;
  }

  #isClosed = false;

  async #connect(): Promise<void> {
    await this.#schedule('a connection is made');
    if (this.#isClosed || this.#listener === undefined) return;
    this.#wire = this.#server.connect(this.#listener);
    this.#listener.connected(true);
  }

  async #ask<T>(
    what: string,
    operate: () => Promise<T>,
    changes: (result: T) => readonly string[] | null = () => [],
  ): Promise<T> {
    const wire = this.#wire;
    if (wire === undefined) throw new CacheUnavailableError('There is no wire.');
    return wire.ask(what, async () => {
      const result = await operate();
      this.#server.changed(changes(result), wire);
      return result;
    });
  }
}
