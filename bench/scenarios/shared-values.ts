import type { Effort } from '../contract.js';
import { makeRecord, type RecordValue } from './record.js';

/** One kind of value that the shared scenarios store, and how many there are of it. */
export interface Kind {
  /** Names the table. */
  readonly name: string;
  readonly prefix: string;
  readonly isText: boolean;
  /** About what key and value take together, in bytes. */
  readonly bytes: number;
  make(id: number): unknown;
  /** A small number that depends on the value, for checksums. */
  markOf(value: unknown): number;
  /** The mark of the value that `make` makes. */
  markFor(id: number): number;
  keys(column: string, effort: Effort): number;
}

export const FEW = '300 keys';
export const MANY = '100,000 keys';
const FEW_KEYS = 300;
/** Long strings are so many times fewer where there are many keys, so that all contenders find room on a laptop. */
const LONG_SHARE = 10;

function textKind(name: string, prefix: string, length: number, share: number): Kind {
  return {
    name,
    prefix,
    isText: true,
    bytes: length + 60,
    make: (id) => flat('x'.repeat(length - 8) + String(id).padStart(8, '0')),
    markOf: (value) => (value as string).charCodeAt(length - 1),
    markFor: (id) => 48 + (id % 10),
    keys: (column, effort) => (column === FEW ? FEW_KEYS : effort.manyKeys / share),
  };
}

export const TEXT = textKind('100-byte string', 'text', 100, 1);
export const LONG = textKind('10 KB string', 'long', 10_240, LONG_SHARE);
export const OBJECT: Kind = {
  name: 'object of ten fields',
  prefix: 'object',
  isText: false,
  bytes: 260,
  make: makeRecord,
  markOf: (value) => (value as RecordValue).id,
  markFor: (id) => id,
  keys: (column, effort) => (column === FEW ? FEW_KEYS : effort.manyKeys),
};

export const KINDS: readonly Kind[] = [TEXT, LONG, OBJECT];

/** @throws Error when no kind has that name. */
export function kindNamed(name: string): Kind {
  const kind = KINDS.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Error(`no kind of value is named ${JSON.stringify(name)}`);
  return kind;
}

/** A string in one piece, as one that came out of a file or a socket is. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
