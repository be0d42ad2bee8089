import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { SharedCache } from 'locmem';
import { checkSegment } from '../shared/check-segment.js';
import { Child, freshLocation, timeOf } from './shared-place.js';

const WORKERS = 3;

describe('workers under a random load of all operations', () => {
  for (const [maxBytes, share] of [
    ['32mb', 'kills under load, large'],
    ['1mb', 'kills under load, small'],
  ] as const) {
    it(`are killed at random: nothing is wrong, nothing hangs, every count is kept (${maxBytes})`, async () => {
      const location = freshLocation();
      const cache = new SharedCache({ location, maxBytes, ttl: null });
      cache.setSync('counter', 0);
      const tallies: string[] = [];
      const wrong: string[] = [];
      const start = async (): Promise<Child> => {
        const tally = freshLocation();
        tallies.push(tally);
        const child = new Child('./load-process.js', location, maxBytes, String(tallies.length), tally);
        child.onMessage((message) => {
          if (message !== 'ready') wrong.push(JSON.stringify(message));
        });
        await child.next();
        return child;
      };
      const workers = await Promise.all(Array.from({ length: WORKERS }, start));
      let kills = 0;
      for (const end = Date.now() + timeOf(share, 3000); Date.now() < end && wrong.length === 0; ) {
        await setTimeout(20 + Math.random() * 80);
        const victim = Math.floor(Math.random() * WORKERS);
        workers[victim]!.signal('SIGKILL');
        assert.equal(await workers[victim]!.end(), 'SIGKILL', 'no worker ends by itself');
        kills++;
        workers[victim] = await start();
      }
      for (const worker of workers) {
        worker.signal('SIGKILL');
        assert.equal(await worker.end(), 'SIGKILL');
        kills++;
      }
      assert.deepStrictEqual(wrong, []);
      const acknowledged = tallies.reduce((sum, tally) => sum + statSync(tally).size, 0);
      const counter = cache.getSync<number>('counter');
      assert.ok(acknowledged > 0 && kills > WORKERS);
      assert.ok(counter! >= acknowledged && counter! <= acknowledged + kills, `${counter} of ${acknowledged}`);
      checkSegment(location, maxBytes);
      cache.closeSync();
    });
  }
});
