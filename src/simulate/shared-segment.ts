import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LARGEST, type Layout, layoutOf, PAGE, SHARDS, SMALLEST, UNIT } from '../shared/layout.js';
import { RECORD_HEADER_BYTES, recordUnits } from '../shared/record.js';
import { reserveOf } from '../shared/ring.js';
import { SharedCache } from '../shared/shared-cache.js';
import type { Trace } from './replay.js';

const KEY_BYTES = 8;
const ASCII = 2;
/** Keys of 16 characters and values of 100: what a segment is most often sized for. */
const USUAL_UNITS = 18;

/** A segment, and the length of the values of which it holds as many as are asked for. */
interface Fit {
  readonly maxBytes: number;
  readonly valueBytes: number;
}

/**
 * Hit ratio in percent of the shipped SharedCache, in a segment of its own, with values of one size, of which it holds
 * `size`; NaN for so few that no segment holds just them. Without a near cache: what is judged is who stays in the
 * segment. The seed is the segment's own.
 */
export function sharedHitRatio(trace: Trace, size: number): number {
  const fit = fitFor(size);
  if (fit === undefined) return Number.NaN;
  const { maxBytes, valueBytes } = fit;
  const folder = mkdtempSync(join(tmpdir(), 'locmem-simulate-'));
  const cache = new SharedCache({ location: join(folder, 'segment'), maxBytes, nearEntries: 0, ttl: null });
  try {
    const value = 'v'.repeat(valueBytes);
    const names = Array.from({ length: trace.keys }, (_, id) => String(id).padStart(KEY_BYTES, '0'));
    let hits = 0;
    for (const id of trace.accesses) {
      if (cache.hasSync(names[id]!)) hits++;
      else cache.setSync(names[id]!, value);
    }
    return trace.accesses.length === 0 ? 0 : (100 * hits) / trace.accesses.length;
  } finally {
    cache.closeSync();
    rmSync(folder, { recursive: true });
  }
}

/** The smallest segment that holds `size` values of some length, and hardly more. */
function fitFor(size: number): Fit | undefined {
  for (let maxBytes = SMALLEST; maxBytes <= LARGEST; maxBytes += PAGE) {
    const layout = layoutOf(maxBytes);
    let units = Math.floor((0.8 * SHARDS * (layout.shardBytes - layout.probationAt)) / UNIT / size);
    while (!isRecordSize(units) || held(layout, units) > size) units++;
    if (bytesOf(units) > layout.largestValue) return undefined;
    // Never more than was asked for, and within a hundredth, or what the shards can share.
    const isClose = held(layout, units) >= Math.min(0.99 * size, size + 1 - SHARDS);
    if (units >= USUAL_UNITS && isClose) return { maxBytes, valueBytes: bytesOf(units) };
  }
  return undefined;
}

/** Whether there are records of just so many units: sizes come in steps. */
function isRecordSize(units: number): boolean {
  return recordUnits(KEY_BYTES, ASCII, bytesOf(units)) === units;
}

function bytesOf(units: number): number {
  return units * UNIT - RECORD_HEADER_BYTES - KEY_BYTES;
}

/** How many records of so many units the logs hold, less what is kept free to move them. */
function held(layout: Layout, units: number): number {
  const probation = (layout.mainAt - layout.probationAt) / UNIT;
  const main = (layout.shardBytes - layout.mainAt) / UNIT;
  const inLog = (log: number) => Math.floor((units <= reserveOf(log) ? log - reserveOf(log) : log) / units);
  return SHARDS * (inLog(probation) + inLog(main));
}
