import type { Cell, Effort, Round, Scenario, Server, ServerPeer, ServerStore, Site } from '../contract.js';
import { peerNamed, serverPeers, takesPart } from '../peers/roster.js';
import { timed } from '../timing.js';
import { type Course, courseOf, fillAwaited, lastWritesHold, marksOf, optionsFor, VALUES } from './shared-calls.js';
import { type Kind, kindNamed, OBJECT, TEXT } from './shared-values.js';
import { stepwise } from './stepwise.js';

/** How the calls come: each when the one before is answered, or so many at once. */
export const IN_TURN = 'one after the other';
export const AT_ONCE = '100 in flight';
const CALLS_AT_ONCE = 100;
/** Calls of a step, and keys of a call for many. */
const STEP = 50;
const MANY = 100;
/** Two shuffles of them are a course in which no hundred calls for a hundred keys come to its end. */
const KEYS = 5000;

export type ServerCall = 'get' | 'set' | 'getMany' | 'getOrSet';

/** A scenario of the caches on one server: one call, of short strings and small objects. */
export function serverScenario(
  server: Server,
  call: ServerCall,
  facts: Pick<Scenario, 'name' | 'about'> & { readonly base: string },
): Scenario {
  const contenders = serverPeers.filter((peer) => peer.server === server && takesPart(peer) && offers(peer, call));
  const { name, about, base } = facts;
  return {
    name,
    about,
    unit: 'ns',
    combine: 'min',
    processes: 2,
    tables: [TEXT, OBJECT].map((kind) => ({
      name: kind.name,
      contenders: contenders.map((peer) => peer.name),
      base,
    })),
    columns: () => [IN_TURN, AT_ONCE],
    prepare: (cell, effort, site) => timedServerCall(call, cell, effort, site),
  };
}

function offers(peer: ServerPeer, call: ServerCall): boolean {
  return call === 'get' || call === 'set' || peer.offers[call];
}

async function timedServerCall(call: ServerCall, cell: Cell, effort: Effort, site: Site): Promise<Round> {
  const kind = kindNamed(cell.table);
  const store = await openFilled(peerNamed(serverPeers, cell.contender), kind, KEYS, site);
  const course = courseOf(kind, KEYS);
  const perCall = call === 'getMany' ? MANY : 1;
  const callsAtOnce = cell.column === AT_ONCE ? CALLS_AT_ONCE : 1;
  const ask = asking(store, call, course);
  const walk = async (from: number, to: number): Promise<number> => {
    let sum = 0;
    for (let at = from; at < to; ) {
      const calls: Promise<number>[] = [];
      for (let i = 0; i < callsAtOnce && at < to; i++, at += perCall) calls.push(ask(at, at + perCall));
      for (const mark of await Promise.all(calls)) sum += mark;
    }
    return sum;
  };
  const verify = call === 'set' ? lastWritesHold(course, (key) => store.get(key)) : marksOf(kind, course.ids);
  const step = Math.max(STEP, callsAtOnce * perCall);
  return timed(stepwise({ length: course.ids.length, step, isAwaited: true, walk, verify }), longer(effort));
}

/** The call for the places `from <= i < to` of the course; a checksum. */
function asking(
  store: ServerStore,
  call: ServerCall,
  { kind, keys }: Course,
): (from: number, to: number) => Promise<number> {
  const { markOf } = kind;
  const { getMany, getOrSet } = store;
  if (call === 'set') {
    const values = Array.from({ length: VALUES }, (_, id) => kind.make(id));
    return (from) => store.set(keys[from] as string, values[from % VALUES]).then(() => 1);
  }
  if (call === 'getMany') {
    return async (from, to) => {
      let sum = 0;
      for (const value of await getMany!(keys.slice(from, to))) sum += markOf(value);
      return sum;
    };
  }
  const read = call === 'get' ? store.get : getOrSet!;
  return (from) => read(keys[from] as string).then(markOf);
}

/** A store of `count` values, each there already: nothing may be loaded. */
export async function openFilled(peer: ServerPeer, kind: Kind, count: number, site: Site): Promise<ServerStore> {
  const options = optionsFor(kind, count, site);
  const load = async (key: string): Promise<never> => {
    throw new Error(`wrong answers: ${key} is not there`);
  };
  const store = await peer.open({ ...options, prefix: `${peer.name.replaceAll(' ', '-')}-${options.prefix}`, load });
  // No more at once than will be measured: what lives long at first, the engine takes for what always will.
  await fillAwaited(store, kind, count, CALLS_AT_ONCE);
  return store;
}

/** A round has to have many answers of a server that needs a tenth of a millisecond for one. */
export function longer(effort: Effort): Effort {
  return { ...effort, warmMs: 2 * effort.warmMs, roundMs: 2 * effort.roundMs };
}
