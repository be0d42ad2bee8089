import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Cache, type LoadContext, LocMemCache, type StandardSchema } from 'locmem';
import type { Lease, Recalled } from '#dist/core/entry-extras.js';
import { Flights } from '#dist/load/flights.js';
import { LEASE_TIME, type LeaseServer, Leases } from '#dist/load/leases.js';
import { readLoadTerms } from '#dist/load/load-terms.js';
import { serverTtl } from '#dist/memcached/expiry.js';
import { gate, gatedRun } from '../conformance/gate.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { until } from '../conformance/until.js';
import { MemoryProcess, MemoryServer, MemoryServerCache } from './memory-server.js';

/** What is common to the processes of a fleet: their entries, and the leases that they have of each other. */
interface Fleet {
  /** A cache in a process of its own. */
  process(): Cache;
  readonly leases: { readonly size: number; clear(): void };
  advance(milliseconds: number): void;
}

let fleets = 0;

/** A cache in process whose neighbours at its location are, as far as it knows, in other processes. */
class LeasedCache extends LocMemCache {
  readonly #flights = new Flights();
  readonly #leases: Set<string>;

  constructor(location: string, clock: ManualClock, leases: Set<string>) {
    super({ location, clock });
    this.#leases = leases;
  }

  protected override get flights(): Flights {
    return this.#flights;
  }

  protected override tagsChanged(tags: readonly string[]): void {
    this.#flights.overruleTagged('', tags);
  }

  protected override removeAll(): void {
    super.removeAll();
    this.#flights.overruleAll();
  }

