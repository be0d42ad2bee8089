import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Ring } from '#dist/shared/ring.js';

const AT = 4;
const START = 16;
const END = 80;

interface Record {
  unit: number;
  units: number;
}

/** A ring whose records say how long they are, and the list of records that it should hold, the oldest first. */
class Walked {
  readonly words = new Int32Array(2 * END + 2);
  readonly ring = new Ring(this.words, AT, START, END);
  readonly records: Record[] = [];

  constructor() {
    this.ring.clear();
  }

  write(units: number): void {
    const unit = this.ring.place(units);
    this.words[2 * unit] = 1;
    this.words[2 * unit + 1] = units;
    for (const old of this.records) assert.ok(unit + units <= old.unit || unit >= old.unit + old.units, 'overlaps');
    this.ring.advance(unit + units);
    this.records.push({ unit, units });
  }

  /** Passes what stands at the tail: a record stays, as the latest, or goes. */
  pass(stays: boolean): void {
    const { ring } = this;
    const { tail } = ring;
    if (ring.endsAt(tail)) ring.goRound();
    else if (ring.fillerAt(tail) > 0) ring.giveUp(tail + ring.fillerAt(tail));
    else {
      const record = this.records.shift()!;
      assert.equal(record.unit, tail);
      if (stays) {
        ring.fill(tail);
        ring.rotate(tail + record.units);
        this.records.push(record);
      } else ring.giveUp(tail + record.units);
    }
  }

  check(): void {
    const { ring, words } = this;
    const found: Record[] = [];
    let unit = ring.tail;
    for (let isFirst = ring.isFull; unit !== ring.head || isFirst; isFirst = false) {
      if (ring.endsAt(unit)) unit = START;
      else if (ring.fillerAt(unit) > 0) unit += ring.fillerAt(unit);
      else {
        found.push({ unit, units: words[2 * unit + 1]! });
        unit += words[2 * unit + 1]!;
      }
    }
    assert.deepStrictEqual(found, this.records);
    assert.ok(ring.isSane);
    for (const record of this.records) assert.ok(ring.holds(record.unit), `holds ${record.unit}`);
    if (ring.isEmpty) assert.deepStrictEqual(this.records, []);
  }
}

describe('a ring', () => {
  it('holds what was written and not given up, in that order, whatever was done', () => {
    const operations = fc.array(fc.tuple(fc.constantFrom('write', 'keep', 'drop', 'demote', 'rewind'), fc.nat(30)), {
      maxLength: 200,
      size: 'max',
    });
    fc.assert(
      fc.property(operations, (steps) => {
        const walked = new Walked();
        const { ring } = walked;
        for (const [step, amount] of steps) {
          const units = 1 + amount;
          if (step === 'rewind' && ring.isEmpty) ring.rewind();
          if (step === 'write' || step === 'demote') {
            while (!ring.hasRoom(units) && !ring.isEmpty) walked.pass(false);
            if (ring.isEmpty) ring.rewind();
            walked.write(units);
          }
          if (step === 'demote') {
            const latest = walked.records.pop()!;
            ring.fill(latest.unit);
            walked.records.unshift(latest);
          }
          if ((step === 'keep' || step === 'drop') && !ring.isEmpty) walked.pass(step === 'keep');
          walked.check();
        }
      }),
    );
  });

  it('takes a record as large as itself', () => {
    const walked = new Walked();
    walked.write(END - START);
    walked.check();
    assert.ok(!walked.ring.hasRoom(1));
    walked.pass(false);
    assert.ok(walked.ring.hasRoom(1));
  });

  it('knows until where its records are of an era before, also when it is full of them', () => {
    for (const count of [3, 4]) {
      const walked = new Walked();
      const { ring } = walked;
      // Not from the start, where head and tail would never meet.
      for (let i = 0; i < 3; i++) walked.write(16);
      for (let i = 0; i < 3; i++) walked.pass(false);
      for (let i = 0; i < count; i++) walked.write(16);
      assert.equal(ring.isFull, count === 4);
      ring.beginEra();
      const seen: boolean[] = [];
      for (let i = 0; i < 12; i++) {
        const isOld = ring.isTailOld();
        if (!ring.endsAt(ring.tail)) seen.push(isOld);
        walked.pass(false);
        if (ring.hasRoom(16)) walked.write(16);
      }
      assert.deepStrictEqual(
        seen.slice(0, count),
        Array.from({ length: count }, () => true),
      );
      assert.ok(seen.slice(count).every((isOld) => !isOld));
    }
  });
});
