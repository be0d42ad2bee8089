import type { EntryExtras } from '../core/entry-extras.js';
import { formOf, hasExtras, keyBytesOf, RECORD, valueOffset } from './record.js';
import type { TagCounts, TagTable } from './tag-table.js';

/**
 * What an entry is stored with beside value and ttl stands before its value, a multiple of 8 bytes, and counts as a part
 * of it where only lengths matter. A record without any has none of this.
 *
 * Two floats: for how long it may be stale, and how long its load took. Words: the bytes of all of it, the number of
 * tags; then for each tag its cell and the count that stood there. Then the tags' texts, UTF-8, a byte 0xff after each.
 */
const BLOCK = { STALE_FOR: 0, LOAD_TIME: 2, BYTES: 4, TAGS: 5, CELLS: 6 } as const;
const SMALLEST = 24;
const BYTES_A_TAG = 8;
/** No UTF-8 has it. */
const END_OF_TEXT = 0xff;

/** The bytes of these extras; `undefined` where there is nothing to be said. @param counts those that its tags had when it was made; else those of now. */
export function encodeExtras(
  extras: EntryExtras | undefined,
  table: TagTable,
  prefixHash: number,
  counts?: TagCounts,
): Uint8Array | undefined {
  if (extras === undefined) return undefined;
  const { staleFor, loadTime, tags } = extras;
  if (staleFor === 0 && loadTime === 0 && tags.length === 0) return undefined;
  const texts = tags.map((tag) => Buffer.from(tag));
  const length = SMALLEST + texts.reduce((sum, text) => sum + BYTES_A_TAG + text.length + 1, 0);
  const bytes = new Uint8Array((length + 7) & ~7).fill(END_OF_TEXT);
  const words = new Int32Array(bytes.buffer);
  const floats = new Float64Array(bytes.buffer);
  floats[BLOCK.STALE_FOR >> 1] = staleFor;
  floats[BLOCK.LOAD_TIME >> 1] = loadTime;
  words[BLOCK.BYTES] = bytes.length;
  words[BLOCK.TAGS] = tags.length;
  let at = SMALLEST + BYTES_A_TAG * tags.length;
  for (const [i, text] of texts.entries()) {
    const cell = table.cellOf(prefixHash, tags[i]!);
    words[BLOCK.CELLS + 2 * i] = cell;
    words[BLOCK.CELLS + 2 * i + 1] = counts === undefined ? table.count(cell) : counts[cell];
    bytes.set(text, at);
    at += text.length + 1;
  }
  return bytes;
}

/** Bytes of the extras of the record at `record`, in words; 0 if it has none, -1 if what stands there makes no sense. */
export function extrasBytes(words: Int32Array, record: number): number {
  const kind = words[record + RECORD.KIND];
  if (!hasExtras(kind)) return 0;
  const most = words[record + RECORD.VALUE_BYTES];
  if (most < SMALLEST) return -1;
  const block = blockAt(words, record);
  const bytes = words[block + BLOCK.BYTES];
  const tags = words[block + BLOCK.TAGS];
  const isSane = bytes >= SMALLEST && bytes <= most && (bytes & 7) === 0;
  return isSane && tags >= 0 && tags <= (bytes - SMALLEST) / BYTES_A_TAG ? bytes : -1;
}

// What follows is of records whose extras make sense.

/** Where a record's float stands, among floats, that says for how long it may be stale. */
export function staleForAt(words: Int32Array, record: number): number {
  return (blockAt(words, record) + BLOCK.STALE_FOR) >> 1;
}

/** The moment from which on the record is of no use to anybody: its expiry, and the time after it to be stale. */
export function endOf(words: Int32Array, floats: Float64Array, record: number): number {
  const expiresAt = floats[(record + RECORD.EXPIRY) >> 1];
  return extrasBytes(words, record) > 0 ? expiresAt + floats[staleForAt(words, record)] : expiresAt;
}

export function loadTimeOf(words: Int32Array, floats: Float64Array, record: number): number {
  if (extrasBytes(words, record) <= 0) return 0;
  return Math.max(0, floats[(blockAt(words, record) + BLOCK.LOAD_TIME) >> 1]) || 0;
}

/** Cell and count of each tag; `undefined` for an entry without tags. */
export function tagCellsOf(words: Int32Array, record: number): Int32Array | undefined {
  if (extrasBytes(words, record) <= 0) return undefined;
  const at = blockAt(words, record);
  const tags = words[at + BLOCK.TAGS];
  return tags === 0 ? undefined : words.slice(at + BLOCK.CELLS, at + BLOCK.CELLS + 2 * tags);
}

/** The tags of a record in `bytes`, whose words are these, from the start on. */
export function tagsOf(words: Int32Array, bytes: Buffer): string[] {
  const length = extrasBytes(words, 0);
  const tags: string[] = [];
  if (length <= 0) return tags;
  const block = blockAt(words, 0);
  const end = 4 * block + length;
  let at = 4 * block + SMALLEST + BYTES_A_TAG * words[block + BLOCK.TAGS];
  for (let left = words[block + BLOCK.TAGS]; left > 0; left--) {
    const stop = bytes.indexOf(END_OF_TEXT, at);
    if (stop < 0 || stop >= end) return tags;
    tags.push(bytes.toString('utf8', at, stop));
    at = stop + 1;
  }
  return tags;
}

/** Whether any tag of a record, which has extras, was deleted since; or they make no sense. */
export function isTagDeleted(words: Int32Array, record: number, table: TagTable): boolean {
  if (extrasBytes(words, record) < 0) return true;
  const at = blockAt(words, record);
  return table.haveChanged(words, at + BLOCK.CELLS, words[at + BLOCK.TAGS]);
}

function blockAt(words: Int32Array, record: number): number {
  const kind = words[record + RECORD.KIND];
  return record + valueOffset(keyBytesOf(kind), formOf(kind)) / 4;
}
