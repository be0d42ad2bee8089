import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';

/** What suites may need, by the name of the program, and of its package on Debian. Sentinels are redis-servers. */
export type Program = 'redis-server' | 'memcached';

/**
 * Suites that need `program`. Where it is not installed they are left out, which is written to the file that
 * `SUITES_LEFT_OUT` names, for `npm test` to tell at its end; under `CI` that is a failure.
 */
export function needs(program: Program, suites: () => void): void {
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0) {
    suites();
    return;
  }
  const file = basename(process.argv[1] ?? '', '.js');
  const { SUITES_LEFT_OUT, CI } = process.env;
  if (SUITES_LEFT_OUT) appendFileSync(SUITES_LEFT_OUT, `${file} needs ${program}\n`);
  const reason = `${program} is not on the PATH`;
  describe(file, () => {
    it(`needs ${program}`, { skip: !CI && reason }, () => {
      throw new Error(`${reason}. Under CI no suite may be left out.`);
    });
  });
}
