import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { CacheUnavailableError, SharedCache } from 'locmem';
import { openSegment } from '#dist/shared/segment.js';
import { gatedRun } from '../conformance/gate.js';
import { checkSegment } from '../shared/check-segment.js';
import { temporaryNames } from './crash-scene.js';
import { Child, freshLocation, timeOf } from './shared-place.js';

// No process id stands anywhere in a segment: whether a participant lives is asked of the lock on its byte, which the
// kernel lets go when its open file is gone. So a pid that is used again cannot be taken for anybody.

/** A cache that is in the segment's way of nothing: it must see at once what goes on. */
function open(location: string): SharedCache {
  return new SharedCache({ location, maxBytes: '1mb', ttl: null });
}

/** What it says next, when it goes on. It says that it stops before it does: once would not be enough. */
async function woken(child: Child): Promise<unknown> {
  const waking = setInterval(() => child.signal('SIGCONT'), 20);
  try {
    return await child.next();
  } finally {
    clearInterval(waking);
  }
}

describe('an owner of a lock that is stopped', () => {
  it('keeps nobody from reading; a writer is told, and nothing is half done', async () => {
    const location = freshLocation();
    const cache = open(location);
    cache.setSync('victim', 'old');
    cache.setSync('other', 'value');
    const child = new Child('./stop-process.js', location);
    assert.equal(await child.next(), 'stopping');
    await setTimeout(50);
    assert.equal(cache.getSync('victim'), 'old');
    assert.equal(cache.getSync('other'), 'value');
    assert.throws(() => cache.setSync('victim', 'newer'), CacheUnavailableError);
    assert.throws(() => cache.incrSync('victim'), { code: 'ERR_LOCMEM_UNAVAILABLE', message: /stopped.*1000 ms/ });
    assert.equal(cache.getSync('victim'), 'old');
    child.signal('SIGCONT');
    assert.equal(await child.next(), 'done');
    assert.equal(cache.getSync('victim'), 'y'.repeat(500));
    cache.setSync('victim', 'newest');
    assert.equal(cache.getSync('victim'), 'newest');
    cache.closeSync();
    checkSegment(location, '1mb');
  });
});

describe('a refresh that begins behind an owner of a lock that is stopped', () => {
  it('runs, and does not store over what another process writes meanwhile', async () => {
    const location = freshLocation();
    const cache = open(location);
    const stopped = new Child('./stop-process.js', location);
    assert.equal(await stopped.next(), 'stopping');
    await setTimeout(50);
    const run = gatedRun<string>();
    const refreshing = cache.wrap(run.factory, { key: 'victim' }).refresh();
    await run.begun;
    assert.equal(await woken(stopped), 'done');
    cache.setSync('other', 'the lock is free');
    const other = new Child('./stop-process.js', location, '600');
    assert.equal(await other.next(), 'stopping');
    assert.equal(await woken(other), 'done');
    run.open('older');
    assert.equal(await refreshing, 'older');
    assert.equal(cache.getSync('victim'), 'y'.repeat(600));
    cache.closeSync();
  });
});

describe('a timeout of node:vm', () => {
  it('ends code under a lock, and neither this thread nor another process stands still', async () => {
    const location = freshLocation();
    const segment = openSegment(location, 2 ** 20);
    const cache = open(location);
    let interrupted = 0;
    let n = 0;
    const set = () => {
      for (;;) cache.setSync(`key:${n++ % 500}`, `${n}`.repeat(50));
    };
    for (let i = 0; i < 2000 && interrupted < 5; i++) {
      assert.throws(() => vm.runInNewContext('set()', { set }, { timeout: 1 }), {
        code: 'ERR_SCRIPT_EXECUTION_TIMEOUT',
      });
      if (!segment.parts.some(({ lock }) => lock.isOwn())) continue;
      interrupted++;
      // This thread is idle now: another process finds the lock of a living owner, until the owner's timer lets it go.
      const child = interrupted % 2 === 1 ? new Child('./touch-all-process.js', location) : undefined;
      if (child !== undefined) assert.equal(await child.next(), 'done');
      for (let key = 0; key < 500; key++) cache.setSync(`key:${key}`, 'after');
      assert.ok(!segment.parts.some(({ lock }) => lock.isOwn()));
    }
    assert.ok(interrupted > 0, 'no timeout came under a lock');
    cache.closeSync();
    segment.close();
    checkSegment(location, '1mb');
  });
});

