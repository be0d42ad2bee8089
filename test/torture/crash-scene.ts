import assert from 'node:assert/strict';
import { closeSync, copyFileSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SharedCache } from 'locmem';
import { HEADER, SHARD } from '#dist/shared/layout.js';
import { openSegment } from '#dist/shared/segment.js';
import { checkSegment } from '../shared/check-segment.js';
import { PrimitiveCache } from '../shared/primitive-cache.js';
import {
  type CrashOperation,
  EXTRAS,
  GROUPS,
  type Group,
  LARGE,
  OPTIONS,
  OTHER,
  OTHER_LARGE,
  SMALL,
  VICTIMS,
} from './crash-operations.js';

const BYSTANDERS = 40;
const NAMES = Object.keys(GROUPS) as Group[];

/** Makes a segment that is full. */
export function fill(location: string): void {
  const caches = NAMES.map((name) => new PrimitiveCache({ location, ...OPTIONS, keyPrefix: GROUPS[name] }));
  const plain = caches[0]!;
  for (let i = 0; i < 1000; i++) {
    plain.setSync(`filler:${i}`, `${i}`.padEnd(100, 'f'));
    if (i % 25 !== 0) continue;
    // Used again and again, so that room is made beside them: they are moved, and not evicted.
    for (const key of VICTIMS) plain.getOrSetSync(key, SMALL);
    plain.getOrSetSync('number', 41);
    if (!plain.hasSync('extras')) plain.store('extras', 41, 3_600_000, EXTRAS);
    for (const [n, cache] of caches.entries()) {
      for (let j = 0; j < BYSTANDERS; j++) {
        const value = `${j}`.padEnd(50, NAMES[n]);
        if (NAMES[n] !== 'tagged') cache.getOrSetSync(`other:${j}`, value);
        else if (!cache.hasSync(`other:${j}`)) cache.store(`other:${j}`, value, Number.POSITIVE_INFINITY, EXTRAS);
      }
    }
  }
  assert.equal(
    plain.getManySync(['number', 'extras', ...VICTIMS]).size,
    2 + VICTIMS.length,
    'who is to be written is there',
  );
  for (const cache of [...caches, clearedIn(location, true)]) cache.closeSync();
}

/** The cache of a prefix that was cleared: what stood there never comes back, whatever happens. */
function clearedIn(location: string, isNew = false): SharedCache {
  const cache = new SharedCache({ location, ...OPTIONS, keyPrefix: 'cleared' });
  if (isNew) for (const key of VICTIMS) cache.setSync(key, 'cleared');
  if (isNew) cache.clearSync();
  return cache;
}

/** A full segment, what stands in it before somebody dies, and what has to be true of it afterwards. */
export class Scene {
  readonly location: string;
  #caches = new Map<Group, PrimitiveCache>();
  #before = new Map<Group, ReadonlyMap<string, unknown>>();
  #evictions = 0;
  /** What was deleted by its tag. */
  readonly #gone: Group[] = [];

  /** `full` is a segment that `fill` has filled, and of which this is a copy; `undefined`: there is none yet. */
  constructor(location: string, full: string | undefined) {
    this.location = location;
    if (full === undefined) return;
    copyFileSync(full, location);
    this.open();
    for (const name of NAMES) {
      const found = this.#bystanders(name);
      assert.ok(found.size > BYSTANDERS / 2, `${found.size} ${name}`);
      this.#before.set(name, found);
    }
    this.#evictions = this.#cache('plain').statsSync().evictions!;
  }

  open(): void {
    for (const name of NAMES) {
      this.#caches.set(name, new PrimitiveCache({ location: this.location, ...OPTIONS, keyPrefix: GROUPS[name] }));
    }
  }

  close(): void {
    for (const cache of this.#caches.values()) cache.closeSync();
    this.#caches.clear();
  }

  #cache(name: Group): PrimitiveCache {
    return this.#caches.get(name)!;
  }

