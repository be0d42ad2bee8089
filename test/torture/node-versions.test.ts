import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkSegment } from '../shared/check-segment.js';
import { freshLocation, NODES } from './shared-place.js';

const OPTIONS = { maxBytes: '4mb', ttl: null } as const;
const PROGRAM = fileURLToPath(new URL('./values-process.js', import.meta.url));

/** @returns what is wrong. */
async function run(execPath: string, role: 'write' | 'read', location: string): Promise<unknown> {
  const child = fork(PROGRAM, [role, JSON.stringify({ location, ...OPTIONS })], { execPath });
  const ended = once(child, 'exit').then(([code, signal]) => [`ended by ${signal ?? code}`]);
  return Promise.race([once(child, 'message').then(([wrong]) => wrong), ended]);
}

describe('several versions of Node on one segment', {
  skip: NODES.length < 2 && 'npm run test:versions tries them together',
}, () => {
  for (const [i, writer] of NODES.entries()) {
    it(`read every kind of value that number ${i + 1} of them wrote`, async () => {
      const location = freshLocation();
      assert.deepStrictEqual(await run(writer, 'write', location), []);
      const all = await Promise.all(NODES.map((reader) => run(reader, 'read', location)));
      assert.deepStrictEqual(all.flat(), []);
      checkSegment(location, OPTIONS.maxBytes);
    });
  }
});
