import { setTimeout } from 'node:timers/promises';

const PAUSE_MS = 10;
const LIMIT_MS = 30_000;

/** Waits until `holds`. An error of it is a no. @throws Error, with the last one as its cause, if it never does. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  let cause: unknown;
  while (Date.now() < end) {
    try {
      if (await holds()) return;
    } catch (error) {
      cause = error;
    }
    await setTimeout(PAUSE_MS);
  }
  throw new Error(`Waited in vain: ${what}.`, { cause });
}
