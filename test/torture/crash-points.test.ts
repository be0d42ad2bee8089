import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type CrashOperation, OPERATIONS } from './crash-operations.js';
import { fill, Scene } from './crash-scene.js';
import { Child, freshLocation, IS_LONG, timeOf } from './shared-place.js';

const PROGRAM = './crash-process.js';
/** Eviction repeats its steps for each entry that has to go: so many rounds of each are enough. */
const MOST_ROUNDS = 20;
const AT_ONCE = 4;
/** Of the steps that others died at already, in the short form. */
const OTHERS = 1;

/** Each must have been somebody's death, in whatever operation. */
const STEPS = [
  'changing-header #change: ShardLock.acquire',
  'changing-header #change: ShardLock.release',
  'changing-header #store: Atomics.store',
  'changing-header #storePrefix: Atomics.store',
  'changing-header forget: ShardLock.acquire',
  'changing-header forget: ShardLock.release',
  'codec #save: ChangingHeader.replaceDictionary',
  'intent completeAmendment: ShardMemory.open',
  'intent endIntent: ShardMemory.empty',
  'intent endIntent: ShardMemory.finish',
  'intent endOverwrite: Ring.fillAt',
  'intent endOverwrite: ShardMemory.empty',
  'intent lay: ShardMemory.bury',
  'intent loseUnless: ShardMemory.end',
  'leases release: Atomics.compareExchange',
  'leases take: Atomics.compareExchange',
  'log-cleaner #dispose: Ring.fill',
  'log-cleaner #move: Ring.advance',
  'log-cleaner #move: Ring.place',
  'log-cleaner #move: ShardMemory.begin',
  'log-cleaner #move: ShardMemory.bury',
  'log-cleaner #move: ShardMemory.changePlace',
  'log-cleaner #move: ShardMemory.finish',
  'log-cleaner #passTail: Ring.giveUp',
  'log-cleaner #passTail: Ring.goRound',
  'log-cleaner #passTail: Ring.rotate',
  'log-cleaner evict: ShardMemory.unlink',
  'log-cleaner makeRoom: Ring.place',
  'log-cleaner makeRoomUnproven: Ring.place',
  'mapping mapAnew: Platform.map',
  'mapping mapAnew: fs.closeSync',
  'mapping mapAnew: fs.openSync',
  'participants join: Atomics.store',
  'participants join: Platform.lockByte',
  'repair resetShard: ShardMemory.empty',
  'segment #beginEra: ChangingHeader.forget',
  'segment #beginEra: ChangingHeader.recover',
  'segment #beginEra: Leases.clear',
  'segment #beginEra: ShardLock.acquire',
  'segment #beginEra: ShardLock.release',
  'segment #beginEra: ShardMemory.end',
  'segment #beginEra: TagTable.settle',
  'segment Segment: Participants.join',
  'segment Segment: Platform.unlockByte',
  'segment enter: ShardLock.acquire',
  'segment leave: ShardLock.release',
  'segment waitToJoin: Platform.lockByte',
  'segment-file create: Platform.lockByte',
  'segment-file create: fs.closeSync',
  'segment-file create: fs.linkSync',
  'segment-file openExisting: fs.openSync',
  'segment-file openNew: fs.openSync',
  'segment-file reserve: Platform.reserve',
  'segment-file writeHeader: fs.writeSync',
  'shard #append: Ring.fill',
  'shard #finishChange: ShardMemory.end',
  'shard #overwrite: OutgoingRecord.writeHeader',
  'shard #overwrite: ShardMemory.begin',
  'shard #overwrite: ShardMemory.close',
  'shard #overwrite: ShardMemory.end',
  'shard #overwrite: ShardMemory.open',
  'shard #publish: OutgoingRecord.writeHeader',
  'shard #publish: Ring.advance',
  'shard #publish: ShardMemory.begin',
  'shard #publish: ShardMemory.bury',
  'shard #publish: ShardMemory.close',
  'shard #publish: ShardMemory.finish',
  'shard #publish: ShardMemory.open',
  'shard #write: Buffer.copy.half',
  'shard increase: ShardMemory.begin',
  'shard increase: ShardMemory.open',
  'shard prolong: ShardMemory.begin',
  'shard prolong: ShardMemory.open',
  'shard remove: ShardMemory.unlink',
  'shard renew: ShardMemory.begin',
  'shard renew: ShardMemory.open',
  'shard-memory bind: ShardMemory.close',
  'shard-memory bind: ShardMemory.sumUp',
  'shard-memory empty: ShardMemory.close',
  'shard-memory empty: ShardMemory.open',
  'shard-memory finish: ShardMemory.applyCounts',
  'shard-memory finishWith: ShardMemory.applyCounts',
  'shard-memory unlink: ShardMemory.begin',
  'shard-memory unlink: ShardMemory.bury',
  'shard-memory unlink: ShardMemory.empty',
  'shard-memory unlink: ShardMemory.finish',
  'tag-table delete: Atomics.add',
];

