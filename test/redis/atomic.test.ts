import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RedisCache } from 'locmem';
import { runProgram } from '../child-program.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';

const PROCESSES = 8;
const KEYS = 50;
const ROUNDS = 200;

needs('redis-server', () => {
  describe('processes at one server', () => {
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    /** What each of the processes prints, read as JSON. */
    async function inEach(body: string): Promise<number[]> {
      const program = `
        import { RedisCache } from 'locmem';
        const cache = new RedisCache({ url: '${server.url}', keyPrefix: 'many', commandTimeout: '20s' });
        await cache.get('warm');
        ${body}
        await cache.close();`;
      const results = await Promise.all(Array.from({ length: PROCESSES }, () => runProgram(program)));
      return results.map(({ stdout, stderr }) => {
        assert.equal(stderr, '');
        return JSON.parse(stdout) as number;
      });
    }

    it('add, and only one wins each key', async () => {
      const wins = await inEach(`
        const added = await Promise.all(Array.from({ length: ${KEYS} }, (_, i) => cache.add('k' + i, process.pid)));
        console.log(added.filter((was) => was).length);`);
      assert.equal(
        wins.reduce((sum, won) => sum + won, 0),
        KEYS,
      );
    });

    it('count together, whole numbers and others, and no step is lost, nor the expiry', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'many', commandTimeout: '20s' });
      await cache.setMany({ whole: 0, part: 0 }, '1h');
      await inEach(`
        for (let i = 0; i < ${ROUNDS}; i++) await Promise.all([cache.incr('whole'), cache.incr('part', 0.25)]);
        console.log(1);`);
      assert.equal(await cache.get('whole'), PROCESSES * ROUNDS);
      assert.equal(await cache.get('part'), (PROCESSES * ROUNDS) / 4);
      for (const name of ['many:1:whole', 'many:1:part']) {
        const left = Number(await server.command('PTTL', name));
        assert.ok(left > 3_000_000 && left <= 3_600_000, `${left} ms left`);
      }
    });

    it('move one entry, and only one has moved it', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'many', commandTimeout: '20s' });
      await cache.setMany(new Map(Array.from({ length: KEYS }, (_, i) => [`m${i}`, i])));
      const moves = await inEach(`
        const ends = await Promise.allSettled(Array.from({ length: ${KEYS} }, (_, i) => cache.incrVersion('m' + i)));
        console.log(ends.filter(({ status }) => status === 'fulfilled').length);`);
      assert.equal(
        moves.reduce((sum, moved) => sum + moved, 0),
        KEYS,
      );
    });
  });
});