  protected override takeLease(key: string): Lease | undefined {
    if (this.#leases.has(key)) return undefined;
    this.#leases.add(key);
    return { release: () => void this.#leases.delete(key) };
  }

  protected override lookAgain(key: string, version: number): Recalled | undefined {
    return this.recall(key, version);
  }
}

const FLEETS: Record<string, () => Fleet> = {
  'in memory that processes share': () => {
    const clock = new ManualClock();
    const leases = new Set<string>();
    const location = `fleet ${++fleets}`;
    return {
      process: () => new LeasedCache(location, clock, leases),
      leases,
      advance: (milliseconds) => clock.advance(milliseconds),
    };
  },
  'on a server': () => {
    const server = new MemoryServer();
    return {
      process: () => new MemoryServerCache(server, {}, new MemoryProcess()),
      leases: server.leases,
      advance: (milliseconds) => server.clock.advance(milliseconds),
    };
  },
};

const notRun = () => assert.fail('the factory ran');

/** Lets a process come to wait for another. */
async function waits(): Promise<void> {
  for (let i = 0; i < 8; i++) await turn();
}

for (const [where, make] of Object.entries(FLEETS)) {
  describe('the lease of who was killed', () => {
    it('is over long before who waits for it by default gives up, on memcached, which counts in seconds, too', () => {
      const { lockTimeout } = readLoadTerms({});
      for (const lasts of [LEASE_TIME, 1000 * serverTtl(LEASE_TIME, 0)])
        assert.ok(lasts <= 0.8 * lockTimeout, `${lasts}`);
    });
  });

  describe(`one run of a factory in a fleet, ${where}`, () => {
    it('64 processes, one key, some rounds: the factory runs once a round', async () => {
      const fleet = make();
      const caches = Array.from({ length: 64 }, () => fleet.process());
      for (let round = 0; round < 10; round++) {
        let runs = 0;
        const load = async () => {
          runs++;
          await turn();
          return { round };
        };
        const values = await Promise.all(caches.map((cache) => cache.getOrSet('k', load)));
        for (const value of values) assert.deepStrictEqual(value, { round });
        assert.equal(runs, 1);
        await caches[round]!.delete('k');
      }
      await until(() => fleet.leases.size === 0);
    });

    it('who waits has the value that another process makes', async () => {
      const fleet = make();
      const [one, other] = [fleet.process(), fleet.process()];
      const run = gatedRun<string>();
      const first = one.getOrSet('k', run.factory);
      await run.begun;
      const second = [other.getOrSet('k', notRun), other.getOrSet('k', notRun)];
      await waits();
      run.open('made');
      assert.deepStrictEqual([await first, ...(await Promise.all(second))], ['made', 'made', 'made']);
    });

    it('a failure is that of its process: the next in line runs its own factory', async () => {
      const fleet = make();
      const run = gatedRun<string>();
      const failing = assert.rejects(fleet.process().getOrSet('k', run.factory), RangeError);
      await run.begun;
      const next = fleet.process().getOrSet('k', () => 'made');
      await waits();
      run.fail(new RangeError('no'));
      await failing;
      assert.equal(await next, 'made');
      await until(() => fleet.leases.size === 0);
    });

    it('a holder that dies is succeeded', async () => {
      const fleet = make();
      const run = gatedRun<string>();
      fleet.process().getOrSet('k', run.factory);
      await run.begun;
      const next = fleet.process().getOrSet('k', () => 'made');
      await waits();
      fleet.leases.clear();
      assert.equal(await next, 'made');
    });

    it('lockTimeout is how long another process is waited for; then the factory runs here, too', async () => {
      const fleet = make();
      const run = gatedRun<string>();
      const first = fleet.process().getOrSet('k', run.factory);
      await run.begun;
      const other = fleet.process();
      assert.equal(await other.getOrSet('k', () => 'impatient', { lockTimeout: 0 }), 'impatient');
      assert.equal(await other.get('k'), 'impatient');
      await other.delete('k');
      assert.equal(await other.getOrSet('k', () => 'late', { lockTimeout: 12 }), 'late');
      run.open('made');
      assert.equal(await first, 'made');
    });

    it('a timeout is that of the factory: it does not run while another process is waited for', async () => {
      const fleet = make();
      const run = gatedRun<string>();
      const first = fleet.process().getOrSet('k', run.factory);
      await run.begun;
      const second = fleet.process().getOrSet('k', notRun, { timeout: 1 });
      await new Promise((resolve) => setTimeout(resolve, 20));
      run.open('made');
      assert.deepStrictEqual([await first, await second], ['made', 'made']);
    });

    it('who leaves while another process is waited for runs nothing, and leaves no timer', async () => {
      const fleet = make();
      const run = gatedRun<string>();
      const first = fleet.process().getOrSet('k', run.factory);
      await run.begun;
      const controller = new AbortController();
      const reason = new Error('enough');
      const leaving = fleet.process().getOrSet('k', notRun, { signal: controller.signal });
      await waits();
      controller.abort(reason);
      await assert.rejects(leaving, reason);
      await waits();
      assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
      run.open('made');
      assert.equal(await first, 'made');
      await until(() => fleet.leases.size === 0);
    });

    for (const [name, write] of [
      ['delete', (cache: Cache) => cache.delete('k')],
      ['deleteTag', (cache: Cache) => cache.deleteTag('t')],
      ['clear', (cache: Cache) => cache.clear()],
    ] as const) {
      it(`a ${name} during the run: who asks afterwards does not wait for it`, async () => {
        const fleet = make();
        const cache = fleet.process();
        const run = gatedRun<string>();
        const first = cache.getOrSet('k', run.factory, { tags: ['t'] });
        await run.begun;
        await write(cache);
        assert.equal(await cache.getOrSet('k', () => 'anew', { lockTimeout: null }), 'anew');
        run.open('made');
        assert.equal(await first, 'made');
        assert.equal(await cache.get('k'), 'anew');
        await until(() => fleet.leases.size === 0);
      });
    }

    it('a run that takes too long: who asks afterwards does not wait for it', async () => {
      const fleet = make();
      const cache = fleet.process();
      const run = gate<string>();
      const awake = setInterval(() => {}, 60_000);
      await assert.rejects(
        cache.getOrSet('k', () => run.opened, { timeout: 1 }),
        { name: 'LoadTimeoutError' },
      );
      clearInterval(awake);
      assert.equal(await fleet.process().getOrSet('k', () => 'anew', { lockTimeout: null }), 'anew');
      run.open('late');
    });

    for (const [what, factory] of Object.entries<() => unknown>({
      'makes undefined': () => undefined,
      throws: () => {
        throw new RangeError('no');
      },
      'makes what cannot be cached': () => () => {},
    })) {
      it(`the lease is given back by a factory that ${what}`, async () => {
        const fleet = make();
        await fleet
          .process()
          .getOrSet<unknown>('k', factory)
          .catch(() => {});
        await until(() => fleet.leases.size === 0);
      });
    }

    it('a refresh does not wait for another process, nor a batch', async () => {
      const fleet = make();
      const [one, other] = [fleet.process(), fleet.process()];
      const run = gatedRun<string>();
      const first = one.getOrSet('k', run.factory);
      await run.begun;
      const wrapped = other.wrap(() => 'anew', { key: 'k', lockTimeout: null });
      assert.equal(await wrapped.refresh(), 'anew');
      await other.delete('k');
      const many = await other.getOrSetMany(['k', 'l'], () => ({ k: 'batch', l: 'batch' }));
      assert.deepStrictEqual([...many.values()], ['batch', 'batch']);
      run.open('made');
      assert.equal(await first, 'made');
      await until(() => fleet.leases.size === 0);
    });

    it('a refresh overrules the run that has the lease: others do not wait for that', async () => {
      const fleet = make();
      const cache = fleet.process();
      const [older, newer] = [gatedRun<string>(), gatedRun<string>()];
      const first = cache.getOrSet('k', older.factory);
      await older.begun;
      const refreshing = cache.wrap(newer.factory, { key: 'k' }).refresh();
      await newer.begun;
      await until(() => fleet.leases.size === 0);
      assert.equal(await fleet.process().getOrSet('k', () => 'other', { lockTimeout: null }), 'other');
      newer.open('newer');
      assert.equal(await refreshing, 'newer');
      older.open('older');
      assert.equal(await first, 'older');
      assert.equal(await cache.get('k'), 'newer');
    });

    describe('behind', () => {
      const swr = { ttl: 1000, staleWhileRevalidate: 1000 };

      it('one process makes a stale entry anew; the others serve it, and do nothing', async () => {
        const fleet = make();
        const caches = Array.from({ length: 8 }, () => fleet.process());
        await caches[0]!.getOrSet('k', () => 'old', swr);
        fleet.advance(1000);
        const run = gatedRun<string>();
        const served = await Promise.all(caches.map((cache) => cache.getOrSet('k', run.factory, swr)));
        assert.deepStrictEqual(new Set(served), new Set(['old']));
        await run.begun;
        await waits();
        for (const cache of caches) assert.equal(await cache.getOrSet('k', notRun, swr), 'old');
        run.open('new');
        await until(async () => (await caches[3]!.get('k')) === 'new');
        assert.equal(run.count, 1);
        await until(() => fleet.leases.size === 0);
      });

      it('who waits for a run behind that is another process’s has its value', async () => {
        const fleet = make();
        const [one, other] = [fleet.process(), fleet.process()];
        await one.getOrSet('k', () => 'old', swr);
        fleet.advance(1000);
        const run = gatedRun<string>();
        assert.equal(await one.getOrSet('k', run.factory, swr), 'old');
        await run.begun;
        // The run behind of the other process is on its way to the lease when a call comes that takes nothing stale.
        const [served, waiting] = [other.getOrSet('k', notRun, swr), other.getOrSet('k', notRun)];
        assert.equal(await served, 'old');
        await waits();
        run.open('new');
        assert.equal(await waiting, 'new');
      });

      it('a batch that waits for a run behind that is another process’s loads the value itself', async () => {
        const fleet = make();
        const [one, other] = [fleet.process(), fleet.process()];
        await one.getOrSet('k', () => 'old', swr);
        fleet.advance(1000);
        const run = gatedRun<string>();
        assert.equal(await one.getOrSet('k', run.factory, swr), 'old');
        await run.begun;
        const asked: string[][] = [];
        const load = (missing: string[]) => {
          asked.push(missing);
          return missing.map((key) => [key, 'batch'] as const);
        };
        const [served, many] = [other.getOrSet('k', notRun, swr), other.getOrSetMany(['k', 'l'], load)];
        assert.equal(await served, 'old');
        assert.deepStrictEqual(Object.entries(Object.fromEntries(await many)), [
          ['k', 'batch'],
          ['l', 'batch'],
        ]);
        assert.deepStrictEqual(asked, [['l'], ['k']]);
        run.open('new');
      });

      it('an early refresh that another process has just done is not done again', async () => {
        const fleet = make();
        const [one, other] = [fleet.process(), fleet.process()];
        const random = mock.method(Math, 'random', () => 0.5);
        // Whatever is measured takes long.
        let now = 0;
        const clock = mock.method(performance, 'now', () => {
          now += 500;
          return now;
        });
        try {
          const options = { ttl: 1000, earlyRefresh: 1 };
          await one.getOrSet('k', () => 'old', options);
          fleet.advance(999);
          const run = gatedRun<string>();
          let runs = 0;
          const load = ({ stale }: LoadContext) => {
            runs++;
            assert.equal(stale, 'old');
            return run.factory();
          };
          // Both have seen the old entry before either has the lease.
          const served = await Promise.all([one, other].map((cache) => cache.getOrSet('k', load, options)));
          assert.deepStrictEqual(served, ['old', 'old']);
          await run.begun;
          await waits();
          run.open('new');
          await until(async () => (await other.get('k')) === 'new');
          await until(() => fleet.leases.size === 0);
          assert.equal(runs, 1);
        } finally {
          random.mock.restore();
          clock.mock.restore();
        }
      });
    });
  });
}

describe('a lease on a server', () => {
  it('that comes when its run is overruled already is for the next run', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    const ask = server.ask.bind(server);
    server.ask = async (call, answer) => {
      const answered = await ask(call, answer);
      if (call === 'takeLease') {
        server.ask = ask;
        await cache.delete('k');
      }
      return answered;
    };
    const run = gatedRun<string>();
    const first = cache.getOrSet('k', run.factory);
    await run.begun;
    assert.equal(await cache.getOrSet('k', () => 'anew', { lockTimeout: null }), 'anew');
    run.open('made');
    assert.equal(await first, 'made');
    assert.equal(await cache.get('k'), 'anew');
  });

  it('is got where the schema refuses what is there, or what another process has made: the factory runs', async () => {
    const validate = (value: unknown) => (value === 'good' ? { value } : { issues: [{ message: 'not good' }] });
    const schema: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate } };
    const server = new MemoryServer();
    const [one, other] = [1, 2].map(() => new MemoryServerCache(server, {}, new MemoryProcess()));
    await one!.set('k', 'bad');
    assert.equal(await other!.getOrSet('k', () => 'good', { schema }), 'good');
    const run = gatedRun<string>();
    const first = one!.getOrSet('l', run.factory);
    await run.begun;
    const second = other!.getOrSet('l', () => 'good', { schema });
    await waits();
    run.open('bad');
    assert.deepStrictEqual([await first, await second], ['bad', 'good']);
    assert.equal(await one!.get('l'), 'good');
  });

