import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Removes the folder when this process ends, or is killed: its input ends then. A server may write while it ends. */
const UNTIL_INPUT_ENDS = 'while read -r _; do :; done; until rm -rf "$1"; do sleep 0.1; done';

let root: string | undefined;
let remover: ChildProcess | undefined;

/** A temporary folder for one server, which is gone soon after this process. */
export function serverFolder(): string {
  root ??= mkdtempSync(join(tmpdir(), 'locmem-servers-'));
  if (remover === undefined) {
    remover = spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', root], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    remover.unref();
    (remover.stdin as unknown as { unref(): void }).unref();
  }
  return mkdtempSync(join(root, 'server-'));
}
