import { DepartedKeys, GONE } from './departed-keys.js';
import { FrequencySketch } from './frequency-sketch.js';
import { ADMISSION_HEADER_WORDS, departedWords, SHARD, sketchWords, USE } from './layout.js';

/** Words of the policy's header, from its first on. */
const COUNTED = 0;
/** The time of the policy: how often an entry was stored, or found to have been used since it was looked at last. */
const TOUCHES = 1;
/** Hits that recency would have brought, less those that it would have cost; bounded by the number of entries. */
const BALANCE = 2;

/**
 * How much more often a newcomer must have been used than the entry that it is to replace. Counts so small are noisy:
 * without a margin, entries of equal worth replace each other (2 points of the mean hit ratio).
 */
const MARGIN = 1;
/** One verdict in so many is the other way round, so that evidence of what is not done comes in, too. */
const TRIALS = 128;
/** An entry's time is kept in 5 bits, of a quarter to an eighth of a round each, a departed key's in 15, finer ones. */
const SLOT_STEPS = 2;
const DEPARTED_STEPS = 6;

/** What becomes of what comes to the end of the probation log when the main one is full. */
export const VERDICT = { REJECTED: 0, MORE_USED: 1, MORE_RECENT: 2 } as const;

/**
 * Who stays. What leaves the probation log enters the main one only if it was used more often, lately, than the entry
 * that has to go there (TinyLFU: Einziger, Friedman, Manes 2017): a scan passes through probation and leaves the main log
 * alone.
 *
 * Where recency is all there is (sessions, work lists), that is wrong, and everybody should get in, the oldest going. So
 * evidence is gathered for the hits that either way would have brought and the other not, as ARC and the hill climber of
 * W-TinyLFU do by other means, and the better way is taken:
 *
 * - for recency: a rejected key comes back sooner than LRU would have dropped it; what was let in as recent is used;
 * - against it: an entry is used again after LRU would have dropped it; one that had to go for a recent one comes back.
 *
 * Time is counted in touches: entries stored, or found used, so that LRU drops what was not touched for as many as there
 * are entries. A hit takes no lock and only raises two bits of its slot, which are looked at when the log's tail gets
 * there. All state is in the segment, and whatever stands there is a state.
 */
export class Admission {
  readonly #words: Int32Array;
  readonly #first: number;
  readonly #sketch: FrequencySketch;
  readonly #departed: DepartedKeys;

  constructor(words: Int32Array, first: number, slots: number) {
    this.#words = words;
    this.#first = first;
    const sketch = first + ADMISSION_HEADER_WORDS;
    this.#sketch = new FrequencySketch(words, first + COUNTED, sketch, sketchWords(slots));
    this.#departed = new DepartedKeys(words, sketch + sketchWords(slots), departedWords(slots));
  }

  /** A key that is not in the shard is being stored. @returns the use bits of its slot. */
  entered(hash: number): number {
    this.#touch();
    const why = this.#departed.recall(hash, this.#departedTime());
    if (why === GONE.FOR_RECENT) this.#judge(-1);
    else if (why === GONE.AS_RARE && this.#departed.goneFor << this.#shift(DEPARTED_STEPS) < this.#entries()) {
      this.#judge(1);
    }
    this.#sketch.count(hash, 1);
    return this.#slotTime();
  }

  /** How often a key was used lately, about. */
  uses(hash: number, use: number): number {
    return this.#sketch.of(hash) + (use & USE.VISITS);
  }

  /** Whether an entry is worth more than the one that would have to go for it. */
  verdict(hash: number, use: number, victimHash: number, victimUse: number): number {
    if (this.uses(hash, use) > this.uses(victimHash, victimUse) + MARGIN) return VERDICT.MORE_USED;
    const isTrial = Math.imul(this.#words[this.#first + TOUCHES], 0x9e3779b1) >>> 0 < 2 ** 32 / TRIALS;
    const favoursRecency = this.#words[this.#first + BALANCE] > 0;
    return favoursRecency === isTrial ? VERDICT.REJECTED : VERDICT.MORE_RECENT;
  }

  /** An entry enters the main log, with a verdict or for want of another place. @returns its use bits. */
  admitted(hash: number, use: number, verdict: number): number {
    this.#countUses(hash, use);
    if (verdict === VERDICT.REJECTED) return this.#slotTime() | USE.UNPROVEN;
    return this.#slotTime() | (verdict === VERDICT.MORE_RECENT ? USE.WAS_RECENT : 0);
  }

  /** An entry of the main log, used since it came there, begins another round, which it has to earn anew. @returns its use bits. */
  stayed(hash: number, use: number): number {
    this.#countUses(hash, use);
    const visits = use & USE.VISITS;
    if ((use & USE.WAS_RECENT) !== 0) this.#judge(visits);
    // Three may be many more.
    else if (visits > 0 && visits < USE.VISITS && this.#idleTime(use) > visits * this.#entries()) this.#judge(-visits);
    return this.#slotTime();
  }

  /** An entry goes, for this reason or for none. */
  left(hash: number, use: number, why = 0): void {
    if ((use & USE.VISITS) !== 0) this.#sketch.count(hash, use & USE.VISITS);
    if (why !== 0) this.#departed.remember(hash, why, this.#departedTime());
  }

  #countUses(hash: number, use: number): void {
    if ((use & USE.VISITS) === 0) return;
    this.#touch();
    this.#sketch.count(hash, use & USE.VISITS);
  }

  #touch(): void {
    this.#words[this.#first + TOUCHES]++;
  }

  #judge(evidence: number): void {
    const most = this.#entries();
    const at = this.#first + BALANCE;
    this.#words[at] = Math.max(-most, Math.min(most, this.#words[at] + evidence));
  }

  #entries(): number {
    return Math.max(1, this.#words[SHARD.ENTRIES]);
  }

  /** By how many bits touches are shifted to get steps, of which a round has from 2^bits to 2^(bits+1). */
  #shift(bits: number): number {
    return Math.max(0, 31 - Math.clz32(this.#entries()) - bits);
  }

  #slotTime(): number {
    const steps = this.#words[this.#first + TOUCHES] >>> this.#shift(SLOT_STEPS);
    return (steps << USE.TIME_SHIFT) & USE.TIME;
  }

  /** Touches since the entry's time was written down; it goes round after four rounds and more. */
  #idleTime(use: number): number {
    const steps = ((this.#slotTime() - (use & USE.TIME)) & USE.TIME) >>> USE.TIME_SHIFT;
    return steps << this.#shift(SLOT_STEPS);
  }

  #departedTime(): number {
    return this.#words[this.#first + TOUCHES] >>> this.#shift(DEPARTED_STEPS);
  }
}
