import type { AwaitedStore, Cell, Effort, Round, SharedOptions, SharedStore, Site } from '../contract.js';
import { peerNamed, sharedPeers, takesPart } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { keyOf, keysInOrder, keysUpTo, shuffledIds, TTL } from '../workload.js';
import { type Kind, kindNamed } from './shared-values.js';
import { stepwise } from './stepwise.js';

/** Operations of a step: a small part of a round. Also how many puts lmdb has in a batch. */
const STEP = 1000;
const AWAITED_STEP = 50;
/** How many questions are under way at once while a store is filled, which is not measured. */
const AT_ONCE = 500;
const SHORTEST_COURSE = 6000;
/** Different values that are written: as many as no course is a multiple of. */
export const VALUES = 997;

/** Those of the peers that can take part on this machine, by name. */
export function contendersOf(names: readonly string[]): string[] {
  return names.filter((name) => takesPart(peerNamed(sharedPeers, name)));
}

export function optionsFor(kind: Kind, keys: number, site: Site): SharedOptions {
  const prefix = `${kind.prefix}-${keys}`;
  return { ...site, ttl: TTL, isText: kind.isText, keys, bytes: keys * kind.bytes, prefix };
}

/** Which keys are met one after the other, with values of which kind. */
export interface Course {
  readonly kind: Kind;
  readonly ids: Int32Array;
  readonly keys: readonly string[];
}

export function courseOf(kind: Kind, count: number): Course {
  const ids = shuffledIds(count, Math.max(2, SHORTEST_COURSE / count));
  return { kind, ids, keys: keysInOrder(ids, keysUpTo(count)) };
}

/** Times reads or writes of one kind of value (the cell's table), of few keys or many (its column). */
export async function timedCalls(cell: Cell, effort: Effort, site: Site, call: 'get' | 'set'): Promise<Round> {
  const kind = kindNamed(cell.table);
  const count = kind.keys(cell.column, effort);
  const peer = peerNamed(sharedPeers, cell.contender);
  const options = optionsFor(kind, count, site);
  if (peer.isAwaited) {
    const store = await peer.open(options);
    await fillAwaited(store, kind, count);
    const work = call === 'get' ? awaitedReads : awaitedWrites;
    return timed(work(store, courseOf(kind, count)), effort);
  }
  const store = await peer.open(options);
  await fill(store, kind, count);
  return timed((call === 'get' ? reads : writes)(store, courseOf(kind, count)), patient(effort));
}

/**
 * These calls are more code than those of a cache in the process: the engine takes longer to compile it, and a round that
 * begins with cold processor caches has to be longer to be one of the calls.
 */
function patient(effort: Effort): Effort {
  return { ...effort, warmMs: 4 * effort.warmMs, roundMs: 3 * effort.roundMs };
}

/** Stores every key, and checks each. Read twice, an entry is in the near cache that has room for it. */
export async function fill(store: SharedStore, kind: Kind, count: number): Promise<void> {
  for (let id = 0; id < count; id++) {
    store.set(keyOf(id), kind.make(id));
    if (id % STEP === 0) await store.settle?.();
  }
  await store.settle?.();
  for (let id = 0; id < count; id++) {
    for (let time = 0; time < 3; time++) expectValue(store.get(keyOf(id)), kind, id);
  }
}

export async function fillAwaited(store: AwaitedStore, kind: Kind, count: number, atOnce = AT_ONCE): Promise<void> {
  for (let id = 0; id < count; id += atOnce) {
    const ids = Array.from({ length: Math.min(atOnce, count - id) }, (_, i) => id + i);
    await Promise.all(ids.map((each) => store.set(keyOf(each), kind.make(each))));
    await Promise.all(ids.map(async (each) => expectValue(await store.get(keyOf(each)), kind, each)));
  }
}

function expectValue(value: unknown, kind: Kind, id: number): void {
  const expected = kind.make(id);
  if (kind.isText ? value !== expected : JSON.stringify(value) !== JSON.stringify(expected)) {
    throw new Error(`wrong answers: the value of key ${id} is ${String(value).slice(0, 100)}`);
  }
}

export function reads(store: SharedStore, { kind, ids, keys }: Course): Work {
  const { markOf } = kind;
  const walk = (from: number, to: number) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += markOf(store.get(keys[i] as string));
    return sum;
  };
  return stepwise({ length: ids.length, step: STEP, isAwaited: false, walk, verify: marksOf(kind, ids) });
}

function awaitedReads(store: AwaitedStore, { kind, ids, keys }: Course): Work {
  const { markOf } = kind;
  const walk = async (from: number, to: number) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += markOf(await store.get(keys[i] as string));
    return sum;
  };
  return stepwise({ length: ids.length, step: AWAITED_STEP, isAwaited: true, walk, verify: marksOf(kind, ids) });
}

export function marksOf(kind: Kind, ids: Int32Array): (sum: number, places: Iterable<number>) => void {
  return (sum, places) => {
    let expected = 0;
    for (const place of places) expected += kind.markFor(ids[place] as number);
    expectSum(sum, expected, 'the sum of the marks in the values');
  };
}

function writes(store: SharedStore, course: Course): Work {
  const { ids, keys } = course;
  const values = Array.from({ length: VALUES }, (_, id) => course.kind.make(id));
  const write = (from: number, to: number) => {
    for (let i = from; i < to; i++) store.set(keys[i] as string, values[i % VALUES]);
    return to - from;
  };
  const { settle } = store;
  const walk =
    settle === undefined
      ? write
      : (from: number, to: number) => {
          const written = write(from, to);
          return settle().then(() => written);
        };
  const verify = lastWritesHold(course, (key) => store.get(key));
  return stepwise({ length: ids.length, step: STEP, isAwaited: settle !== undefined, walk, verify });
}

function awaitedWrites(store: AwaitedStore, course: Course): Work {
  const { ids, keys } = course;
  const values = Array.from({ length: VALUES }, (_, id) => course.kind.make(id));
  const walk = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await store.set(keys[i] as string, values[i % VALUES]);
    return to - from;
  };
  const verify = lastWritesHold(course, (key) => store.get(key));
  return stepwise({ length: ids.length, step: AWAITED_STEP, isAwaited: true, walk, verify });
}

/** Each key written must read as what was written to it last. */
export function lastWritesHold({ kind, ids, keys }: Course, read: (key: string) => unknown) {
  return async (written: number, places: Iterable<number>): Promise<void> => {
    const lastPlaces = new Map<number, number>();
    let count = 0;
    for (const place of places) {
      lastPlaces.set(ids[place] as number, place);
      count++;
    }
    expectSum(written, count, 'the number of writes');
    for (const [id, place] of lastPlaces) {
      const mark = kind.markOf(await read(keys[place] as string));
      expectSum(mark, kind.markFor(place % VALUES), `the mark of key ${id}`);
    }
  };
}
