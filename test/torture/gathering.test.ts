import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SharedCache } from 'locmem';
import { checkSegment } from '../shared/check-segment.js';
import { COUNTS, type Note, type Role } from './gathering-process.js';
import { freshLocation } from './shared-place.js';

const PROGRAM = fileURLToPath(new URL('./gathering-process.js', import.meta.url));
/** Two workers of a cluster, a process and its two threads, three that nobody is the parent of, and one that was written elsewhere. */
const ROLES: readonly Role[] = ['cluster', 'threads', 'orphan', 'orphan', 'orphan'];
const SIZE = 2 + 3 + 3 + 1;

/** A program of somebody else, with options of his own, started in another folder. */
const STRANGER = (location: string) => `
  import { SharedCache } from ${JSON.stringify(import.meta.resolve('locmem'))};
  const cache = new SharedCache({ location: ${JSON.stringify(location)}, maxBytes: 2 ** 20, values: 'frozen', nearEntries: 5 });
  for (const counter of ['came', 'here', 'count', 'done']) cache.addSync(counter, 0, null);
  const number = cache.incrSync('came');
  cache.setSync('hello:' + number, { role: 'stranger' }, null);
  cache.incrSync('here');
  while (cache.getSync('here') < ${SIZE}) await new Promise((resolve) => setTimeout(resolve, 2));
  for (let i = 0; i < ${COUNTS}; i++) cache.incrSync('count');
  let met = 0;
  for (let i = 1; i <= ${SIZE}; i++) if (typeof cache.getSync('hello:' + i)?.role === 'string') met++;
  const { pid, ppid: parent } = process;
  cache.setSync('note:' + number, { role: 'stranger', pid, parent, thread: 0, met }, null);
  cache.incrSync('done');
`;

describe('whoever opens the same location', () => {
  it('has the same cache: workers of a cluster, threads, orphans and strangers, in any order', async () => {
    const location = freshLocation();
    const starts = ROLES.map((role) => () => spawn(process.execPath, [PROGRAM, location, String(SIZE), role]));
    const stranger = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', STRANGER(location)], { cwd: '/' });
    const all = [...starts, stranger].sort(() => Math.random() - 0.5);
    for (const start of all) start();

    const cache = new SharedCache({ location, maxBytes: '1mb', ttl: null });
    for (let looks = 0; (cache.getSync<number>('done') ?? 0) < SIZE; looks++) {
      assert.ok(looks < 6000, `${cache.getSync('here')} came, ${cache.getSync('done')} are done`);
      await setTimeout(5);
    }
    assert.equal(cache.getSync('count'), SIZE * COUNTS);
    const notes = [...cache.getManySync<Note>(Array.from({ length: SIZE }, (_, i) => `note:${i + 1}`)).values()];
    assert.deepStrictEqual(
      notes.map(({ role, met }) => [role, met]).sort(),
      ['cluster', 'cluster', 'program', 'program', 'program', 'stranger', 'thread', 'thread', 'threads'].map((role) => [
        role,
        SIZE,
      ]),
    );
    assert.equal(new Set(notes.map(({ pid, thread }) => `${pid} ${thread}`)).size, SIZE);
    assert.equal(new Set(notes.map(({ pid }) => pid)).size, SIZE - 2, 'threads share their process');
    for (const { role, parent } of notes) if (role === 'program') assert.notEqual(parent, process.pid);
    cache.closeSync();
    checkSegment(location, '1mb');
  });
});
