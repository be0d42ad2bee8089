import assert from 'node:assert/strict';
import { LruPolicy } from '#dist/locmem/lru.js';
import type { Store } from '#dist/locmem/store.js';
import type { Tag } from '#dist/locmem/tag-registry.js';

/** Asserts the invariants that src/locmem/store.ts and slots.ts state. */
export function checkStore(store: Store): void {
  const used = usedSlots(store);
  checkTables(store, used);
  checkBounds(store, used);
  checkExtras(store, used);
  if (store.policy instanceof LruPolicy) checkList(store.policy, used);
}

/** The slots from the least to the most recently used one. */
export function oldestFirst({ newest, newer }: LruPolicy): number[] {
  const slots: number[] = [];
  if (newest === 0) return slots;
  for (let slot = newer[0]!; slot !== newest; slot = newer[slot]!) {
    slots.push(slot);
    assert.ok(slots.length < newer.length, 'the list goes round without its end');
  }
  return [...slots, newest];
}

/** Each slot is free, or used and complete. */
function usedSlots(store: Store): Set<number> {
  const used = new Set<number>();
  for (let slot = 1; slot < store.keys.length; slot++) {
    if (store.keys[slot] !== undefined) used.add(slot);
    else assert.equal(store.values[slot], undefined, `slot ${slot} is free, and holds a value`);
  }
  for (const slot of used) assert.ok(slot <= store.used, `slot ${slot} is beyond the highest used one`);
  const free = new Set(store.free);
  assert.equal(free.size, store.free.length, 'a slot is free twice');
  for (const slot of free) assert.ok(!used.has(slot) && slot >= 1 && slot <= store.used, `slot ${slot} is not free`);
  assert.equal(used.size + free.size, store.used, 'a slot is lost');
  assert.equal(store.keys[0], undefined);
  assert.equal(store.values[0], undefined);
  return used;
}

/** Each used slot is in exactly one table, under its key, which is that of its owner. */
function checkTables(store: Store, used: Set<number>): void {
  const found = new Map<number, Map<string, number>>();
  const tables = new Set(
    [...store.keyspaces.namespaces].flatMap((namespace) => (namespace === undefined ? [] : [namespace.table])),
  );
  for (const table of tables) {
    for (const [key, slot] of table) {
      assert.ok(used.has(slot), `${key} is at slot ${slot}, which is free`);
      assert.ok(!found.has(slot), `slot ${slot} has two names`);
      assert.equal(store.keys[slot], key);
      found.set(slot, table);
    }
  }
  assert.equal(found.size, used.size, 'an entry has no name');
  for (const [slot, table] of found) {
    const owner = store.ownerOf(slot);
    assert.equal(store.keyspaces.namespaces[owner.id], owner, `slot ${slot} belongs to a namespace that is gone`);
    assert.equal(owner.table, table, `slot ${slot} is in another table than its owner's`);
  }
  for (const [id, namespace] of store.keyspaces.namespaces.entries())
    if (namespace !== undefined) assert.equal(namespace.id, id);
}

function checkBounds(store: Store, used: Set<number>): void {
  const { maxEntries, maxSize } = store.settings;
  assert.equal(store.count, used.size, 'count');
  assert.ok(store.count <= maxEntries, `${store.count} entries of ${maxEntries}`);
  let size = 0;
  if (store.isSized) for (const slot of used) size += store.sizes[slot]!;
  assert.equal(store.size, size, 'size');
  assert.ok(maxSize === undefined || size <= maxSize, `a size of ${size} of ${maxSize}`);
  if (store.isTimed) for (const slot of used) assert.ok(!Number.isNaN(store.expiresAt[slot]!));
  for (const counter of ['hits', 'misses', 'sets', 'deletes', 'evictions', 'expirations'] as const) {
    assert.ok(Number.isSafeInteger(store[counter]) && store[counter] >= 0, counter);
  }
}

/** Extras are those of used slots, and a tag is there exactly while an entry has it. */
function checkExtras({ extras, hasExtras, isTagged }: Store, used: Set<number>): void {
  assert.equal(isTagged, extras.isTagged);
  if (isTagged) assert.equal(hasExtras, true);
  const entriesOf = new Map<Tag, number>();
  for (const [slot, tags] of extras.tags.entries()) {
    if (tags === undefined) continue;
    assert.ok(used.has(slot), `slot ${slot} is free, and has tags`);
    for (const tag of tags) entriesOf.set(tag, (entriesOf.get(tag) ?? 0) + 1);
  }
  let registered = 0;
  for (const [tag, entries] of entriesOf) {
    assert.equal(tag.entries, entries, `${tag.name} counts its entries`);
    if (!tag.isDeleted) registered++;
  }
  assert.equal(extras.registry.size, registered, 'a tag that no entry has');
  for (const lane of [extras.staleFor, extras.loadTimes]) {
    for (const [slot, value] of lane.entries()) {
      assert.ok(used.has(slot) ? value >= 0 : value === 0, `slot ${slot} is free, and has ${value} in a lane`);
    }
  }
}

/** The list holds the used slots and no other, and reads the same backwards. */
function checkList(policy: LruPolicy, used: Set<number>): void {
  const forwards = oldestFirst(policy);
  assert.deepStrictEqual(new Set(forwards), used, 'the policy holds other slots than are used');
  assert.equal(forwards.length, used.size, 'a slot is twice in the list');
  const backwards: number[] = [];
  for (let slot = policy.newest; slot !== 0 && backwards.length <= used.size; slot = policy.older[slot]!) {
    backwards.push(slot);
  }
  assert.deepStrictEqual(backwards.reverse(), forwards);
}