describe('threads', () => {
  it('share one mapping of the process, and leave nothing behind when they are terminated', async () => {
    const location = freshLocation();
    const cache = open(location);
    cache.setSync('key', 1);
    const program = `
      const { workerData, parentPort } = require('node:worker_threads');
      import('locmem').then(({ SharedCache }) => {
        const cache = new SharedCache({ location: workerData, maxBytes: '1mb', ttl: null });
        parentPort.postMessage(cache.getSync('key'));
        const work = () => { for (let i = 0; i < 100; i++) { cache.setSync('k' + i, 'v'.repeat(i)); cache.incrSync('key'); } setImmediate(work); };
        work();
      });`;
    const turn = async () => {
      const worker = new Worker(program, { eval: true, workerData: location });
      assert.equal(typeof (await new Promise((resolve) => worker.once('message', resolve))), 'number');
      await setTimeout(5);
      await worker.terminate();
    };
    await turn();
    const before = { maps: mappings(location), files: files() };
    assert.equal(before.maps, 1);
    // More in turn than there are places for at once, in the long form.
    const end = Date.now() + timeOf('threads', 0);
    for (let i = 0; i < 12 || Date.now() < end; i++) await turn();
    assert.deepStrictEqual({ maps: mappings(location), files: files() }, before);
    assert.equal(typeof cache.incrSync('key'), 'number');
    cache.closeSync();
    checkSegment(location, '1mb');
  });
});

function mappings(location: string): number {
  return readFileSync('/proc/self/maps', 'utf8').split(location).length - 1;
}

function files(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('processes that create a segment', () => {
  it('at once, end up with one', async () => {
    for (let round = 0; round < 3; round++) {
      const location = freshLocation();
      const children = Array.from({ length: 6 }, () => new Child('./create-process.js', location));
      for (const child of children) assert.equal(await child.next(), 'ready');
      for (const child of children) child.send('go');
      const reports = await Promise.all(
        children.map((child) => child.next() as Promise<{ isFirst: boolean; creation: number }>),
      );
      assert.equal(reports.filter(({ isFirst }) => isFirst).length, 1);
      assert.equal(new Set(reports.map(({ creation }) => creation)).size, 1);
      assert.deepStrictEqual(temporaryNames(location), []);
    }
  });

  it('and are killed before it is there, are in nobody’s way', async () => {
    const location = freshLocation();
    const child = new Child('./create-process.js', location, 'dies before linking');
    assert.equal(await child.next(), 'ready');
    child.send('go');
    assert.equal(await child.end(), 'SIGKILL');
    assert.equal(temporaryNames(location).length, 1, 'it died while creating');
    const cache = open(location);
    cache.setSync('key', 1);
    assert.equal(cache.getSync('key'), 1);
    assert.deepStrictEqual(temporaryNames(location), []);
    cache.closeSync();
  });

  it('do not take each other for dead ones, who left something behind', async () => {
    const location = freshLocation();
    const slow = new Child('./create-process.js', location, 'stops before looking around');
    assert.equal(await slow.next(), 'ready');
    slow.send('go');
    assert.equal(await slow.next(), 'stopped');
    const quick = new Child('./create-process.js', location, 'stops before unlinking');
    assert.equal(await quick.next(), 'ready');
    quick.send('go');
    assert.equal(await quick.next(), 'stopped');
    slow.signal('SIGCONT');
    assert.deepStrictEqual(
      await slow.next(),
      { isFirst: true, creation: slow.pid },
      'it opens what the other has made',
    );
    quick.signal('SIGCONT');
    assert.deepStrictEqual(await quick.next(), { isFirst: false, creation: slow.pid });
    assert.deepStrictEqual(temporaryNames(location), []);
  });
});
