import { setImmediate } from 'node:timers/promises';

/** Far longer than anything takes: a test that waits in vain fails, and does not hang. */
const LIMIT_MS = 60_000;

/** Resolves when `check` holds: for what goes on behind. @throws Error if that never comes. */
export async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`This never came to hold: ${check}`);
    await setImmediate();
  }
}
