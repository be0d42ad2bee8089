const WAYS = 8;
const TAG_BITS = 14;
const INTERVAL_BITS = 11;
const MANTISSA_BITS = 6;
const STAMPS = 127;

/** How finely a turn of the window is stamped; 127 stamps reach back almost eight turns. */
const STAMPS_A_TURN = 16;

/**
 * What is remembered of keys that were evicted: when they were last used, the mean interval between uses, and how far
 * the window has turned over since they dropped out of it.
 *
 * A set-associative table in which the least recently used key of a bucket makes room for the next: two keys for each
 * slot, eight bytes a key, one or two cache lines a bucket. The first word of a key is the time of its last use; the
 * second holds a tag of its hash (14 bits: one strange key in 2,000 is taken for a departed one, which costs a wrong
 * guess), the mean interval as a small float (11 bits) and the stamp of its departure (7 bits, 0 if not from the window).
 *
 * `recall` leaves its answer in the public fields, so that nothing is allocated.
 */
export class DepartedKeys {
  /** Of the key last recalled: the time of its last use; the mean interval between its uses, 0 if unknown. */
  lastUse = 0;
  meanInterval = 0;
  /** How many turns of the window ago it dropped out of it; `Infinity` if it left from elsewhere. */
  turnsAgo = Infinity;

  private buckets = 0;
  private words = new Int32Array(0);

  /**
   * Room for twice as many keys as slots. A bucket's keys cannot be told apart by more than their tags, so each of the
   * buckets that takes its place starts with a copy of them all; the strangers among them are the first to look stale.
   */
  reserve(slots: number): void {
    const { buckets, words } = this;
    this.buckets = Math.ceil((2 * slots) / WAYS);
    this.words = new Int32Array(2 * WAYS * this.buckets);
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      const from = 2 * WAYS * Math.floor((bucket * buckets) / this.buckets);
      this.words.set(words.subarray(from, from + 2 * WAYS), 2 * WAYS * bucket);
    }
  }

  /** `turns` is how often the window has been replaced so far; -1 if the key leaves from elsewhere. */
  remember(hash: number, lastUse: number, meanInterval: number, now: number, turns: number): void {
    const { words } = this;
    const first = this.firstWord(hash);
    let stalest = first;
    let longest = -1;
    for (let at = first; at < first + 2 * WAYS; at += 2) {
      const idle = words[at + 1] === 0 ? Infinity : (now - words[at]) >>> 0;
      if (idle > longest) {
        longest = idle;
        stalest = at;
      }
    }
    words[stalest] = lastUse;
    words[stalest + 1] = (tagOf(hash) << (32 - TAG_BITS)) | (packInterval(meanInterval) << 7) | stampOf(turns);
  }

  /** Finds and forgets a key. */
  recall(hash: number, turns: number): boolean {
    const { words } = this;
    const first = this.firstWord(hash);
    const tag = tagOf(hash);
    for (let at = first; at < first + 2 * WAYS; at += 2) {
      const word = words[at + 1];
      if (word === 0 || word >>> (32 - TAG_BITS) !== tag) continue;
      const stamp = word & STAMPS;
      this.lastUse = words[at];
      this.meanInterval = unpackInterval((word >>> 7) & (2 ** INTERVAL_BITS - 1));
      this.turnsAgo = stamp === 0 ? Infinity : ((stampOf(turns) - stamp + STAMPS) % STAMPS) / STAMPS_A_TURN;
      words[at + 1] = 0;
      return true;
    }
    return false;
  }

  clear(): void {
    this.words.fill(0);
  }

  /** The bucket is chosen by the hash's high bits, the tag by its low ones. */
  private firstWord(hash: number): number {
    return 2 * WAYS * Math.floor(((hash >>> 0) * this.buckets) / 2 ** 32);
  }
}

/** Never 0, so that no remembered key looks like a free place. */
function tagOf(hash: number): number {
  return hash & (2 ** TAG_BITS - 1) || 1;
}

/** From 1 to 127, round and round; 0 for no turn at all. */
function stampOf(turns: number): number {
  return turns < 0 ? 0 : 1 + (Math.floor(turns * STAMPS_A_TURN) % STAMPS);
}

/**
 * A float with 6 bits of mantissa after the leading one, rounded up: a key must not look hotter than it was. Up to 127
 * it is exact. A mantissa that rounds up to 128 carries into the exponent by itself.
 */
function packInterval(interval: number): number {
  const excess = Math.max(0, 32 - Math.clz32(interval) - (MANTISSA_BITS + 1));
  return (excess << MANTISSA_BITS) + Math.ceil(interval / 2 ** excess);
}

function unpackInterval(packed: number): number {
  const exponent = packed >>> MANTISSA_BITS;
  if (exponent <= 1) return packed;
  return ((packed & (2 ** MANTISSA_BITS - 1)) + 2 ** MANTISSA_BITS) * 2 ** (exponent - 1);
}
