import type { AwaitedStore, SharedOptions, SharedStore } from './contract.js';
import { peerNamed, sharedPeers } from './peers/roster.js';
import { fill, fillAwaited } from './scenarios/shared-calls.js';
import { type Kind, kindNamed } from './scenarios/shared-values.js';
import { keysInOrder, keysUpTo, randomFrom, zipfIds } from './workload.js';

/** What one of several processes is to do: its number, how many they are, and the load. */
export interface Member {
  readonly peer: string;
  readonly kind: string;
  readonly options: SharedOptions;
  /** Of all operations, so many are reads: 0 to 1. */
  readonly reads: number;
  readonly index: number;
  readonly size: number;
}

/** How long to work, and how many operations there are to each one whose time is taken; 0: none. */
export interface Order {
  readonly milliseconds: number;
  readonly sampleEach: number;
}

/** What a process did: operations, the time it took, and the times of single reads and writes, in nanoseconds. */
export interface Report {
  readonly operations: number;
  /** Reads that found nothing, though every key has a value all the time. */
  readonly misses: number;
  readonly milliseconds: number;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/** Zipf's exponent in YCSB, which has become the usual one. */
const SKEW = 0.99;
const COURSE = 2 ** 17;
/** Operations between two looks at the clock. lmdb's writes are in a batch for as long. */
const STEP = 256;
const AWAITED_STEP = 8;
const WARM: Order = { milliseconds: 100, sampleEach: 64 };

const member = JSON.parse(process.argv[2] ?? '') as Member;
const { index, size, options } = member;
const kind = kindNamed(member.kind);

/** The same hot keys for all; everyone begins elsewhere in the course. */
const ids = zipfIds(options.keys, SKEW, COURSE);
const keys = keysInOrder(ids, keysUpTo(options.keys));
const isRead = readsAmong(COURSE, member.reads);
const marks = ids.map((id) => kind.markFor(id));
let next = Math.floor((index * COURSE) / size);

function readsAmong(length: number, share: number): Uint8Array {
  const random = randomFrom(length + 1);
  return Uint8Array.from({ length }, () => (random() < share ? 1 : 0));
}

/** Where the next `step` operations begin. */
function goOn(step: number): number {
  const from = next;
  next = (from + step) % COURSE;
  return from;
}

let misses = 0;

/** The value of a key is the same whoever writes it, so every reader knows what to expect. A cache may miss. */
function expectMark(value: unknown, place: number): void {
  if (value === undefined) misses++;
  else if (kind.markOf(value) !== marks[place]) throw new Error(`wrong answers: another value at ${keys[place]}`);
}

async function work(store: SharedStore, values: readonly unknown[], order: Order): Promise<Report> {
  const reads: number[] = [];
  const writes: number[] = [];
  const run = (from: number) => {
    for (let i = from; i < from + STEP; i++) {
      if (isRead[i] === 1) expectMark(store.get(keys[i] as string), i);
      else store.set(keys[i] as string, values[ids[i] as number]);
    }
  };
  const sample = (i: number) => {
    const start = performance.now();
    if (isRead[i] === 1) {
      const value = store.get(keys[i] as string);
      reads.push((performance.now() - start) * 1e6);
      expectMark(value, i);
    } else {
      store.set(keys[i] as string, values[ids[i] as number]);
      writes.push((performance.now() - start) * 1e6);
    }
  };
  const begun = performance.now();
  let operations = 0;
  misses = 0;
  while (performance.now() - begun < order.milliseconds) {
    const from = goOn(STEP);
    run(from);
    for (let i = from; order.sampleEach > 0 && i < from + STEP; i += order.sampleEach) sample(i);
    await store.settle?.();
    operations += STEP;
  }
  return { operations, misses, milliseconds: performance.now() - begun, reads, writes };
}

/** Others answer, in tens of microseconds: taking the time of each question is not felt. */
async function workAwaited(store: AwaitedStore, values: readonly unknown[], order: Order): Promise<Report> {
  const reads: number[] = [];
  const writes: number[] = [];
  const begun = performance.now();
  let operations = 0;
  misses = 0;
  while (performance.now() - begun < order.milliseconds) {
    const from = goOn(AWAITED_STEP);
    for (let i = from; i < from + AWAITED_STEP; i++) {
      const start = performance.now();
      if (isRead[i] === 1) {
        const value = await store.get(keys[i] as string);
        reads.push((performance.now() - start) * 1e6);
        expectMark(value, i);
      } else {
        await store.set(keys[i] as string, values[ids[i] as number]);
        writes.push((performance.now() - start) * 1e6);
      }
    }
    operations += AWAITED_STEP;
  }
  const isAsked = order.sampleEach > 0;
  const milliseconds = performance.now() - begun;
  return { operations, misses, milliseconds, reads: isAsked ? reads : [], writes: isAsked ? writes : [] };
}

async function open(wanted: Kind, count: number): Promise<(order: Order) => Promise<Report>> {
  const values = Array.from({ length: count }, (_, id) => wanted.make(id));
  const peer = peerNamed(sharedPeers, member.peer);
  if (peer.isAwaited) {
    const store = await peer.open({ ...options, primary: process });
    if (index === 0) await fillAwaited(store, wanted, count);
    return (order) => workAwaited(store, values, order);
  }
  const store = await peer.open(options);
  if (index === 0) await fill(store, wanted, count);
  return (order) => work(store, values, order);
}

/** Nobody may be there any more who listens. */
function send(message: object): void {
  process.send?.(message, undefined, undefined, (error) => error !== null && process.exit());
}

function fail(error: unknown): void {
  send({ error: error instanceof Error ? error.message : String(error) });
}

async function serve(): Promise<void> {
  const run = await open(kind, options.keys);
  const tell = async (order: Order) => send({ report: await run(order) });
  await tell(WARM);
  process.on('message', (message) => {
    if ((message as Partial<Order>).milliseconds !== undefined) tell(message as Order).catch(fail);
  });
}

process.on('disconnect', () => process.exit());
serve().catch(fail);
