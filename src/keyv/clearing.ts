import type { CacheSettings } from '../core/cache-options.js';
import { cannotClearUnder } from '../core/clear-under.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { storedKeys } from '../core/stored-keys.js';
import type { NameQueues } from './name-queues.js';
import type { Rows } from './rows.js';
import type { TimeLimit } from './time-limit.js';

/** Rows that are deleted at a time: adapters put their names in one statement. */
const BATCH = 500;
const NO_ITERATOR = "the Keyv's store has no iterator";

/** The removal of all entries of a cache, or of those that begin alike, while no other change of this process runs. */
export class Clearing {
  readonly #rows: Rows;
  readonly #queues: NameQueues;
  readonly #limit: TimeLimit;
  readonly #settings: CacheSettings;

  constructor(rows: Rows, queues: NameQueues, limit: TimeLimit, settings: CacheSettings) {
    this.#rows = rows;
    this.#queues = queues;
    this.#limit = limit;
    this.#settings = settings;
  }

  async removeAll(): Promise<void> {
    const { keyPrefix } = this.#settings;
    if (keyPrefix === '') {
      return this.#limit.run(({ over }) => this.#queues.runAlone(() => Promise.race([over, this.#rows.clear()])));
    }
    const { isOurs } = storedKeys(this.#settings);
    if (!this.#rows.canList) throw cannotClear(keyPrefix);
    return this.#removeListed(isOurs);
  }

  async removeUnder(head: string): Promise<void> {
    if (!this.#rows.canList) throw cannotClearUnder(head, NO_ITERATOR);
    return this.#removeListed((name) => name.startsWith(head));
  }

  /** However many there are, no step takes longer than one call may. */
  #removeListed(isWanted: (name: string) => boolean): Promise<void> {
    const rows = this.#rows;
    return this.#queues.runAlone(async () => {
      const names: string[] = [];
      const list = rows.list();
      for (;;) {
        const { done, value } = await this.#limit.run(() => list.next());
        if (done) break;
        if (isWanted(value)) names.push(value);
      }
      for (let i = 0; i < names.length; i += BATCH) {
        await this.#limit.run(() => rows.deleteMany(names.slice(i, i + BATCH)));
      }
    });
  }
}

function cannotClear(prefix: string): InvalidConfigError {
  return new InvalidConfigError(
    `clear() cannot tell the entries of the keyPrefix ${show(prefix)} from others: ${NO_ITERATOR}. Use a Keyv with a ` +
      'namespace of its own instead of the prefix.',
  );
}
