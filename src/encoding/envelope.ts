import type { EntryExtras } from '../core/entry-extras.js';

/**
 * What an entry with extras is on a server: a header before the sealed value. The first byte is one of the codec's tags,
 * with which no value begins, so that an entry without extras is the sealed value and nothing more.
 *
 * Header, big-endian: the tag; its own length (4 bytes); staleFor and loadTime (8 bytes each, doubles); the number of
 * tags (4); each tag's length (4) and UTF-8; then the version of each, 16 bytes. Redis's scripts read it, too.
 */
export interface Envelope extends EntryExtras {
  /** One of `VERSION_LENGTH` bytes for each tag. */
  readonly versions: readonly Buffer[];
  readonly header: Buffer;
  readonly sealed: Buffer;
}

const ENVELOPE = 12;
export const VERSION_LENGTH = 16;
const FIXED_LENGTH = 25;

/** A time to be stale that stands for one without end, in milliseconds: a century. Servers count no further than they must. */
const LONGEST_STALE = 100 * 365 * 24 * 60 * 60 * 1000;

/** The time to be stale, as it is stored. */
export function storedStaleFor(staleFor: number): number {
  return Math.min(Math.ceil(staleFor), LONGEST_STALE);
}

/** A header up to the versions of its tags, which follow. */
export function headerStart({ staleFor, loadTime, tags }: EntryExtras): Buffer {
  const texts = tags.map((tag) => Buffer.from(tag));
  const length = texts.reduce((sum, text) => sum + 4 + text.length, FIXED_LENGTH);
  const start = Buffer.allocUnsafe(length);
  start[0] = ENVELOPE;
  start.writeUInt32BE(length + tags.length * VERSION_LENGTH, 1);
  start.writeDoubleBE(storedStaleFor(staleFor), 5);
  start.writeDoubleBE(loadTime, 13);
  start.writeUInt32BE(tags.length, 21);
  let at = FIXED_LENGTH;
  for (const text of texts) {
    at = start.writeUInt32BE(text.length, at);
    start.set(text, at);
    at += text.length;
  }
  return start;
}

export function isEnvelope(bytes: Uint8Array): boolean {
  return bytes[0] === ENVELOPE;
}

/** `undefined` if the bytes are not of our making. The parts are views of them. */
export function readEnvelope(bytes: Buffer): Envelope | undefined {
  if (!isEnvelope(bytes) || bytes.length < FIXED_LENGTH) return undefined;
  const length = bytes.readUInt32BE(1);
  const count = bytes.readUInt32BE(21);
  if (length > bytes.length || FIXED_LENGTH + count * (4 + VERSION_LENGTH) > length) return undefined;
  const tags: string[] = [];
  let at = FIXED_LENGTH;
  for (let i = 0; i < count; i++) {
    if (at + 4 > length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > length) return undefined;
    tags.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  if (at + count * VERSION_LENGTH !== length) return undefined;
  const versions = tags.map((_, i) => bytes.subarray(at + i * VERSION_LENGTH, at + (i + 1) * VERSION_LENGTH));
  const staleFor = bytes.readDoubleBE(5);
  const loadTime = bytes.readDoubleBE(13);
  if (!(staleFor >= 0 && loadTime >= 0)) return undefined;
  return { staleFor, loadTime, tags, versions, header: bytes.subarray(0, length), sealed: bytes.subarray(length) };
}

/** The header with another time to be stale, or a new one where there was none. */
export function renewedHeader(envelope: Envelope | undefined, staleFor: number): Buffer {
  if (envelope === undefined) return headerStart({ staleFor, loadTime: 0, tags: [] });
  const header = Buffer.from(envelope.header);
  header.writeDoubleBE(storedStaleFor(staleFor), 5);
  return header;
}
