import type { Address } from '../core/engine.js';
import { CacheUnavailableError, show } from '../core/errors.js';
import type { Calls } from './calls.js';
import type { Entries } from './entries.js';
import type { Command } from './exchange.js';
import type { Found } from './found.js';
import { isStored } from './replies.js';

/** Somebody came between: try again. */
export const AGAIN: unique symbol = Symbol('again');

/** What is to be made of an entry, and what the caller is told when it is done. */
export interface Plan<T> {
  readonly command?: Command;
  readonly result: T;
}

/** Changes that take more than one step: they end by a `cas`, and begin anew where somebody has written since. */
export class Changes {
  readonly #calls: Calls;
  readonly #entries: Entries;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(calls: Calls, entries: Entries) {
    this.#calls = calls;
    this.#entries = entries;
  }

  /** Reads an entry and writes by `cas` what is planned, as often as somebody comes between. */
  change<T>(
    at: Address,
    missing: T,
    plan: (found: Found) => Plan<T> | Promise<Plan<T>>,
    isMeant: (found: Found) => boolean = isLive,
  ): Promise<T> {
    return this.untilSettled(at, async () => {
      const found = await this.#entries.findToChange(at.name);
      if (found === undefined || !isMeant(found)) return missing;
      const { command, result } = await plan(found);
      if (command === undefined) return result;
      const [written] = await this.#calls.send(at.name, command);
      if (written.line === 'NOT_FOUND') return missing;
      return isStored(written.line, at.name) ? result : AGAIN;
    });
  }

  /** @throws CacheUnavailableError where others came between for as long as one waits for an answer. */
  async untilSettled<T>(at: Address, attempt: () => Promise<T | typeof AGAIN>): Promise<T> {
    const settling = this.#attempts(at, attempt);
    this.#underWay.add(settling);
    try {
      return await settling;
    } finally {
      this.#underWay.delete(settling);
    }
  }

  /** None is left half done. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #attempts<T>(at: Address, attempt: () => Promise<T | typeof AGAIN>): Promise<T> {
    const { timeout } = this.#calls;
    const end = performance.now() + timeout;
    for (;;) {
      const result = await attempt();
      if (result !== AGAIN) return result;
      if (performance.now() > end) {
        throw new CacheUnavailableError(
          `The entry at ${show(at.key)} is changed by others all the time: no chance in ${timeout} ms.`,
        );
      }
    }
  }
}

function isLive(found: Found): boolean {
  return found.isLive;
}
