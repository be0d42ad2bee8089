/**
 * Installs the servers that tests are run against, where it may: on Debian, as root, what is not on the PATH. Elsewhere
 * it does nothing, and the suites that need them say so.
 */
import { spawnSync } from 'node:child_process';

/** Programs, and Debian's packages of the same names. */
const SERVERS = ['redis-server', 'memcached'];
const LIMIT_MS = 180_000;
const PROMPT = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20'];

export function installServers() {
  const missing = SERVERS.filter((program) => !runs(program, ['--version']));
  if (missing.length === 0 || process.getuid?.() !== 0 || !runs('apt-get', ['--version'])) return;
  const command = ['install', '--yes', '--no-install-recommends', ...missing];
  console.log(`Tests are run against real servers: apt-get ${command.join(' ')}`);
  // A fresh machine has no lists of packages, or old ones.
  const isDone = apt(...command) || (apt('update') && apt(...command));
  if (!isDone) console.log('It could not install them.');
}

function apt(...command) {
  return runs('apt-get', [...PROMPT, ...command]);
}

function runs(program, args) {
  // Tests start servers of their own: those of the packages are not to be started as services of the machine.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' };
  return spawnSync(program, args, { stdio: 'ignore', env, timeout: LIMIT_MS }).status === 0;
}
