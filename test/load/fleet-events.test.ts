import assert from 'node:assert/strict';
import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import type { CacheEvents, ErrorEvent, LeaseWaitEvent } from 'locmem';
import { gatedRun } from '../conformance/gate.js';
import { until } from '../conformance/until.js';
import { MemoryProcess, MemoryServer, MemoryServerCache } from './memory-server.js';

type Name = 'locmem:lease-waited' | 'locmem:lease-taken-over' | 'locmem:error' | 'locmem:miss';

async function heard<N extends Name>(names: readonly N[], body: () => Promise<void>): Promise<[N, CacheEvents[N]][]> {
  const told: [N, CacheEvents[N]][] = [];
  const listeners = names.map((name): [N, ChannelListener] => [
    name,
    (event) => void told.push([name, event as CacheEvents[N]]),
  ]);
  for (const [name, listener] of listeners) subscribe(name, listener);
  try {
    await body();
  } finally {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  }
  return told;
}

const LEASES = ['locmem:lease-waited', 'locmem:lease-taken-over'] as const;

/** Whether the second of two has looked in vain, and asks again. */
function hasWaited({ calls }: MemoryServer): boolean {
  return calls.filter((call) => call === 'takeLease').length > 2;
}

describe('what is told of other processes', () => {
  function fleet() {
    const server = new MemoryServer();
    const process = () => new MemoryServerCache(server, {}, new MemoryProcess());
    return { server, first: process(), second: process() };
  }

  it('who waits for the value of another tells how long', async () => {
    const { server, first, second } = fleet();
    const run = gatedRun<string>();
    const told = await heard(LEASES, async () => {
      const one = first.getOrSet('k', run.factory);
      await run.begun;
      const other = second.getOrSet('k', () => assert.fail('the factory ran'));
      await until(() => hasWaited(server));
      run.open('made');
      assert.deepStrictEqual(await Promise.all([one, other]), ['made', 'made']);
    });
    assert.equal(told.length, 1);
    const [name, event] = told[0]!;
    const { cache, key, operation, end, waited } = event as LeaseWaitEvent;
    assert.deepStrictEqual(
      [name, cache === second, key, operation, end],
      ['locmem:lease-waited', true, 'k', 'getOrSet', 'value'],
    );
    assert.ok(waited > 0);
  });

  it('a lease that comes without a value is taken over', async () => {
    const { server, first, second } = fleet();
    const run = gatedRun<string>();
    const told = await heard(LEASES, async () => {
      void first.getOrSet('k', run.factory);
      await run.begun;
      const other = second.getOrSet('k', () => 'mine');
      await until(() => hasWaited(server));
      // As the lease of who was killed ends.
      server.leases.clear();
      assert.equal(await other, 'mine');
    });
    assert.deepStrictEqual(
      told.map(([name, event]) => [name, event.key, 'end' in event ? event.end : undefined]),
      [
        ['locmem:lease-waited', 'k', 'lease'],
        ['locmem:lease-taken-over', 'k', undefined],
      ],
    );
    run.open('late');
  });

  it('who has waited long enough runs without', async () => {
    const { first, second } = fleet();
    const run = gatedRun<string>();
    const told = await heard(LEASES, async () => {
      void first.getOrSet('k', run.factory);
      await run.begun;
      assert.equal(await second.getOrSet('k', () => 'mine', { lockTimeout: 1 }), 'mine');
    });
    assert.deepStrictEqual(
      told.map(([name, event]) => [name, 'end' in event ? event.end : undefined]),
      [['locmem:lease-waited', 'timeout']],
    );
    run.open('late');
  });

  for (const failOpen of [false, true]) {
    it(`a server that does not answer, ${failOpen ? 'hidden by failOpen' : 'as the call tells, too'}`, async () => {
      const server = new MemoryServer();
      const cache = new MemoryServerCache(server, { failOpen });
      server.isDown = true;
      const told = await heard(['locmem:error', 'locmem:miss'], async () => {
        for (const call of [() => cache.get('k'), () => cache.set('k', 1), () => cache.deleteTag('t')]) {
          if (failOpen) await call();
          else await assert.rejects(call, { code: 'ERR_LOCMEM_UNAVAILABLE' });
        }
      });
      const errors = told.filter(([name]) => name === 'locmem:error').map(([, event]) => event as ErrorEvent);
      assert.deepStrictEqual(
        errors.map(({ operation, isHidden }) => [operation, isHidden]),
        ['get', 'set', 'deleteTags'].map((operation) => [operation, failOpen]),
      );
      assert.equal(errors.length, (await cache.stats()).errors);
      // What is missing because nobody answers is a miss to who goes on without.
      assert.equal(told.length - errors.length, failOpen ? 1 : 0);
      server.isDown = false;
    });
  }
});