  it('is got after a delete from elsewhere: what was stale is so no more', async () => {
    const server = new MemoryServer();
    const [one, other] = [1, 2].map(() => new MemoryServerCache(server, {}, new MemoryProcess()));
    const options = { ttl: 1000, staleIfError: 1000 };
    await one!.getOrSet('k', () => 'old', options);
    await until(() => server.leases.size === 0);
    server.clock.advance(1000);
    const ask = server.ask.bind(server);
    server.ask = async (call, answer) => {
      const answered = await ask(call, answer);
      // Between the look that finds it and the one with the lease.
      if (call === 'takeLease') await other!.delete('k');
      return answered;
    };
    assert.equal(await one!.getOrSet('k', ({ stale }) => `after ${stale}`, options), 'after undefined');
  });

  it('is got after a look that may be out of date: with it, one looks once more', async () => {
    const server = new MemoryServer();
    const [one, other] = [1, 2].map(() => new MemoryServerCache(server, {}, new MemoryProcess()));
    const run = gatedRun<string>();
    const first = one!.getOrSet('k', run.factory);
    await run.begun;
    const ask = server.ask.bind(server);
    // The other has its miss; before it asks for the lease, the value is there and the lease is free.
    server.ask = async (call, answer) => {
      if (call === 'takeLease') {
        run.open('made');
        await first;
        await until(() => server.leases.size === 0);
      }
      return ask(call, answer);
    };
    assert.equal(await other!.getOrSet('k', notRun), 'made');
  });

