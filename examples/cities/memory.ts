import { readFile } from 'node:fs/promises';

/**
 * The memory of processes together, in bytes, by their proportional set size: a page that several processes map, as they
 * do a shared segment and the program's own code, is divided among them, so that it counts once. (In the sum of their
 * RSS it counts once for each.) `undefined` where the system, or one of the processes, does not tell.
 */
export async function proportionalBytes(pids: readonly number[]): Promise<number | undefined> {
  try {
    const each = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/smaps_rollup`, 'utf8')));
    return each.reduce((sum, text) => sum + Number(/^Pss: +(\d+) kB/m.exec(text)?.[1]) * 1024, 0);
  } catch {
    return undefined;
  }
}
