import type { EntryExtras } from '../core/entry-extras.js';
import { type Envelope, headerStart, readEnvelope, renewedHeader } from '../encoding/envelope.js';

/** The moment of expiry, in milliseconds since 1970: 8 bytes between the header and the sealed value. */
const MOMENT_LENGTH = 8;

/** An entry with extras. The flags, which know its moment only for a while after it has come, are not asked. */
export interface ExtraEntry {
  readonly envelope: Envelope;
  /** `Infinity` for never. */
  readonly expires: number;
  readonly sealed: Buffer;
}

/** @param versions of its tags, in their order. */
export function extraBytes(extras: EntryExtras, versions: readonly Buffer[], expires: number, sealed: string | Buffer) {
  return joined(Buffer.concat([headerStart(extras), ...versions]), expires, sealed);
}

/** `undefined` for an entry without. */
export function readExtraBytes(bytes: Buffer): ExtraEntry | undefined {
  const envelope = readEnvelope(bytes);
  if (envelope === undefined || envelope.sealed.length < MOMENT_LENGTH) return undefined;
  const expires = envelope.sealed.readDoubleBE(0);
  return Number.isNaN(expires) ? undefined : { envelope, expires, sealed: envelope.sealed.subarray(MOMENT_LENGTH) };
}

/** The same entry with another moment of expiry, and another value if one is given. */
export function withExpiry({ envelope, sealed }: ExtraEntry, expires: number, other: string | Buffer = sealed): Buffer {
  return joined(envelope.header, expires, other);
}

/** The same value with another time to be stale, and a header where it had none. */
export function withStaleFor(entry: ExtraEntry | undefined, bytes: Buffer, expires: number, staleFor: number): Buffer {
  return joined(renewedHeader(entry?.envelope, staleFor), expires, entry?.sealed ?? bytes);
}

function joined(header: Buffer, expires: number, sealed: string | Buffer): Buffer {
  const moment = Buffer.allocUnsafe(MOMENT_LENGTH);
  moment.writeDoubleBE(expires);
  return Buffer.concat([header, moment, typeof sealed === 'string' ? Buffer.from(sealed) : sealed]);
}
