import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { Deadlines } from '../core/deadlines.js';
import type { ChangeListener } from '../core/engine.js';
import { type Dialing, dial, isClientLoaded, loadClient, type WireListener } from './dial.js';
import type { RedisTarget } from './redis-options.js';
import { tooMany, unanswered, unavailable } from './unavailable.js';
import type { Argument, Node, Reply, Wire } from './wire.js';

/** Calls that may wait for an answer at once: a server that hangs must not fill the memory of those who ask it. */
const MOST_WAITING = 100_000;
/** Pauses between attempts to connect, in milliseconds: doubled at each, and spread, lest all come back at once. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2000;
/**
 * How long an attempt to connect may take, in milliseconds, where calls wait for less: it goes on behind them. Greeting
 * and looking around a cluster takes many answers; one that is given up at each call's deadline would never be reached.
 */
const PATIENCE = 5000;

/**
 * The way to Redis for all caches of this process that name the same server. Every call ends within the timeout.
 *
 * A call waits for the first connection; once an attempt has failed, calls fail at once, and attempts go on behind. A
 * wire on which a call had no answer in time is given up, and with it all calls that wait there: they would wait in vain,
 * and whoever came after them.
 */
export class Connection {
  readonly #target: RedisTarget;
  readonly #timeout: number;
  readonly #tracked: string | undefined;
  readonly #listener: ChangeListener | undefined;
  readonly #deadlines: Deadlines;
  #wire: Wire | undefined;
  #dialing: Dialing | undefined;
  #connecting: Promise<Wire> | undefined;
  #failure: unknown;
  /** Since it was last connected to for longer than a moment. */
  #failures = 0;
  #connectedAt = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #heart: NodeJS.Timeout | undefined;
  /** Calls that wait for the client package. */
  #loading = 0;
  /** Nobody will ask any more, but for the next steps of what is under way. */
  #isClosed = false;
  #isOver = false;

  /** @param tracked the prefix whose changes by others `listener` wants to hear. */
  constructor(target: RedisTarget, timeout: number, tracked?: string, listener?: ChangeListener) {
    this.#target = target;
    this.#timeout = timeout;
    this.#tracked = tracked;
    this.#listener = listener;
    this.#deadlines = new Deadlines(timeout);
  }

  /** @throws CacheUnavailableError: no answer, no connection, or an answer that says no. */
  send(key: string, isReadonly: boolean, args: Argument[]): Promise<Reply>;
  /** The same; what `read`, which throws nothing, makes of the reply. An error that `isNull` is read as `null`. */
  send<T>(
    key: string,
    isReadonly: boolean,
    args: Argument[],
    read: (reply: Reply) => T,
    isNull?: (error: Error) => boolean,
  ): Promise<T>;
  send(
    key: string,
    isReadonly: boolean,
    args: Argument[],
    read: (reply: Reply) => unknown = itself,
    isNull?: (error: Error) => boolean,
  ): Promise<unknown> {
    return this.#ask((wire) => wire.send(key, isReadonly, args), read, isNull);
  }

  /** Whether one command may name one key alone. @throws CacheUnavailableError */
  isCluster(): boolean | Promise<boolean> {
    return this.#wire?.isCluster ?? this.#ask(async (wire) => wire.isCluster, itself);
  }

