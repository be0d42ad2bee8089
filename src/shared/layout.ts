import { constants } from 'node:buffer';
import { InvalidConfigError } from '../core/errors.js';

/** Changes with every change of what stands here: a segment of another layout is never reinterpreted. */
export const LAYOUT_VERSION = 3;
/** The first eight bytes of every segment. */
export const MAGIC = 'locmem\r\n';
/** Reads otherwise on a machine of the other byte order. */
export const BYTE_ORDER = 0x01020304;

export const PAGE = 4096;
export const UNIT = 8;
/** A record may be up to an eighth of the file, so a shard must be larger than that: there cannot be more of them. */
export const SHARDS = 4;
export const SMALLEST = 128 * 1024;
/** Node 20 has no views of more than 4 GB. */
export const LARGEST = Math.min(8 * 2 ** 30, constants.MAX_LENGTH);

/** Places of the header's words (4 bytes each). What stands before `CHECKSUM` never changes after creation. */
export const HEADER = {
  VERSION: 2,
  BYTE_ORDER: 3,
  /** Two halves of a number of up to 2^53. */
  FILE_SIZE: 4,
  SEED: 6,
  CREATION: 7,
  CHECKSUM: 8,
  // From here on, what changes.
  /** Drawn anew by whoever attaches when nobody else is there; slots whose record was verified since bear it. */
  ERA: 16,
  /** Shards that made no sense and were emptied. */
  RESETS: 17,
  /** Which run of the machine the segment was last used in. */
  BOOT: 18,
  /** 1 if all that was written is on the disk, and nobody has the segment open; 0 if somebody has; 2 in between. */
  CLEAN: 19,
  /** How often entries were removed one by one, whose keys nobody else knows: what runs under way make is not stored. */
  SWEEPS: 20,
  /** Held while what follows changes, and the prefixes and the dictionary. */
  LOCK: 32,
  /** How often anything was cleared: what records are stamped with. */
  CLEARS: 48,
  /** The value of `CLEARS` after the whole location was cleared last. */
  CLEARED: 49,
  PREFIXES: 50,
  DICTIONARY: 51,
  /** Of the words from `CLEARS` to here, and of the prefixes; and the same after the change that is being made. */
  CHANGING_SUM: 52,
  NEXT_SUM: 53,
} as const;

/** A participant: a thread that has the segment open, now or once. */
export const PARTICIPANT_BYTES = 32;
/** Words of a participant, and floats of 8 bytes: its counts go on when another takes its place. */
export const PARTICIPANT = { INCARNATION: 0, HITS: 1, MISSES: 2 } as const;
/** Words of the first participant that it does not need: a copy of the header's two sums, in another page. */
export const SUMS_COPY_BYTES = 24;
/** One of the second: the sum of the tags' counters, in another page than these. */
export const TAG_SUM_BYTES = PARTICIPANT_BYTES + 24;

/** A prefix that was used: its name, and when it was cleared last. */
export const PREFIX_BYTES = 64;
export const PREFIX = { CLEARED: 0, LENGTH: 1, NAME: 2 } as const;
export const PREFIX_NAME_BYTES = PREFIX_BYTES - 4 * PREFIX.NAME;

const SHARD_HEADER_BYTES = 512;
/** Words of a shard's header. The lock has a cache line of its own. */
export const SHARD = {
  LOCK: 0,
  /** What is being done, and to what, so that a repair may end what its owner began: see intent.ts. */
  INTENT: 16,
  SLOT: 17,
  OLD: 18,
  FRESH: 19,
  UNITS: 20,
  NEXT_ENTRIES: 21,
  NEXT_PROBATION: 22,
  NEXT_MAIN: 23,
  ENTRIES: 24,
  /** Of the two rings, when nobody holds the lock. */
  SUM: 25,
  /** Two rings of four words. */
  PROBATION: 26,
  MAIN: 30,
  /** Floats of 8 bytes from here on. */
  COUNTS: 34,
} as const;
/** What a writer is about to do to one slot. It stands in the shard's header until it is done. */
export const INTENT = {
  NONE: 0,
  /** Take the entry out of the index; its record dies. */
  UNLINK: 1,
  /** Let the slot point to a fresh record, which becomes part of the log; the old one, if any, dies. */
  PUBLISH: 2,
  /** Write another record of the same size over the old one. */
  OVERWRITE: 3,
  /** Change eight bytes of the record: a number, or the moment of expiry. */
  AMEND: 4,
  /** Let the slot point to a copy of its record. */
  MOVE: 5,
  /** Put the next counts in force. */
  COUNT: 6,
  /** Empty the shard. */
  RESET: 7,
} as const;

/** Units from the shard's start; `OLD` is where the records end that were there when the era began, 0 if they are gone. */
export const RING = { HEAD: 0, TAIL: 1, LIVE: 2, OLD: 3 } as const;

/** Floats behind `SHARD.COUNTS`. */
export const COUNT = { SETS: 0, DELETES: 1, EVICTIONS: 2, EXPIRATIONS: 3 } as const;

export const WAYS = 8;
/** Words of a bucket: a tag, a place, a version and a meta word for each of its slots. */
export const BUCKET_WORDS = 4 * WAYS;
/** From a slot's tag to its other words. Near hits need the last two alone, which share a cache line. */
export const PLACE = 8;
export const VERSION = 2 * WAYS;
export const META = 3 * WAYS;

/**
 * The part of the logs that newcomers pass through. Over the traces of the simulator 2 to 8 % differ by less than one
 * point; what an entry may miss is a second use within this part of a round.
 */
const PROBATION_SHARE = 0.05;

