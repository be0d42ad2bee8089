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

const NO_ITEMS: readonly Item[] = [];

/** Commands sent together, and the replies as they come. */
export class Exchange {
  readonly replies: Promise<Reply[]>;
  isSettled = false;
  readonly #received: Reply[] = [];
  readonly #size: number;
  readonly #onSettled: () => void;
  #items: Item[] | undefined;
  #resolve!: (replies: Reply[]) => void;
  #reject!: (error: Error) => void;

  /** @param size how many commands are to be answered. */
  constructor(size: number, onSettled: () => void) {
    this.#size = size;
    this.#onSettled = onSettled;
    this.replies = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** A value has come, of the command that is answered next. */
  add(item: Item): void {
    this.#items ??= [];
    this.#items.push(item);
  }

  /** A command is answered; whether that was the last. */
  answer(line: string): boolean {
    this.#received.push({ items: this.#items ?? NO_ITEMS, line });
    this.#items = undefined;
    if (this.#received.length < this.#size) return false;
    this.#settle();
    this.#resolve(this.#received);
    return true;
  }

  fail(error: Error): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.isSettled = true;
    this.#onSettled();
  }
}

/** Commands that are sent without waiting for the first reply, and their length: all must be answered in one timeout. */
const MOST_COMMANDS = 2000;
const MOST_LENGTH = 2 ** 22;

/** Cuts very many commands, or very long ones, into parts to be sent one after the other. */
export function parts(commands: readonly Command[]): (readonly Command[])[] {
  const cut: (readonly Command[])[] = [];
  let start = 0;
  let length = 0;
  for (const [i, command] of commands.entries()) {
    if (i > start && (i - start === MOST_COMMANDS || length + command.length > MOST_LENGTH)) {
      cut.push(commands.slice(start, i));
      start = i;
      length = 0;
    }
    length += command.length;
  }
  cut.push(start === 0 ? commands : commands.slice(start));
  return cut;
}
