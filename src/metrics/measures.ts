/** What is counted: its labels beside those of all, and what it means. Of none are there many: a key is never one. */
export const COUNTERS = {
  reads: { labels: ['operation', 'result'], help: 'Entries that were asked for: each a hit or a miss.' },
  stale: {
    labels: ['operation', 'reason'],
    help: 'Stale answers, by the option that allowed them. Each is a miss, too.',
  },
  sets: { labels: ['operation'], help: 'Entries that were stored.' },
  deletes: { labels: ['operation'], help: 'Entries that were deleted by their keys.' },
  clears: { labels: ['operation'], help: 'Calls that removed all entries, or those of a tag.' },
  evictions: { labels: [], help: 'Live entries that had to go because the store was full.' },
  expirations: { labels: [], help: 'Entries that were removed because their time was over.' },
  lease_takeovers: { labels: [], help: 'Loads that another process began, and did not finish.' },
  errors: {
    labels: ['operation', 'hidden'],
    help: 'Requests that got no answer from their server; hidden: failOpen went on without.',
  },
} as const satisfies Record<string, Measure>;

/** What is timed, in seconds. */
export const TIMERS = {
  load: { labels: ['operation', 'outcome', 'run'], help: 'Runs of factories.' },
  lease_wait: { labels: ['end'], help: 'Waits for what another process loads.' },
} as const satisfies Record<string, Measure>;

/** What is read of `stats()`, of caches that are named. */
export const GAUGES = {
  entries: { help: 'Live entries.' },
  bytes: { help: 'The size of the entries, where the cache measures it.' },
} as const;

/** The conventions of OpenTelemetry for the duration of database operations, in seconds. */
export const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

export interface Measure {
  readonly labels: readonly string[];
  readonly help: string;
}

export type Counter = keyof typeof COUNTERS;
export type Timer = keyof typeof TIMERS;
export type Labels = Readonly<Record<string, string>>;

/** Where measures go. Labels are those of the measure, with `cache` and `backend`. */
export interface Recorder {
  count(counter: Counter, labels: Labels): void;
  time(timer: Timer, seconds: number, labels: Labels): void;
}
