/** What a run of tests leaves out because a server is not installed: each suite adds a line to a file of the run's. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class LeftOut {
  #folder = mkdtempSync(join(tmpdir(), 'locmem-tests-'));
  #file = join(this.#folder, 'left-out');

  constructor() {
    writeFileSync(this.#file, '');
  }

  /** What the tests' environment must hold. */
  get env() {
    return { SUITES_LEFT_OUT: this.#file };
  }

  /** Says what was left out, and how to have it. @returns whether that may be: under `CI` nothing may. */
  tell() {
    const suites = [...new Set(readFileSync(this.#file, 'utf8').split('\n').filter(Boolean))].sort();
    rmSync(this.#folder, { recursive: true, force: true });
    if (suites.length === 0) return true;
    console.log('\nLeft out, because a server is not installed:');
    for (const suite of suites) console.log(`  ${suite}`);
    console.log('To have them: apt-get install redis-server memcached, or whatever puts these on the PATH.');
    if (process.env.CI) console.log('Under CI that is a failure.');
    return !process.env.CI;
  }
}
