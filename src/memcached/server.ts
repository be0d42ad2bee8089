import { CacheClosedError, CacheUnavailableError } from '../core/errors.js';
import { type Connect, type Connection, type ConnectionSettings, loadConnect, loadedConnect } from './connection.js';
import { type Command, Exchange, parts, type Reply } from './exchange.js';
import { dumpNames } from './name-dump.js';

/** Calls that wait for one server, at most: those beyond are refused at once. */
const MOST_WAITING = 10_000;
/** Milliseconds between attempts to reach a server that is down: twice as long each time. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

const KNOWN_LINE =
  /^(?:END|STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|OK|\d+ *|(?:CLIENT_|SERVER_)?ERROR.*|VERSION .*|HD.*|EN)$/;

/** A connection, and the exchanges that wait for its replies, in the order sent. */
interface Line {
  readonly connection: Connection;
  readonly queue: Exchange[];
}

/**
 * One server: a connection, opened when it is needed, over which calls send their commands without waiting for each
 * other. No reply in time: the connection is given up, with all who wait. Then, or when it cannot be reached, the server
 * is down: calls fail at once, and behind them it is tried again until it answers.
 */
export class Server {
  readonly address: string;
  readonly #settings: ConnectionSettings;
  #line: Line | undefined;
  /** Why the server is down. */
  #failure: Error | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #waiting = 0;
  #onIdle: (() => void) | undefined;
  #isClosed = false;

  constructor(address: string, settings: ConnectionSettings) {
    this.address = address;
    this.#settings = settings;
  }

  /**
   * Sends commands, in order and at once; the replies, in the same order. Very many go in parts, one after the other.
   *
   * @param timeout milliseconds until the last reply (of a part) must be there.
   * @throws CacheUnavailableError
   */
  async exchange(commands: readonly Command[], timeout: number): Promise<Reply[]> {
    this.#checkUp();
    if (loadedConnect() === undefined) await this.#whileWaiting(loadConnect());
    if (commands.length === 1) return this.#send(commands, timeout, true);
    const all = parts(commands);
    if (all.length === 1) return this.#send(commands, timeout, true);
    return this.#whileWaiting(this.#sendParts(all, timeout));
  }

  async #sendParts(all: readonly (readonly Command[])[], timeout: number): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (const part of all) replies.push(...(await this.#send(part, timeout, true)));
    return replies;
  }

  /** The stored keys that are `isWanted`. @throws CacheUnavailableError, or CacheError if the server refuses to name them. */
  async names(isWanted: (name: string) => boolean, timeout: number): Promise<string[]> {
    this.#checkUp();
    const connect = await this.#whileWaiting(loadConnect());
    return this.#whileWaiting(dumpNames(this.address, connect, this.#settings, isWanted, timeout));
  }

  /** Lets go of the connection when all who wait have been answered. */
  async close(): Promise<void> {
    if (this.#waiting > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#line?.connection.close();
    this.#line = undefined;
  }

  #checkUp(): void {
    if (this.#failure !== undefined) throw this.#unavailable('is down', this.#failure);
    if (this.#waiting >= MOST_WAITING) throw this.#unavailable(`has ${MOST_WAITING} calls waiting for it`);
  }

  async #whileWaiting<T>(work: Promise<T>): Promise<T> {
    this.#waiting++;
    try {
      return await work;
    } finally {
      this.#waitsNoMore();
    }
  }

  #waitsNoMore(): void {
    if (--this.#waiting === 0) this.#onIdle?.();
  }

  /** @param isAwaited whether a caller waits, whom the process must live to answer: the sockets do not keep it alive. */
  #send(commands: readonly Command[], timeout: number, isAwaited: boolean): Promise<Reply[]> {
    if (this.#isClosed) throw new CacheClosedError(`The caches at ${this.address} were closed.`);
    this.#line ??= this.#open(loadedConnect()!);
    const line = this.#line;
    const timer = setTimeout(() => {
      // After a pause of the whole process the replies may be here, and only not read yet: that comes first.
      setImmediate(() => {
        if (!exchange.isSettled) this.#lose(line, new Error(`There was no answer within ${timeout} ms.`), true);
      });
    }, timeout);
    if (!isAwaited) timer.unref();
    this.#waiting++;
    const exchange = new Exchange(commands.length, () => {
      clearTimeout(timer);
      this.#waitsNoMore();
    });
    line.queue.push(exchange);
    write(line.connection, commands);
    return exchange.replies;
  }

  #open(connect: Connect): Line {
    const queue: Exchange[] = [];
    const line: Line = {
      queue,
      connection: connect(this.address, this.#settings, {
        onValue([, name, flags, , unique], bytes) {
          current().add({ name: name!, flags: Number(flags), unique: unique ?? '', bytes });
        },
        onLine(text) {
          if (!KNOWN_LINE.test(text)) throw new Error(`The server does not speak the protocol of memcached: ${text}`);
          if (current().answer(text)) queue.shift();
        },
        onLost: (cause, wasOpen) => this.#lose(line, cause, !wasOpen),
      }),
    };
    return line;

    function current(): Exchange {
      if (queue.length === 0) throw new Error('The server answered what nobody asked.');
      return queue[0]!;
    }
  }

  /** Ends a connection, and all who wait for it. */
  #lose(line: Line, cause: Error, isDown: boolean): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    line.connection.close();
    if (isDown) {
      this.#failure = cause;
      this.#retryLater();
    }
    for (const exchange of line.queue) exchange.fail(this.#unavailable('did not answer', cause));
  }

  #retryLater(): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures++);
    this.#retry = setTimeout(() => void this.#try(), pause).unref();
  }

  async #try(): Promise<void> {
    this.#retry = undefined;
    try {
      await this.#send(['version\r\n'], LONGEST_PAUSE, false);
      this.#failure = undefined;
      this.#failures = 0;
    } catch {
      this.#retryLater();
    }
  }

  #unavailable(what: string, cause?: Error): CacheUnavailableError {
    return new CacheUnavailableError(
      `The memcached server ${this.address} ${what}. Is it running, and reachable from here?`,
      { cause },
    );
  }
}

/** What is written in one turn of the loop goes out together. */
function write({ socket }: Connection, commands: readonly Command[]): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  for (const command of commands) socket.write(command);
}
