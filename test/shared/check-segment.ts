import assert from 'node:assert/strict';
import type { Size } from 'locmem';
import { sizeInBytes } from '#dist/core/size.js';
import { PLACE, SHARD, VERSION } from '#dist/shared/layout.js';
import { RECORD } from '#dist/shared/record.js';
import { nextSlot } from '#dist/shared/repair.js';
import type { Ring } from '#dist/shared/ring.js';
import { openSegment, type Part } from '#dist/shared/segment.js';

/** Looks through a whole segment: index and logs agree, nothing overlaps, the counts are right, free space adds up. */
export function checkSegment(location: string, maxBytes: Size): void {
  const segment = openSegment(location, sizeInBytes('maxBytes', maxBytes));
  try {
    for (const part of segment.parts) {
      segment.enter(part);
      segment.leave(part);
      checkShard(part);
    }
  } finally {
    segment.close();
  }
}

function checkShard({ memory, lock }: Part): void {
  const { words } = memory;
  assert.equal(lock.isOwn(), false);
  assert.equal(words[SHARD.SUM], memory.ringSum(), 'the sum of the rings');
  const found = new Map<number, number>();
  for (const ring of [memory.probation, memory.main]) {
    const live = walk(ring, memory, found);
    assert.equal(ring.live, live, 'living units');
    assert.ok(ring.isEmpty ? live === 0 : live <= ring.units);
  }
  let entries = 0;
  for (let at = memory.firstSlot; at < memory.endOfSlots; at = nextSlot(at, memory)) {
    assert.equal(words[at + VERSION]! & 1, 0, 'a version is even when nobody writes');
    if (words[at] === 0) {
      assert.equal(words[at + PLACE], 0);
      continue;
    }
    entries++;
    const unit = memory.unitOf(words[at + PLACE]!);
    assert.equal(found.get(unit), at, 'each slot has a record of its own in a log');
    assert.equal(words[2 * unit + RECORD.BINDING], words[at + VERSION], 'bound to the version of its slot');
    assert.ok(words[2 * unit + RECORD.KIND]! >= 0, 'not buried');
    assert.ok(memory.isWhole(unit), 'as it was written');
  }
  assert.equal(words[SHARD.ENTRIES], entries, 'entries');
  assert.equal(entries, found.size, 'every living record has a slot');
}

/** Walks a log from tail to head. @returns the units of its living records. */
function walk(ring: Ring, memory: Part['memory'], found: Map<number, number>): number {
  let live = 0;
  let unit = ring.tail;
  let walked = 0;
  let isBegun = false;
  while (unit !== ring.head || (ring.isFull && !isBegun)) {
    isBegun = true;
    if (ring.endsAt(unit)) {
      walked += ring.end - unit;
      unit = ring.start;
      continue;
    }
    const filler = ring.fillerAt(unit);
    const units = filler || memory.unitsAt(unit);
    assert.ok(units > 0, `no record at ${unit}`);
    const at = filler > 0 || memory.words[2 * unit + RECORD.KIND]! < 0 ? 0 : memory.slotOf(unit);
    if (at !== 0) {
      found.set(unit, at);
      live += units;
    }
    unit += units;
    walked += units;
    assert.ok(walked <= ring.units, 'a walk ends at the head');
  }
  return live;
}
