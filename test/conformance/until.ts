import { setImmediate } from 'node:timers/promises';

/** Resolves when `check` holds: for what goes on behind. A test that waits in vain is ended by its runner. */
export async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await check())) await setImmediate();
}