/** Where a slot's meta word says in which era its record was verified; the bits below are the policy's. */
export const ERA_SHIFT = 9;
export const ERAS = 2 ** (32 - ERA_SHIFT);
export const USE = {
  /** How often the entry was used since the policy looked at it last; three is the most. Raised without a lock. */
  VISITS: 3,
  /** It was let into the main log for being recent. */
  WAS_RECENT: 4,
  /** It did not fit into the probation log, and is the first to go. */
  UNPROVEN: 8,
  /** When the policy looked at it last. */
  TIME: 0x1f0,
  TIME_SHIFT: 4,
  ALL: 0x1ff,
} as const;

export const ADMISSION_HEADER_WORDS = 4;

/** Words of the frequency sketch for a shard with so many slots: four counters of 4 bits for each. */
export function sketchWords(slots: number): number {
  return slots / 2;
}

/** Words for the keys that had to go: a quarter as many as there are slots. */
export function departedWords(slots: number): number {
  return slots / 4;
}

export function admissionWords(slots: number): number {
  return ADMISSION_HEADER_WORDS + sketchWords(slots) + departedWords(slots);
}

/** A group of the table of recent writes: its count, and for each of its keys the hash and, `KEYS` further, the moment. */
export const WRITES = { FORGOTTEN: 1, HASHES: 2, KEYS: 7, GROUP_WORDS: 16 } as const;
/** One group for so many buckets: the table has 0.7 % of a shard, and knows the last writes to a tenth as many keys as it holds. */
const BUCKETS_A_GROUP = 8;

/** One slot for so many bytes of a shard: entries of 100 bytes fill the log when five sixths of the slots are taken. */
const BYTES_A_SLOT = 144;

/** A segment below 1 MB has both tables in the header's page: so many words for tags from here on, and then the leases. */
const SMALL_TAGS = { AT: 1024, CELLS: 512 } as const;
const SMALL_LEASES = { AT: 3072, CELLS: 64 } as const;
const TAG_CELLS = 4096;
const LEASE_CELLS = 1024;
const LEASE_BYTES = 8;

/** Where everything stands in a segment of a given size. Bytes from the file's start, or from the shard's. */
export interface Layout {
  readonly fileSize: number;
  readonly participants: number;
  readonly participantsAt: number;
  readonly prefixes: number;
  readonly prefixesAt: number;
  readonly dictionaryBytes: number;
  readonly dictionaryAt: number;
  readonly tagCells: number;
  readonly tagsAt: number;
  readonly leases: number;
  readonly leasesAt: number;
  readonly shardsAt: number;
  readonly shardBytes: number;
  readonly buckets: number;
  readonly indexAt: number;
  readonly admissionAt: number;
  readonly writeGroups: number;
  readonly writesAt: number;
  readonly probationAt: number;
  readonly mainAt: number;
  /** The largest encoded value that is taken. */
  readonly largestValue: number;
}

/** @throws InvalidConfigError if a segment cannot be that small or large. */
export function layoutOf(maxBytes: number): Layout {
  if (maxBytes < SMALLEST || maxBytes > LARGEST) {
    throw new InvalidConfigError(
      `maxBytes is from 128 kb to ${Math.floor(LARGEST / 2 ** 30)} gb (${SMALLEST} to ${LARGEST} bytes); got ${maxBytes}.`,
    );
  }
  const fileSize = Math.floor(maxBytes / PAGE) * PAGE;
  const isSmall = fileSize < 2 ** 20;
  const participants = isSmall ? 128 : 512;
  const prefixes = isSmall ? 64 : 256;
  const dictionaryBytes = isSmall ? PAGE : 16 * PAGE;
  const participantsAt = PAGE;
  const prefixesAt = participantsAt + participants * PARTICIPANT_BYTES;
  const dictionaryAt = prefixesAt + prefixes * PREFIX_BYTES;
  const endOfDictionary = dictionaryAt + dictionaryBytes;
  const tagCells = isSmall ? SMALL_TAGS.CELLS : TAG_CELLS;
  const tagsAt = isSmall ? SMALL_TAGS.AT : endOfDictionary;
  const leases = isSmall ? SMALL_LEASES.CELLS : LEASE_CELLS;
  const leasesAt = isSmall ? SMALL_LEASES.AT : tagsAt + 4 * tagCells;
  const shardsAt = isSmall ? endOfDictionary : leasesAt + LEASE_BYTES * leases;
  const shardBytes = Math.floor((fileSize - shardsAt) / SHARDS / 128) * 128;
  const buckets = Math.floor(shardBytes / BYTES_A_SLOT / WAYS);
  const admissionAt = SHARD_HEADER_BYTES + buckets * BUCKET_WORDS * 4;
  const writeGroups = Math.ceil(buckets / BUCKETS_A_GROUP);
  const groupBytes = 4 * WRITES.GROUP_WORDS;
  const writesAt = aligned(admissionAt + 4 * admissionWords(buckets * WAYS), groupBytes);
  const probationAt = writesAt + writeGroups * groupBytes;
  const mainAt = probationAt + aligned(Math.floor((shardBytes - probationAt) * PROBATION_SHARE), UNIT);
  return {
    fileSize,
    participants,
    participantsAt,
    prefixes,
    prefixesAt,
    dictionaryBytes,
    dictionaryAt,
    tagCells,
    tagsAt,
    leases,
    leasesAt,
    shardsAt,
    shardBytes,
    buckets,
    indexAt: SHARD_HEADER_BYTES,
    admissionAt,
    writeGroups,
    writesAt,
    probationAt,
    mainAt,
    largestValue: Math.floor(maxBytes / 8),
  };
}

/** `n` rounded up to a multiple of `step`. */
function aligned(n: number, step: number): number {
  return Math.ceil(n / step) * step;
}