  it('that the server does not answer about is done without, and so is one that cannot be given back', async () => {
    for (const broken of ['takeLease', 'release']) {
      const server = new MemoryServer();
      const cache = new MemoryServerCache(server);
      const ask = server.ask.bind(server);
      server.ask = async (call, answer) => {
        server.isDown = call === broken;
        return ask(call, answer);
      };
      assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
      assert.equal(await cache.get('k'), 'made');
    }
  });

  it('is given back when the value is stored, and not before', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    await cache.getOrSet('k', () => 'made');
    await until(() => server.leases.size === 0);
    assert.deepStrictEqual(server.calls, ['read', 'takeLease', 'recall', 'write', 'release']);
  });
});

describe('the leases that a process has of a server', () => {
  it('on their way back are waited for, and are not taken for those of another process', async () => {
    const calls: string[] = [];
    const held = new Set<string>();
    const released = gate<void>();
    const server: LeaseServer = {
      async take(key) {
        calls.push('take');
        if (held.has(key)) return false;
        held.add(key);
        return true;
      },
      keep: async (key) => held.has(key),
      async release(key) {
        calls.push('release');
        await released.opened;
        held.delete(key);
      },
    };
    const leases = new Leases();
    const first = await leases.take('name', 'key', server);
    void first!.release();
    const second = leases.take('name', 'key', server);
    await waits();
    assert.deepStrictEqual(calls, ['take', 'release']);
    released.open();
    assert.notEqual(await second, undefined);
    assert.notEqual(leases.of('name'), undefined);
    await leases.close();
    assert.deepStrictEqual(
      [calls, leases.of('name'), held.size],
      [['take', 'release', 'take', 'release'], undefined, 0],
    );
  });
});

