import type { Figure } from './contract.js';
import { judgeLoading } from './load-goals.js';
import { markdownTable } from './markdown.js';
import { LOCMEM, syncPeers, TTL_OFF, TTL_ON } from './peers/roster.js';
import { columnOf } from './rounds.js';
import { COPIED_OBJECTS, NUMBERS } from './scenarios/async-get.js';
import { entriesColumn } from './scenarios/memory.js';
import { COPIED, GET, SET } from './scenarios/object.js';
import { FRESH_KEYS, SAME_KEYS } from './scenarios/open.js';
import { judgeServers } from './server-goals.js';
import { judgeShared } from './shared-goals.js';
import { atMost, type Ratio, type Run, ratios, type Verdict } from './verdict.js';

/** What the noise of a quiet machine may add where two figures are to be level. */
const LEVEL = 1.05;
/** The same for bytes: what a collection leaves varies by a small part of a byte per entry. */
const EQUAL = 1.005;

function judge(run: Run): Verdict[] {
  return [
    ...[SAME_KEYS, FRESH_KEYS].flatMap((keys) => [
      atMost(1, `a hit is faster than in every synchronous peer, ${keys}`, peersOf(run, 'hit', keys)),
      atMost(1, `a \`set\` that evicts is faster than in every synchronous peer, ${keys}`, peersOf(run, 'set', keys)),
      atMost(
        1,
        `a \`set\` that updates is faster than in every synchronous peer, ${keys}`,
        peersOf(run, 'update', keys),
      ),
      atMost(1, `the zipf mix is faster than in every synchronous peer, ${keys}`, peersOf(run, 'zipf', keys)),
      atMost(1.5, `a hit takes at most 1.5 × \`Map.get\`, ${keys}`, overMap(run, keys)),
      atMost(LEVEL, `a hit under tinylfu costs no more than under lru (5 % for noise), ${keys}`, overLru(run, keys)),
    ]),
    atMost(1 / 2, 'async `get` is at least 2 × as fast as every asynchronous peer', awaited(run, 'async-get', NUMBERS)),
    atMost(1 / 2, 'the same, objects copied', awaited(run, 'async-get', COPIED_OBJECTS)),
    ...[GET, SET].map((call) =>
      atMost(
        1 / 3,
        `copied objects: \`${call}\` at least 3 × as fast as the best peer that isolates`,
        copied(run, call),
      ),
    ),
    ...[TTL_ON, TTL_OFF].map((table) =>
      atMost(EQUAL, `memory per entry at 1,000,000 entries: no more than lru-cache, ${table}`, memoryOver(run, table)),
    ),
    ...judgeLoading(run),
    ...judgeShared(run),
    ...judgeServers(run),
  ];
}

/** Peers that have a ttl are judged with it, the others without; locmem likewise. */
function peersOf(run: Run, scenario: string, keys: string): Ratio[] {
  const compared = syncPeers.filter((peer) => peer.package !== null && peer.package !== 'locmem');
  const withTtl = compared.filter((peer) => peer.ttl.on).map((peer) => peer.name);
  const withoutTtl = compared.filter((peer) => !peer.ttl.on).map((peer) => peer.name);
  const results = run.get(scenario);
  return [
    ...ratios(columnOf(results, TTL_ON, keys), LOCMEM, withTtl),
    ...ratios(columnOf(results, TTL_OFF, keys), LOCMEM, withoutTtl),
  ];
}

function overMap(run: Run, keys: string): Ratio[] {
  const floor = columnOf(run.get('hit'), TTL_OFF, keys).get('Map');
  return [TTL_ON, TTL_OFF].flatMap((table) => {
    const own = columnOf(run.get('hit'), table, keys).get(LOCMEM);
    return own === undefined || floor === undefined ? [] : [{ peer: `Map (${table})`, ratio: own.value / floor.value }];
  });
}

function overLru(run: Run, keys: string): Ratio[] {
  return [TTL_ON, TTL_OFF].flatMap((table) =>
    ratios(columnOf(run.get('hit'), table, keys), 'locmem tinylfu', [LOCMEM]).map(({ ratio }) => ({
      peer: `lru (${table})`,
      ratio,
    })),
  );
}

function awaited(run: Run, scenario: string, column: string): Ratio[] {
  const figures = columnOf(run.get(scenario), TTL_ON, column);
  return ratios(figures, LOCMEM, others(figures));
}

function copied(run: Run, call: string): Ratio[] {
  const figures = columnOf(run.get('object'), COPIED, call);
  return ratios(figures, 'locmem copy', others(figures));
}

function memoryOver(run: Run, table: string): Ratio[] {
  return ratios(columnOf(run.get('memory'), table, entriesColumn(1_000_000)), LOCMEM, ['lru-cache']);
}

function others(figures: ReadonlyMap<string, Figure>): string[] {
  return [...figures.keys()].filter((name) => !name.startsWith('locmem'));
}

export function goalsSection(run: Run): string[] {
  const rows = judge(run).map(({ goal, measured, verdict }) => {
    return [goal, measured, verdict === 'missed' ? '**missed**' : verdict];
  });
  return markdownTable(['goal', 'measured: locmem ÷ peer', ''], ['left', 'left', 'left'], rows);
}
