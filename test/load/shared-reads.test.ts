import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { LoadOptions } from 'locmem';
import { gate } from '../conformance/gate.js';
import { vandalize } from '../conformance/reach.js';
import { MemoryProcess, MemoryServer, MemoryServerCache } from './memory-server.js';

const notRun = (): never => assert.fail('ran');

for (const [read, options] of [
  ['read', {}],
  ['recall', { staleWhileRevalidate: 1000 }],
] as const satisfies [string, LoadOptions][]) {
  describe(`a read that getOrSet is about to send (${read})`, () => {
    /** A server that reads when it is asked, and answers when the test says. */
    function lateServer() {
      const server = new MemoryServer();
      const answers = gate<void>();
      server.ask = async (call, answer) => {
        server.calls.push(call);
        const found = answer();
        if (call === read) await answers.opened;
        return found;
      };
      return { server, answers };
    }

    it('is shared by all who ask before it is sent, and each has a value of his own', async () => {
      const server = new MemoryServer();
      const cache = new MemoryServerCache(server);
      const value = { list: [1] };
      await cache.set('k', value);
      server.calls.length = 0;
      const waiting = Array.from({ length: 100 }, () => cache.getOrSet('k', notRun, options));
      for (const answer of await Promise.all(waiting)) {
        assert.deepStrictEqual(answer, value);
        vandalize(answer);
      }
      assert.deepStrictEqual(server.calls, [read]);
      assert.equal((await cache.stats()).hits, 100);
    });

    it('is one for a stampede, whose callers join one run, and are counted each', async () => {
      const server = new MemoryServer();
      const cache = new MemoryServerCache(server);
      let runs = 0;
      const waiting = Array.from({ length: 100 }, () => cache.getOrSet('k', () => ({ run: ++runs }), options));
      for (const answer of await Promise.all(waiting)) {
        assert.deepStrictEqual(answer, { run: 1 });
        vandalize(answer);
      }
      assert.equal(server.calls.filter((call) => call === read).length, read === 'read' ? 1 : 2);
      assert.equal((await cache.stats()).misses, 100);
    });

    it('is shared no more when it is sent: another process may have written since, and told', async () => {
      const { server, answers } = lateServer();
      const [here, there] = [1, 2].map(() => new MemoryServerCache(server, {}, new MemoryProcess()));
      const early = here!.getOrSet('k', () => 'made', { ...options, lockTimeout: 0 });
      await turn();
      assert.deepStrictEqual(server.calls, [read]);
      await there!.set('k', 'written there');
      const late = here!.getOrSet('k', notRun, options);
      answers.open();
      assert.equal(await late, 'written there');
      await early;
    });

    it('is not shared by who asks after a write of this process', async () => {
      const server = new MemoryServer();
      const cache = new MemoryServerCache(server);
      const early = cache.getOrSet('k', () => 'made', options);
      const writing = cache.set('k', 'written');
      const late = cache.getOrSet('k', notRun, options);
      await writing;
      assert.equal(await late, 'written');
      await early;
    });

    it('that fails, fails for each, and is counted for each', async () => {
      const server = new MemoryServer();
      server.isDown = true;
      const cache = new MemoryServerCache(server);
      const failing = [1, 2, 3].map(() => cache.getOrSet('k', notRun, options));
      await Promise.all(failing.map((one) => assert.rejects(one, { code: 'ERR_LOCMEM_UNAVAILABLE' })));
      assert.deepStrictEqual(server.calls, [read]);
      assert.equal((await cache.stats()).errors, 3);
      const open = new MemoryServerCache(server, { failOpen: true });
      const answers = await Promise.all([1, 2, 3].map(() => open.getOrSet('k', () => 'made', options)));
      assert.deepStrictEqual(answers, ['made', 'made', 'made']);
    });

    it('is of one cache: another has a server of its own, or fails in its own way', async () => {
      const server = new MemoryServer();
      const [one, other] = [new MemoryServerCache(server), new MemoryServerCache(server)];
      await Promise.all([one, other].map((cache) => cache.getOrSet('k', () => 'made', options)));
      assert.deepStrictEqual(server.calls.slice(0, 2), [read, read]);
    });
  });
}

it('a read and a recall of one entry are two', async () => {
  const server = new MemoryServer();
  const cache = new MemoryServerCache(server);
  await cache.set('k', { list: [1] });
  server.calls.length = 0;
  const both = [cache.getOrSet('k', notRun), cache.getOrSet('k', notRun, { staleIfError: 1000 })];
  assert.deepStrictEqual(await Promise.all(both), [{ list: [1] }, { list: [1] }]);
  assert.deepStrictEqual(server.calls, ['read', 'recall']);
});
