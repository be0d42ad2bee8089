import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Leases } from '#dist/shared/leases.js';
import { openSegment } from '#dist/shared/segment.js';
import { PrimitiveCache } from '../shared/primitive-cache.js';
import { Child, freshLocation } from './shared-place.js';

const PROGRAM = './lease-process.js';

function open(location: string): PrimitiveCache {
  return new PrimitiveCache({ location, maxBytes: '128kb' });
}

/** Another process that takes leases. */
class Other {
  readonly child: Child;

  private constructor(location: string) {
    this.child = new Child(PROGRAM, location);
  }

  static async at(location: string): Promise<Other> {
    const other = new Other(location);
    assert.equal(await other.child.next(), 'ready');
    return other;
  }

  async ask(what: 'take' | 'release' | 'close', key = 'k'): Promise<unknown> {
    const said = this.child.next();
    this.child.send([what, key]);
    return said;
  }

  async kill(): Promise<void> {
    this.child.signal('SIGKILL');
    await this.child.end();
  }
}

describe('the lease of a key', () => {
  it('is one in all processes, until it is given back; of another key, version or prefix it is another', async () => {
    const location = freshLocation();
    const cache = open(location);
    const other = await Other.at(location);
    assert.equal(await other.ask('take'), true);
    assert.equal(cache.lease('k'), undefined);
    const next = cache.lease('j');
    assert.ok(next != null);
    assert.equal(await other.ask('take', 'j'), false);
    const prefixed = new PrimitiveCache({ location, maxBytes: '128kb', keyPrefix: 'p' });
    assert.ok(prefixed.lease('k') != null);
    await other.ask('release');
    assert.ok(cache.lease('k') != null);
    void next.release();
    assert.equal(await other.ask('take', 'j'), true);
    prefixed.closeSync();
    cache.closeSync();
    await other.kill();
  });

  it('is taken over at once from who was killed, or closed the cache, or was terminated', async () => {
    const location = freshLocation();
    const cache = open(location);
    const killed = await Other.at(location);
    const closed = await Other.at(location);
    const thread = new Worker(new URL(PROGRAM, import.meta.url), { workerData: location });
    await once(thread, 'message');
    assert.equal(await killed.ask('take', 'killed'), true);
    assert.equal(await closed.ask('take', 'closed'), true);
    thread.postMessage(['take', 'terminated']);
    assert.deepStrictEqual(await once(thread, 'message'), [true]);
    for (const key of ['killed', 'closed', 'terminated']) assert.equal(cache.lease(key), undefined, key);
    await closed.ask('close');
    assert.ok(cache.lease('closed') != null);
    await killed.kill();
    assert.ok(cache.lease('killed') != null);
    await thread.terminate();
    assert.ok(cache.lease('terminated') != null);
    // Whoever joins now gets the place of one who is gone, and not its leases.
    const late = await Other.at(location);
    assert.equal(await late.ask('take', 'killed'), false);
    await late.kill();
    await closed.kill();
    cache.closeSync();
  });

  it('stays with who was stopped', async () => {
    const location = freshLocation();
    const cache = open(location);
    const other = await Other.at(location);
    await other.ask('take');
    other.child.signal('SIGSTOP');
    for (let i = 0; i < 100; i++) assert.equal(cache.lease('k'), undefined);
    other.child.signal('SIGCONT');
    await other.ask('release');
    assert.ok(cache.lease('k') != null);
    await other.kill();
    cache.closeSync();
  });

  it('is let go by the latest that this thread has alone, and by nobody who lost it', async () => {
    const location = freshLocation();
    const cache = open(location);
    const other = await Other.at(location);
    const first = cache.lease('k')!;
    const second = cache.lease('k')!;
    void first.release();
    assert.equal(await other.ask('take'), false);
    void second.release();
    assert.equal(await other.ask('take'), true);
    void first.release();
    void second.release();
    const third = await Other.at(location);
    assert.equal(await third.ask('take'), false);
    await other.kill();
    await third.kill();
    cache.closeSync();
  });

  it('outlives the cache it was taken by while another of this thread has the place open, and not the last', async () => {
    const location = freshLocation();
    const other = await Other.at(location);
    const caches = [open(location), open(location)] as const;
    const lease = caches[0].lease('k')!;
    caches[0].closeSync();
    assert.equal(await other.ask('take'), false);
    caches[1].closeSync();
    assert.equal(await other.ask('take'), true);
    void lease.release();
    assert.equal(caches[0].lease('k'), null);
    const cache = open(location);
    assert.equal(cache.lease('k'), undefined);
    cache.closeSync();
    await other.kill();
  });
});

describe('the table of leases', () => {
  /** Participants of whom those are alive that are named. */
  function tableOf(cells: BigInt64Array, alive: Set<number>) {
    const participants = { isAlive: (mark: number) => alive.has(mark) };
    return (mark: number) => new Leases(cells, mark, participants as never);
  }

  it('has a lease for who finds no room in it, and room again when others are gone', () => {
    const cells = new BigInt64Array(8);
    const alive = new Set([1, 2]);
    const of = tableOf(cells, alive);
    const [one, two] = [of(1), of(2)];
    for (let hash = 1; hash <= 8; hash++) assert.ok(one.take(hash) !== undefined);
    const full = cells.slice();
    const beside = two.take(9);
    assert.ok(beside !== undefined && two.take(9) !== undefined);
    beside.release();
    assert.deepStrictEqual(cells, full);
    assert.equal(two.take(3), undefined);
    alive.delete(1);
    assert.ok(two.take(9) !== undefined);
    assert.equal(of(3).take(9), undefined);
  });

  it('of what damage leaves in it is nobody’s', () => {
    const cells = new BigInt64Array(64);
    const bytes = new Uint8Array(cells.buffer);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(Math.random() * 256);
    const mine = tableOf(cells, new Set([5]))(5);
    for (let hash = -50; hash < 50; hash++) {
      const lease = mine.take(hash);
      assert.ok(lease !== undefined);
      lease.release();
    }
    const location = freshLocation();
    const cache = open(location);
    const segment = openSegment(location, 2 ** 17);
    new Int32Array(segment.header.buffer, segment.layout.leasesAt, 2 * segment.layout.leases).fill(0x55555555);
    for (let i = 0; i < 100; i++) assert.ok(cache.lease(`${i}`) != null);
    segment.close();
    cache.closeSync();
  });

  it('never gives one lease to two of several processes, of which some are killed', async () => {
    const location = freshLocation();
    const keeper = open(location);
    const reports = new Map<Child, { taken: number; shared: number }>();
    const begin = (milliseconds: number) => {
      const child = new Child('./lease-race-process.js', location, String(milliseconds));
      child.onMessage((report) => reports.set(child, report as { taken: number; shared: number }));
      return child;
    };
    const stay = [begin(2500), begin(2500)];
    for (let i = 0; i < 4; i++) {
      const victim = begin(60_000);
      await victim.next();
      victim.signal('SIGKILL');
      await victim.end();
    }
    for (const child of stay) assert.equal(await child.end(), 0);
    let taken = 0;
    for (const report of reports.values()) {
      taken += report.taken;
      assert.equal(report.shared, 0, `${report.shared} times somebody else was there, too`);
    }
    assert.ok(taken > 1000, `${taken} leases`);
    for (let key = 0; key < 3; key++) assert.ok(keeper.lease(`key:${key}`) != null);
    keeper.closeSync();
  });
});
