import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const SUITES = fileURLToPath(new URL('./servers.test.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'locmem-needs-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs suites that need servers where there are none. */
function runWithoutServers(env: NodeJS.ProcessEnv) {
  const leftOut = join(folder, 'left-out');
  writeFileSync(leftOut, '');
  const { status, stdout } = spawnSync(process.execPath, ['--test-reporter=tap', SUITES], {
    env: { PATH: folder, SUITES_LEFT_OUT: leftOut, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, leftOut: readFileSync(leftOut, 'utf8') };
}

describe('suites that need a server which is not installed', () => {
  const noted = 'servers.test needs redis-server\nservers.test needs memcached\n';

  it('are skipped, and noted for the end of the run', () => {
    const { status, stdout, leftOut } = runWithoutServers({});
    assert.equal(status, 0, stdout);
    assert.match(stdout, /SKIP redis-server is not on the PATH/);
    assert.equal(leftOut, noted);
  });

  it('are a failure under CI', () => {
    const { status, stdout, leftOut } = runWithoutServers({ CI: 'true' });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /not ok.*needs memcached/);
    assert.equal(leftOut, noted);
  });
});