  #bystanders(name: Group): Map<string, unknown> {
    return this.#cache(name).getManySync(Array.from({ length: BYSTANDERS }, (_, i) => `other:${i}`));
  }

  /** Makes an end of the log senseless where its last owner died, as damage to the memory would. */
  damageLogs(): void {
    const segment = openSegment(this.location, 2 ** 17);
    for (const { memory, lock } of segment.parts) if (lock.isAbandoned()) memory.words[SHARD.PROBATION] = -5;
    segment.close();
  }

  /** Damages what the file holds of clears, prefixes and dictionary. Nobody has it open. */
  damageHeader(): void {
    const fd = openSync(this.location, 'r+');
    const word = Buffer.alloc(4);
    readSync(fd, word, 0, 4, 4 * HEADER.CLEARED);
    word[1]! ^= 0x55;
    writeSync(fd, word, 0, 4, 4 * HEADER.CLEARED);
    closeSync(fd);
  }

  /** Nothing is wrong, nothing is gone but what may be, everything goes on at once, and the whole segment is sound. */
  check(operation: CrashOperation): void {
    if (this.#before.size > 0) {
      const cleared = clearedIn(this.location);
      assert.deepStrictEqual([...cleared.getManySync(VICTIMS)], []);
      cleared.closeSync();
      this.#checkBystanders(operation);
      this.#checkVictims(operation);
    }
    this.#checkWorks();
    this.#checkNothingCameBack();
    checkSegment(this.location, OPTIONS.maxBytes);
    const { ino } = statSync(this.location);
    // A name of this very file, or one that nobody had reserved space for: nothing that takes room.
    for (const left of temporaryNames(this.location).map((name) => statSync(name))) {
      assert.ok(left.ino === ino || left.size === 0, `a file of ${left.size} bytes is left behind`);
    }
  }

  #checkBystanders({ clears = [], isGradual, isDamaged, opens, after, name: title }: CrashOperation): void {
    const deaths = after === undefined ? 1 : 2;
    const evicted = this.#cache('plain').statsSync().evictions! - this.#evictions;
    const cleared = new Set<boolean>();
    let gone = 0;
    for (const name of NAMES) {
      const before = this.#before.get(name)!;
      const found = this.#bystanders(name);
      for (const [key, value] of found) assert.equal(value, before.get(key), `${name}: ${key}`);
      if (!clears.includes(name)) gone += before.size - found.size;
      else if (isGradual !== true) {
        assert.ok(found.size === 0 || found.size === before.size, `${found.size} of ${before.size} ${name} were left`);
        cleared.add(found.size === 0);
        if (found.size === 0 && name === 'tagged') this.#gone.push(name);
      }
    }
    assert.ok(cleared.size <= 1, 'all that is cleared is cleared at once');
    if (isDamaged === true || opens === 'what is damaged') return;
    assert.ok(gone <= evicted + deaths, `${title}: ${gone} are gone, of which ${evicted} were evicted`);
  }

  #checkNothingCameBack(): void {
    for (const name of this.#gone) assert.equal(this.#bystanders(name).size, 0, `${name} came back`);
    if (this.#gone.length === 0) return;
    // Nor to the next who opens it.
    this.close();
    this.open();
    for (const name of this.#gone) assert.equal(this.#bystanders(name).size, 0, `${name} came back later`);
  }

  #checkVictims({ key = 'victim', name, mayLose = true, isDamaged }: CrashOperation): void {
    const plain = this.#cache('plain');
    for (const victim of [...VICTIMS, 'new']) {
      for (const version of [1, 2]) {
        const value = plain.getSync(victim, { version });
        if (typeof value === 'object') assert.deepStrictEqual(value, { shape: 'new' }, name);
        else assert.ok([undefined, SMALL, OTHER, LARGE, OTHER_LARGE].includes(value as string), `${name}: ${value}`);
      }
    }
    for (const name of ['number', 'extras']) {
      const number = plain.getSync<number>(name);
      assert.ok(number === undefined || [41, 42, 43].includes(number), `the counter ${name} is ${number}`);
    }
    const recalled = plain.recallSync('extras');
    assert.ok(
      recalled === undefined || isDeepStrictEqual(recalled.tags, EXTRAS.tags),
      `the tags are ${recalled?.tags}`,
    );
    // Whoever had it is dead.
    void plain.lease('victim')!.release();
    if (!mayLose && isDamaged !== true) assert.ok(plain.hasSync(key), `${name} lost its entry`);
  }

  #checkWorks(): void {
    const plain = this.#cache('plain');
    for (let i = 0; i < 20; i++) {
      plain.setSync(`after:${i}`, LARGE);
      assert.equal(plain.getSync(`after:${i}`), LARGE);
    }
    plain.setSync('victim', OTHER);
    plain.setSync('number', 1);
    assert.equal(plain.incrSync('number'), 2);
    assert.equal(plain.getSync('victim'), OTHER);
    const p = this.#cache('p');
    p.setSync('other:0', 'kept');
    p.clearSync();
    assert.equal(p.getSync('other:0'), undefined);
    assert.equal(plain.getSync('victim'), OTHER);
  }
}

/** Files that creators of a segment made beside it and did not remove. */
export function temporaryNames(location: string): string[] {
  const folder = dirname(location);
  return readdirSync(folder)
    .filter((name) => name.startsWith(`.${basename(location)}.`))
    .map((name) => join(folder, name));
}
