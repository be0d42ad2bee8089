import { CacheClosedError, CacheUnavailableError } from '../core/errors.js';
import { type Connect, type Connection, type ConnectionSettings, loadConnect, loadedConnect } from './connection.js';
import { dumpNames } from './name-dump.js';

/** A value that the server has sent. */
export interface Item {
  readonly name: string;
  readonly flags: number;
  /** Changes with each write; for `cas`. Empty where it was not asked for. */
  readonly unique: string;
  readonly bytes: Buffer;
}

/** The answer to one command: the values, and the line after them. */
export interface Reply {
  readonly items: readonly Item[];
  readonly line: string;
}

/** One command, its end of line included. */
export type Command = string | Buffer;

/** Calls that wait for one server, at most: those beyond are refused at once. */
const MOST_WAITING = 10_000;
const KNOWN_LINE =
  /^(?:END|STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|OK|\d+ *|(?:CLIENT_|SERVER_)?ERROR.*|VERSION .*|HD.*|EN)$/;
/** Milliseconds between attempts to reach a server that is down: twice as long each time. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/** Commands that are sent without waiting for the first reply, and their length: all must be answered in one timeout. */
const MOST_COMMANDS = 2000;
const MOST_LENGTH = 2 ** 22;

/** Commands sent together, and the replies as they come. */
class Exchange {
  readonly replies: Reply[] = [];
  items: Item[] = [];
  readonly #size: number;
  readonly #resolve: (replies: Reply[]) => void;
  readonly #reject: (error: Error) => void;
  isSettled = false;

  constructor(size: number, resolve: (replies: Reply[]) => void, reject: (error: Error) => void) {
    this.#size = size;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** A command is answered; whether that was the last. */
  answer(line: string): boolean {
    this.replies.push({ items: this.items, line });
    this.items = [];
    if (this.replies.length < this.#size) return false;
    this.isSettled = true;
    this.#resolve(this.replies);
    return true;
  }

  fail(error: Error): void {
    this.isSettled = true;
    this.#reject(error);
  }
}

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
    if (commands.length === 1) return this.#exchangePart(commands, timeout);
    const replies: Reply[] = [];
    for (const part of parts(commands)) replies.push(...(await this.#exchangePart(part, timeout)));
    return replies;
  }

  async #exchangePart(commands: readonly Command[], timeout: number): Promise<Reply[]> {
    if (this.#failure !== undefined) throw this.#unavailable('is down', this.#failure);
    if (this.#waiting >= MOST_WAITING) throw this.#unavailable(`has ${MOST_WAITING} calls waiting for it`);
    this.#waiting++;
    try {
      return await this.#send(loadedConnect() ?? (await loadConnect()), commands, timeout, true);
    } finally {
      if (--this.#waiting === 0) this.#onIdle?.();
    }
  }

  /** The stored keys that are `isWanted`. @throws CacheUnavailableError, or CacheError if the server refuses to name them. */
  async names(isWanted: (name: string) => boolean, timeout: number): Promise<string[]> {
    if (this.#failure !== undefined) throw this.#unavailable('is down', this.#failure);
    this.#waiting++;
    try {
      return await dumpNames(this.address, await loadConnect(), this.#settings, isWanted, timeout);
    } finally {
      if (--this.#waiting === 0) this.#onIdle?.();
    }
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

  #send(connect: Connect, commands: readonly Command[], timeout: number, isAwaited: boolean): Promise<Reply[]> {
    if (this.#isClosed) throw new CacheClosedError(`The caches at ${this.address} were closed.`);
    this.#line ??= this.#open(connect);
    const line = this.#line;
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(
        commands.length,
        (replies) => {
          clearTimeout(timer);
          resolve(replies);
        },
        (error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
      const timer = setTimeout(() => {
        // After a pause of the whole process the replies may be here, and only not read yet: that comes first.
        setImmediate(() => {
          if (!exchange.isSettled) this.#lose(line, new Error(`There was no answer within ${timeout} ms.`), true);
        });
      }, timeout);
      // The sockets keep no process alive: who waits does, until there is an answer.
      if (!isAwaited) timer.unref();
      line.queue.push(exchange);
      write(line.connection, commands);
    });
  }

  #open(connect: Connect): Line {
    const queue: Exchange[] = [];
    const line: Line = {
      queue,
      connection: connect(this.address, this.#settings, {
        onValue([, name, flags, , unique], bytes) {
          current().items.push({ name: name!, flags: Number(flags), unique: unique ?? '', bytes });
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
      await this.#send(loadedConnect()!, ['version\r\n'], LONGEST_PAUSE, false);
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

function* parts(commands: readonly Command[]): Iterable<readonly Command[]> {
  let start = 0;
  let length = 0;
  for (const [i, command] of commands.entries()) {
    if (i > start && (i - start === MOST_COMMANDS || length + command.length > MOST_LENGTH)) {
      yield commands.slice(start, i);
      start = i;
      length = 0;
    }
    length += command.length;
  }
  if (start < commands.length) yield commands.slice(start);
}