  /** Asks all nodes at once, or the only one. @throws CacheUnavailableError */
  async nodes(): Promise<Node[]> {
    const nodes = await this.#ask((wire) => wire.nodes(), itself);
    return nodes.map(({ send }) => ({ send: (args: Argument[]) => this.#ask(() => send(args), itself) }));
  }

  /** Begins to connect, if that is not done or under way. */
  open(): void {
    if (this.#wire === undefined && this.#failure === undefined) void this.#connect().catch(() => {});
  }

  /** What is under way is answered first, or runs out of time. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#heart);
    // A call of several steps that was made just now takes its first one by then.
    await setImmediate();
    while (this.#isAsked) {
      await this.#nextSettled();
      // A call of several steps takes its next one by then.
      await setImmediate();
    }
    this.#isOver = true;
    this.#deadlines.close();
    this.#dialing?.abandon();
    if (this.#wire?.isOurs) this.#wire.destroy();
    this.#wire = undefined;
  }

  #settled: (() => void) | undefined;

  get #isAsked(): boolean {
    return this.#deadlines.count > 0 || this.#loading > 0;
  }

  /** A server that tells changes may be silent because there are none, or because it is out of reach: that is asked. */
  #beat(): void {
    if (this.#tracked === undefined || this.#heart !== undefined) return;
    this.#heart = setInterval(() => {
      if (this.#wire?.tellsChanges) void this.send('', true, ['PING']).catch(() => {});
    }, this.#timeout);
    this.#heart.unref();
  }

  #nextSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  /** One promise more than the client's own: what is to be done with the reply is done before it is given away. */
  #ask<R, T>(
    question: (wire: Wire) => Promise<R>,
    read: (reply: R) => T,
    isNull?: (error: Error) => boolean,
  ): Promise<T> {
    if (this.#deadlines.count >= MOST_WAITING) return Promise.reject(tooMany(MOST_WAITING));
    const wire = this.#wire;
    if (wire === undefined) {
      if (this.#isOver) return Promise.reject(unavailable(new Error('The cache was closed')));
      if (this.#failure !== undefined) return Promise.reject(unavailable(this.#failure));
      if (this.#target.kind !== 'client' && !isClientLoaded()) return this.#askLater(question, read, isNull);
    }
    return new Promise<T>((resolve, reject) => {
      const deadline = this.#deadlines.begin(() => {
        const failure = unanswered(this.#timeout);
        reject(failure);
        if (wire !== undefined) this.#giveUp(wire);
        // It has been waited for once; until it is there, nobody else has to.
        else if (this.#wire === undefined) this.#failure ??= failure;
        this.#settled?.();
      });
      const asked = wire === undefined ? this.#connect().then(question) : question(wire);
      asked.then(
        (reply) => {
          this.#deadlines.met(deadline);
          resolve(read(reply));
          this.#settled?.();
        },
        (error) => {
          this.#deadlines.met(deadline);
          // A master that was made a replica: there is another one by now.
          if (error instanceof Error && error.message.startsWith('READONLY')) this.#giveUp(wire);
          const failure = unavailable(error);
          if (isNull?.(failure)) resolve(read(null as R));
          else reject(failure);
          this.#settled?.();
        },
      );
    });
  }

  /** The package is on this machine: the time that it takes to load is not the server's. */
  async #askLater<R, T>(
    question: (wire: Wire) => Promise<R>,
    read: (reply: R) => T,
    isNull?: (error: Error) => boolean,
  ): Promise<T> {
    this.#loading++;
    try {
      await loadClient();
    } catch (error) {
      throw unavailable(error);
    } finally {
      this.#loading--;
      this.#settled?.();
    }
    return this.#ask(question, read, isNull);
  }

  #connect(): Promise<Wire> {
    this.#connecting ??= this.#dial().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #dial(): Promise<Wire> {
    const listener: WireListener = {
      lost: (reason) => {
        if (this.#dialing === dialing) this.#lost(reason);
      },
      invalidated: (name) => {
        if (this.#dialing === dialing) this.#listener?.changed(name);
      },
    };
    const before = this.#wire;
    const patience = { connecting: this.#patience, answering: this.#timeout };
    const dialing = dial(this.#target, patience, this.#tracked, listener);
    this.#dialing = dialing;
    try {
      const wire = await this.#inTime(dialing);
      if (this.#isOver) throw new Error('The cache was closed');
      this.#wire = wire;
      this.#failure = undefined;
      this.#connectedAt = performance.now();
      if (before !== undefined) retire(before, this.#timeout);
      this.#listener?.connected(wire.tellsChanges);
      this.#beat();
      return wire;
    } catch (error) {
      dialing.abandon();
      if (before !== undefined) this.#drop(before);
      this.#failure = error;
      this.#retryLater();
      throw error;
    }
  }

  /** A server that takes the connection and then says nothing must not be waited for, either. */
  async #inTime(dialing: Dialing): Promise<Wire> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(unanswered(this.#patience)), this.#patience);
      // Those who wait for the connection have a deadline of their own.
      timer.unref();
    });
    try {
      return await Promise.race([dialing.wire, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #giveUp(wire: Wire | undefined): void {
    if (wire !== undefined && wire === this.#wire) this.#lost(unanswered(this.#timeout));
  }

  get #patience(): number {
    return Math.max(this.#timeout, PATIENCE);
  }

  /** A cluster that lost a node is of use until there is a new picture of it; anything else is not. */
  #lost(reason: unknown): void {
    const wire = this.#wire;
    if (wire === undefined || this.#isClosed || !wire.isOurs) return;
    // One that greets and then ends the connection must not be run at, either.
    if (performance.now() - this.#connectedAt > LONGEST_PAUSE) this.#failures = 0;
    if (!wire.isCluster) {
      this.#drop(wire);
      if (this.#failures++ === 0) {
        void this.#connect().catch(() => {});
      } else {
        this.#failure = reason;
        this.#retryLater();
      }
    } else if (this.#retryTimer === undefined && this.#connecting === undefined) {
      this.#failures = Math.max(this.#failures, 1);
      this.#failure = reason;
      this.#retryLater();
    }
  }

  #drop(wire: Wire): void {
    this.#wire = undefined;
    wire.destroy();
    this.#listener?.disconnected();
  }

  #retryLater(): void {
    if (this.#isClosed || this.#retryTimer !== undefined) return;
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures++;
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined;
        void this.#connect().catch(() => {});
      },
      pause * (0.5 + Math.random() / 2),
    );
    this.#retryTimer.unref();
  }
}

function itself<T>(reply: T): T {
  return reply;
}

/** Calls that are under way there are answered, or have run out of time by then. */
function retire(wire: Wire, timeout: number): void {
  setTimeout(() => wire.destroy(), timeout).unref();
}