describe('a change of an entry that a run has on its way to a server', () => {
  const sie = { ttl: 1000, staleIfError: 1000, tags: ['t'] };

  /** Asks `cache`, and goes on when the server is asked for `call`, which it is not until it is let. */
  async function onItsWay(server: MemoryServer, call: string, answer: () => Promise<unknown>): Promise<() => void> {
    const [sent, held] = [gate<void>(), gate<void>()];
    const ask = server.ask.bind(server);
    server.ask = async (asked, operation) => {
      if (asked === call) {
        server.ask = ask;
        sent.open();
        await held.opened;
      }
      return ask(asked, operation);
    };
    answer();
    await sent.opened;
    return held.open;
  }

  for (const [what, call, factory] of [
    ['stores', 'write', () => 'made'],
    ['renews', 'renew', ({ unchanged }: LoadContext) => unchanged],
    ['drops', 'remove', () => undefined],
  ] as const) {
    it(`is what a run ${what}: a set, and a deleteTag, go after it`, async () => {
      for (const [change, write] of Object.entries({
        write: (cache: Cache) => cache.set('k', 'set'),
        removeTags: (cache: Cache) => cache.deleteTag('other'),
      })) {
        const server = new MemoryServer();
        const cache = new MemoryServerCache(server);
        await cache.getOrSet<unknown>('k', () => 'old', sie);
        await until(() => server.leases.size === 0);
        server.clock.advance(1000);
        const letGo = await onItsWay(server, call, () => cache.getOrSet<unknown>('k', factory, sie));
        server.calls.length = 0;
        // The lease of a run that is overruled is given back at once.
        const asked = () => server.calls.filter((asked) => asked !== 'release');
        const writing = write(cache);
        await waits();
        assert.deepStrictEqual(asked(), []);
        letGo();
        await writing;
        assert.deepStrictEqual(asked(), [call, change]);
        if (change === 'write') assert.equal(await cache.get('k'), 'set');
      }
    });
  }
});

describe('a stale entry on a server', () => {
  it('that is deleted while it is being read is not stale any more', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    const options = { ttl: 1000, staleWhileRevalidate: 1000 };
    for (const remove of [() => cache.delete('k'), () => cache.deleteTag('t'), () => cache.clear()]) {
      await cache.getOrSet('k', () => 'old', { ...options, tags: ['t'] });
      server.clock.advance(1000);
      const ask = server.ask.bind(server);
      // The answer is late, as by another connection than that of the delete.
      server.ask = async (call, answer) => {
        const answered = await ask(call, answer);
        if (call === 'recall') {
          server.ask = ask;
          await remove();
        }
        return answered;
      };
      assert.equal(await cache.getOrSet('k', ({ stale }) => `after ${stale}`, options), 'after undefined');
      await cache.delete('k');
    }
  });
});
