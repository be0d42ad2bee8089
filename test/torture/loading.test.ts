import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedCache } from 'locmem';
import { Child, freshLocation } from './shared-place.js';

const PROGRAM = './loading-process.js';
const PROCESSES = 5;
const ROUNDS = 20;
const HANG = 30_000;

interface Report {
  readonly runs: number;
  readonly values: readonly { by: number }[];
}

async function children(location: string, count: number): Promise<Child[]> {
  const all = Array.from({ length: count }, () => new Child(PROGRAM, location));
  for (const child of all) assert.equal(await child.next(), 'ready');
  return all;
}

async function end(all: readonly Child[]): Promise<void> {
  for (const child of all) {
    child.signal('SIGKILL');
    await child.end();
  }
}

describe('a key that several processes load at once', () => {
  it('is loaded once a round, by one of them, for all', async () => {
    const location = freshLocation();
    const cache = new SharedCache({ location, maxBytes: '1mb', ttl: null });
    const all = await children(location, PROCESSES);
    for (let round = 0; round < ROUNDS; round++) {
      const reports = all.map((child) => child.next() as Promise<Report>);
      for (const child of all) child.send('key');
      const said = await Promise.all(reports);
      assert.equal(
        said.reduce((sum, { runs }) => sum + runs, 0),
        1,
        `runs in round ${round}`,
      );
      const [first] = said[0]!.values;
      for (const { values } of said) for (const value of values) assert.deepStrictEqual(value, first);
      cache.deleteTagSync('loaded');
    }
    await end(all);
    cache.closeSync();
  });

  it('is loaded by another when its loader is killed, and by nobody else while it is stopped', async () => {
    const location = freshLocation();
    const cache = new SharedCache({ location, maxBytes: '1mb', ttl: null });
    const [loader, ...others] = await children(location, 3);
    loader!.send('hangs');
    assert.equal(await loader!.next(), 'hanging');
    loader!.signal('SIGSTOP');
    const reports = others.map((child) => child.next() as Promise<Report>);
    for (const child of others) child.send('hangs');
    cache.setSync('may go on', true);
    // Long enough for each to have looked several times.
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(cache.getSync('hangs'), undefined);
    loader!.signal('SIGKILL');
    const watchdog = setTimeout(() => void end(others), HANG);
    const said = await Promise.all(reports);
    clearTimeout(watchdog);
    assert.equal(
      said.reduce((sum, { runs }) => sum + runs, 0),
      1,
      JSON.stringify(said),
    );
    await end(others);
    cache.closeSync();
  });
});