const fired = new Map<string, Set<string>>();

/** A full segment, what stands before an operation, and who died there before. The same steps are come to in each copy. */
async function prepare(operation: CrashOperation, full: string): Promise<Scene> {
  const { after: earlier, isDamaged, opens } = operation;
  const scene = new Scene(freshLocation(), opens === 'nothing' ? undefined : full);
  if (earlier !== undefined) {
    const [name, step] = earlier;
    const ending = await new Child(PROGRAM, scene.location, name, `after ${step}`, '0').end();
    assert.equal(ending, 'SIGKILL', `${operation.name}: nobody died before it at ${step}`);
  }
  if (isDamaged === true) scene.damageLogs();
  if (opens !== undefined) scene.close();
  if (opens === 'what is damaged') scene.damageHeader();
  return scene;
}

async function dieAt(operation: CrashOperation, full: string, { title, round }: Point): Promise<void> {
  const place = await prepare(operation, full);
  try {
    const ending = await new Child(PROGRAM, place.location, operation.name, title, String(round)).end();
    assert.equal(ending, 'SIGKILL', `${operation.name}: ${title}, ${round}`);
    const step = stepOf(title);
    fired.set(step, (fired.get(step) ?? new Set()).add(operation.name));
    if (operation.opens !== undefined) place.open();
    place.check(operation);
  } finally {
    place.close();
  }
}

interface Point {
  readonly title: string;
  readonly round: number;
  /** Nobody died at this step yet. */
  readonly isNew: boolean;
}

/**
 * Where the processes of an operation die: after each step that nobody died at yet, and in others, in any round, for as
 * long as there is time. What follows a step is the state before the next; before it is only seen in the long form.
 */
function pointsOf(steps: readonly string[]): Point[] {
  const rounds = new Map<string, number>();
  for (const title of steps) rounds.set(title, Math.min(MOST_ROUNDS, (rounds.get(title) ?? 0) + 1));
  const points: Point[] = [];
  const others: Point[] = [];
  for (const [title, count] of rounds) {
    if (!IS_LONG && !title.startsWith('after')) continue;
    const isNew = !fired.has(stepOf(title));
    const chosen = Math.floor(Math.random() * count);
    for (let round = 0; round < count; round++) {
      if (round === chosen && isNew) points.push({ title, round, isNew });
      else if (round === chosen || IS_LONG) others.push({ title, round, isNew: false });
    }
  }
  others.sort(() => Math.random() - 0.5);
  return [...points, ...others.slice(0, IS_LONG ? others.length : OTHERS)];
}

/** 'shard #publish: Ring.advance' of 'after Ring.advance in shard #publish'. */
function stepOf(title: string): string {
  const [, call, who] = /^\w+ (\S+) in (.*)$/.exec(title)!;
  return `${who}: ${call}`;
}

async function stepsOf(operation: CrashOperation, full: string): Promise<string[]> {
  const place = await prepare(operation, full);
  const steps = (await new Child(PROGRAM, place.location, operation.name).next()) as string[];
  place.close();
  assert.ok(Array.isArray(steps) && steps.length > 5, JSON.stringify(steps));
  return steps;
}

describe('a process that is killed at any step', () => {
  after(() => {
    const list = [...fired].map(([step, operations]) => `  ${step} (${[...operations].join(', ')})`).sort();
    console.log(`Crash points that fired, and in which operations:\n${list.join('\n')}`);
  });

  for (const operation of OPERATIONS) {
    it(`leaves all but its own entry: ${operation.name}`, async () => {
      const full = freshLocation();
      fill(full);
      const points = pointsOf(await stepsOf(operation, full));
      const end = Date.now() + timeOf('crash points', Number.POSITIVE_INFINITY) / OPERATIONS.length;
      for (let i = 0; i < points.length && (points[i]!.isNew || Date.now() < end); i += AT_ONCE) {
        await Promise.all(points.slice(i, i + AT_ONCE).map((point) => dieAt(operation, full, point)));
      }
    });
  }

  it('has died at each of the steps', () => {
    assert.deepStrictEqual(
      STEPS.filter((step) => !fired.has(step)),
      [],
    );
  });
});
