import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Gate, gate } from '../conformance/gate.js';
import { once as startOnce } from '../conformance/redis-place.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import type { Order, Times } from './fleet-process.js';

const PROCESSES = 4;
const WRITES = 150;
const ROUNDS = 8;
const CALLS = 250;
/** Nothing takes so long; a fleet that waits for its server fails by this. */
const LIMIT = { timeout: 120_000 };
/** A stale value is not read longer than a server is taken to be up that is not: twice the `commandTimeout`. */
const LONGEST_STALE_MS = 60_000;

class FleetProcess {
  readonly #child: ChildProcess;
  #waiting = answerToCome();

  constructor(url: string, location: string | undefined) {
    const args = location === undefined ? [url] : [url, location];
    this.#child = fork(fileURLToPath(new URL('./fleet-process.js', import.meta.url)), args);
    this.#child.on('message', ({ answer, error }: { answer?: unknown; error?: string }) => {
      if (error === undefined) this.#waiting.open(answer);
      else this.#waiting.fail(new Error(error));
    });
    this.#child.on('exit', (code, signal) => this.#waiting.fail(new Error(`It ended: ${code ?? signal}`)));
  }

  async answer<T>(): Promise<T> {
    const answer = await this.#waiting.opened;
    this.#waiting = answerToCome();
    return answer as T;
  }

  ask<T>(order: Order): Promise<T> {
    this.#child.send(order);
    return this.answer();
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  get ended(): Promise<unknown> {
    return this.#child.exitCode === null ? once(this.#child, 'exit') : Promise.resolve();
  }
}

/** It may fail when nobody asks: the process ends. */
function answerToCome(): Gate<unknown> {
  const answer = gate<unknown>();
  answer.opened.catch(() => {});
  return answer;
}

/** How long after each write had returned its forerunners were read in other processes, in milliseconds. */
function staleness(written: readonly Times[], read: readonly Times[]): number[] {
  return written.flatMap((writes, writer) =>
    writes.map(([key, value, returned]) => {
      const others = read.filter((_, reader) => reader !== writer).flat();
      const older = others.filter(([readKey, readValue]) => readKey === key && readValue < value);
      return Math.max(0, ...older.map(([, , time]) => (time - returned) / 1e6));
    }),
  );
}

needs('redis-server', () => {
  const started = startOnce(() => RedisServer.start());
  const folder = mkdtempSync(join(tmpdir(), 'locmem-fleet-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let locations = 0;

  async function withFleet(
    t: TestContext,
    isShared: boolean,
    use: (processes: FleetProcess[]) => Promise<void>,
  ): Promise<void> {
    const { url } = await started();
    await (await started()).command('FLUSHALL');
    const location = isShared ? join(folder, `${locations++}.cache`) : undefined;
    const processes = Array.from({ length: PROCESSES }, () => new FleetProcess(url, location));
    t.after(() => {
      for (const one of processes) one.end();
    });
    await Promise.all(processes.map((one) => one.answer()));
    await use(processes);
    await all(processes, { do: 'close' });
    await Promise.all(processes.map((one) => one.ended));
  }

  function all<T>(processes: readonly FleetProcess[], order: Order): Promise<T[]> {
    return Promise.all(processes.map((one) => one.ask<T>(order)));
  }

  for (const isShared of [false, true]) {
    describe(
      `${PROCESSES} processes, ${isShared ? 'one SharedCache' : 'each with a LocMemCache'} before one Redis`,
      LIMIT,
      () => {
        for (const isBusy of [false, true]) {
          const readers = isBusy ? 'readers that take all processors' : 'readers that pause';
          it(`read what another wrote soon after its write has returned: ${readers}`, async (t) => {
            await withFleet(t, isShared, async (processes) => {
              const order = { do: 'watch', writes: WRITES, all: PROCESSES, isBusy } as const;
              const written = await Promise.all(processes.map((one, mine) => one.ask<Times>({ ...order, mine })));
              await all(processes, { do: 'hear' });
              const read = await all<Times>(processes, { do: 'stop watching' });
              const stale = staleness(written, read).sort((a, b) => a - b);
              assert.equal(stale.length, PROCESSES * WRITES);
              const [most, longest] = [0.99, 1].map((part) => stale[Math.ceil(part * stale.length) - 1]!);
              t.diagnostic(
                `After a write had returned, an older value was read for ${longest!.toFixed(2)} ms at most; ` +
                  `after 99% of ${stale.length} writes for ${most!.toFixed(2)} ms at most.`,
              );
              assert.ok(longest! < LONGEST_STALE_MS);
            });
          });
        }

        it('have what Redis has, whatever they did at once', async (t) => {
          await withFleet(t, isShared, async (processes) => {
            for (let round = 0; round < ROUNDS; round++) {
              const seeds = processes.map((_, i) => 1 + round * PROCESSES + i);
              await Promise.all(
                processes.map((one, i) => one.ask({ do: 'mix', seed: seeds[i]! * 7919, calls: CALLS })),
              );
              await all(processes, { do: 'hear' });
              const wrong = (await all<string[]>(processes, { do: 'compare' })).flat();
              assert.deepEqual(wrong, [], `round ${round}`);
            }
          });
        });
      },
    );
  }
});
