/** The steps in which a segment changes, for all the world to see: what a process may die at, and others may look in between. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { ChangingHeader } from '#dist/shared/changing-header.js';
import { Leases } from '#dist/shared/leases.js';
import { OutgoingRecord } from '#dist/shared/outgoing-record.js';
import { Participants } from '#dist/shared/participants.js';
import { thisPlatform } from '#dist/shared/platform.js';
import { RecentWrites } from '#dist/shared/recent-writes.js';
import { Ring } from '#dist/shared/ring.js';
import { ShardLock } from '#dist/shared/shard-lock.js';
import { ShardMemory } from '#dist/shared/shard-memory.js';
import { TagTable } from '#dist/shared/tag-table.js';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** What is a step only where it is called from here: elsewhere it is a part of another step, or of Node itself. */
const STORES = ['changing-header', 'log-cleaner', 'participants'];
const FILES = ['segment-file', 'mapping'];

/** From now on `step` is told of each of these calls, before and after, and of who makes it: 'after Ring.advance in shard #publish'. */
export function watchSteps(step: (title: string) => void): void {
  const watch = (owner: object, title: string, methods: readonly string[], callers?: readonly string[]) => {
    for (const method of methods) {
      const original = (owner as Methods)[method]!;
      (owner as Methods)[method] = function (this: unknown, ...args: unknown[]) {
        const [file, name] = caller();
        if (callers !== undefined && !callers.includes(file)) return original.apply(this, args);
        step(`before ${title}.${method} in ${file} ${name}`);
        const result = original.apply(this, args);
        step(`after ${title}.${method} in ${file} ${name}`);
        return result;
      };
    }
  };
  watch(ShardMemory.prototype, 'ShardMemory', [
    'open',
    'close',
    'unlink',
    'bury',
    'sumUp',
    'begin',
    'end',
    'finish',
    'applyCounts',
    'changePlace',
    'empty',
  ]);
  watch(Ring.prototype, 'Ring', ['place', 'advance', 'giveUp', 'rotate', 'goRound', 'fill', 'fillAt']);
  watch(RecentWrites.prototype, 'RecentWrites', ['add']);
  watch(OutgoingRecord.prototype, 'OutgoingRecord', ['writeHeader']);
  watch(ShardLock.prototype, 'ShardLock', ['acquire', 'tryAcquire', 'release']);
  watch(ChangingHeader.prototype, 'ChangingHeader', ['replaceDictionary', 'forget', 'recover']);
  watch(Participants.prototype, 'Participants', ['join']);
  watch(thisPlatform(), 'Platform', ['reserve', 'map', 'lockByte', 'unlockByte']);
  watch(Atomics, 'Atomics', ['store'], STORES);
  watch(Atomics, 'Atomics', ['add'], ['tag-table']);
  watch(Atomics, 'Atomics', ['compareExchange'], ['leases']);
  watch(TagTable.prototype, 'TagTable', ['settle']);
  watch(Leases.prototype, 'Leases', ['clear']);
  watchCopies(step);
  watch(fs, 'fs', ['openSync', 'writeSync', 'linkSync', 'unlinkSync', 'closeSync'], FILES);
  syncBuiltinESMExports();
}

/** A large record is written by one call of Node's, in the middle of which one can be killed, too. */
function watchCopies(step: (title: string) => void): void {
  const { copy } = Buffer.prototype;
  Buffer.prototype.copy = function (this: Buffer, target: Uint8Array, at = 0, from = 0, to = this.length) {
    const [file, name] = caller();
    if (file !== 'shard') return copy.call(this, target, at, from, to);
    copy.call(this, target, at, from, from + ((to - from) >> 1));
    step(`after Buffer.copy.half in ${file} ${name}`);
    return copy.call(this, target, at, from, to);
  };
}

/** The file of the package, and the function in it, that called a watched method. */
function caller(): [file: string, name: string] {
  const line = new Error().stack!.split('\n')[3] ?? '';
  const file = /\/([\w-]+)\.js:\d+:\d+\)?$/.exec(line)?.[1] ?? 'elsewhere';
  const name = /at (?:new )?(?:\w+\.)?([#\w]+) \(/.exec(line)?.[1] ?? 'callback';
  return [file, name];
}
