/** Does one operation, and kills itself when it comes to a step of the write path for the n-th time; then says what the steps are. */
import { SharedCache } from 'locmem';
import { ChangingHeader } from '#dist/shared/changing-header.js';
import { OutgoingRecord } from '#dist/shared/outgoing-record.js';
import { Ring } from '#dist/shared/ring.js';
import { ShardLock } from '#dist/shared/shard-lock.js';
import { ShardMemory } from '#dist/shared/shard-memory.js';
import { OPERATIONS } from './crash-operations.js';

const [location, name, fatal, round] = process.argv.slice(2) as [string, string, string?, string?];
const steps: string[] = [];
let rounds = 0;
let isWatching = false;

function step(what: string): void {
  if (!isWatching) return;
  steps.push(what);
  if (what === fatal && rounds++ === Number(round)) process.kill(process.pid, 'SIGKILL');
}

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Every call of these methods is a step, before and after. */
function watch(owner: object, title: string, methods: readonly string[]): void {
  for (const method of methods) {
    const original = (owner as Methods)[method]!;
    (owner as Methods)[method] = function (this: unknown, ...args: unknown[]) {
      step(`before ${title}.${method}`);
      const result = original.apply(this, args);
      step(`after ${title}.${method}`);
      return result;
    };
  }
}

watch(ShardMemory.prototype, 'ShardMemory', ['open', 'close', 'unlink', 'bury', 'sumUp']);
watch(Ring.prototype, 'Ring', ['place', 'advance', 'giveUp', 'rotate', 'fill', 'goRound']);
watch(OutgoingRecord.prototype, 'OutgoingRecord', ['writeHeader']);
watch(ShardLock.prototype, 'ShardLock', ['acquire', 'release']);
watch(ChangingHeader.prototype, 'ChangingHeader', ['replaceDictionary']);
watch(Atomics, 'Atomics', ['store']);

const cache = new SharedCache({ location, maxBytes: '128kb', ttl: null });
isWatching = true;
OPERATIONS.find((operation) => operation.name === name)!.run(cache);
isWatching = false;
process.send!(steps);
