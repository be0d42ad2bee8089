import { setTimeout } from 'node:timers/promises';

const PAUSE_MS = 10;
/** Far longer than anything takes: sentinels alone do nothing for 30 s after their machine has stood still for two (TILT). */
const LIMIT_MS = 90_000;

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
