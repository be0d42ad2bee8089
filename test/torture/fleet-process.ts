/** Asks for the key whenever a round begins, by a factory whose runs leave marks, and tells what it was told. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Answer, type Backend, isTagged, KEY, madeBy, openCache, planOf, type Said, TAG } from './fleet-rounds.js';

const [backend, where, marks, number] = process.argv.slice(2) as [Backend, string, string, string];
const member = Number(number);
const cache = openCache(backend, where);
let goOn = () => {};

function say(said: Said): void {
  process.send!(said);
}

/** Leaves the mark of a run, which outlives this process. @returns how many runs of the round came before. */
function mark(round: number): number {
  for (let run = 0; ; run++) {
    try {
      writeFileSync(join(marks, `${round}.${run}`), number, { flag: 'wx' });
      return run;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function make(round: number, run: number): unknown {
  const made = madeBy(member, round, run);
  if ('error' in made) throw new Error(made.error);
  return made.value;
}

async function makeLater(round: number, run: number): Promise<unknown> {
  const { takes, isHeld } = planOf(round);
  if (isHeld && run === 0) {
    const told = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    say('waiting');
    await told;
  }
  await setTimeout(takes);
  return make(round, run);
}

async function play(round: number): Promise<void> {
  const { takes, isHeld } = planOf(round);
  const factory = () => {
    const run = mark(round);
    return isHeld || takes > 0 ? makeLater(round, run) : make(round, run);
  };
  const answer = cache.getOrSet(KEY, factory, { tags: isTagged(round) ? [TAG] : [], lockTimeout: '10m' }).then(
    (value): Answer => ({ value }),
    (error: Error): Answer => ({ error: error.message }),
  );
  if (isHeld) {
    // One connection: what was asked before is answered before.
    await cache.get('another');
    say('asked');
  }
  say(await answer);
}

async function end(): Promise<void> {
  await cache.close();
  process.disconnect();
}

process.on('message', (told: number | 'go on' | 'end') => {
  if (told === 'go on') goOn();
  else if (told === 'end') void end();
  else void play(told);
});
// Also when the test was killed.
process.once('disconnect', () => process.exit());
// Connected before the first round.
await cache.get('another');
say('ready');
