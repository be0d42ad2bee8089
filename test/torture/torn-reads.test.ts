import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { IncomingRecord } from '#dist/shared/incoming-record.js';
import { OutgoingRecord } from '#dist/shared/outgoing-record.js';
import { Reader } from '#dist/shared/reader.js';
import { openSegment, type Part, type Segment } from '#dist/shared/segment.js';
import { Child, freshLocation, timeOf } from './shared-place.js';

const BYTES = 131_072;
const KEYS = 40;
const NOTHING = new Uint8Array(0);
/** A run without checks finds its first torn record within a second or so. */
const GIVE_UP = 30_000;

/** Reads the keys in turn, and looks at what was copied: each value is one character again and again. */
class Watcher {
  reads = 0;
  torn = 0;
  readonly #segment: Segment;
  readonly #readers: readonly Reader[];
  readonly #out = new OutgoingRecord();
  readonly #in = new IncomingRecord();

  constructor(segment: Segment, readers: readonly Reader[]) {
    this.#segment = segment;
    this.#readers = readers;
  }

  async watch(milliseconds: number, isEnough: () => boolean): Promise<void> {
    for (const end = Date.now() + milliseconds; Date.now() < end && !isEnough(); await setImmediate()) {
      for (let i = 0; i < 20_000; i++) this.#read(`key:${i % KEYS}`);
    }
  }

  #read(key: string): void {
    const { seed, parts } = this.#segment;
    this.#out.setKey(NOTHING, key, seed);
    const part = this.#segment.partOf(this.#out.hash);
    if (this.#readers[parts.indexOf(part)]!.read(this.#out, this.#in) <= 0) return;
    this.reads++;
    const { bytes, text, valueAt, valueBytes } = this.#in;
    if (text !== undefined) {
      const isWhole = text.length === valueBytes && text === text[0]!.repeat(valueBytes);
      if (!isWhole) this.torn++;
      return;
    }
    const first = bytes[valueAt];
    for (let i = valueAt; i < valueAt + valueBytes; i += 64) if (bytes[i] !== first) return void this.torn++;
    if (bytes[valueAt + valueBytes - 1] !== first) this.torn++;
  }
}

async function torture(readerOf: (part: Part, segment: Segment) => Reader, ms: number, untilTorn: boolean) {
  const location = freshLocation();
  const segment = openSegment(location, BYTES);
  const writer = new Child('./hot-writer.js', location, String(BYTES), String(KEYS));
  try {
    await writer.next();
    const watcher = new Watcher(
      segment,
      segment.parts.map((part) => readerOf(part, segment)),
    );
    await watcher.watch(ms, () => untilTorn && watcher.torn > 0);
    return watcher;
  } finally {
    writer.signal('SIGKILL');
    await writer.end();
    segment.close();
  }
}

describe('reading while others write', () => {
  it('never gives a torn record', async () => {
    const { reads, torn } = await torture((part) => part.reader, timeOf('torn reads', 3000), false);
    assert.ok(reads > 1000, `${reads} reads`);
    assert.equal(torn, 0, `${torn} of ${reads} reads are torn`);
  });

  it('would, if the version and place were not looked at again', async () => {
    const era = (segment: Segment) => segment.header[16]!;
    const blind = { isUnchanged: () => true };
    const readerOf = (part: Part, segment: Segment) => new Reader(part.memory, segment.clears, era(segment), blind);
    const { torn } = await torture(readerOf, GIVE_UP, true);
    assert.ok(torn > 0, 'the test can find a torn record');
  });
});
