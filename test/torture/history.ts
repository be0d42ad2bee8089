export const KEYS = ['key:0', 'key:1', 'key:2', 'key:3'] as const;

/** One call on one key, or, if it is a clear, on all of them: when it began and ended, on a clock that all processes share, and what came of it. */
export interface Call {
  readonly start: bigint;
  readonly end: bigint;
  readonly operation: 'get' | 'set' | 'add' | 'delete' | 'touch' | 'incr' | 'clear';
  /** What `set` and `add` stored. */
  readonly value?: number;
  /** What the call returned; `null` where there was no entry. */
  readonly result: number | boolean | null;
}

type State = number | null;

/** The state after a call, if it could have had its result in this one; `undefined` if not. */
function apply(state: State, call: Call): State | undefined {
  switch (call.operation) {
    case 'get':
      return call.result === state ? state : undefined;
    case 'set':
      return call.value!;
    case 'add':
      if (call.result !== (state === null)) return undefined;
      return state === null ? call.value! : state;
    case 'delete':
      return call.result === (state !== null) ? null : undefined;
    case 'touch':
      return call.result === (state !== null) ? state : undefined;
    case 'clear':
      return null;
    case 'incr':
      if (state === null) return call.result === null ? null : undefined;
      return call.result === state + 1 ? state + 1 : undefined;
  }
}

/** A way in which it may have been so far: the state, and the calls under way that have taken effect already. */
interface Possibility {
  readonly state: State;
  readonly done: ReadonlySet<Call>;
}

/**
 * Whether the calls on one key can be put in an order in which each takes effect at one moment between its start and its
 * end (Herlihy, Wing 1990). Goes through the ends in time: whatever returns must have taken effect, in some order with
 * those under way.
 */
export function isLinearizable(calls: readonly Call[], initial: State = null): boolean {
  const byStart = [...calls].sort((a, b) => Number(a.start - b.start));
  const byEnd = [...calls].sort((a, b) => Number(a.end - b.end));
  let possible: Possibility[] = [{ state: initial, done: new Set() }];
  const pending = new Set<Call>();
  let started = 0;
  for (const call of byEnd) {
    while (started < byStart.length && byStart[started]!.start <= call.end) pending.add(byStart[started++]!);
    possible = afterReturnOf(call, possible, pending);
    if (possible.length === 0) return false;
    pending.delete(call);
  }
  return true;
}

function afterReturnOf(call: Call, possible: readonly Possibility[], pending: ReadonlySet<Call>): Possibility[] {
  const ids = new Map([...pending].map((one, i) => [one, i]));
  const seen = new Set<string>();
  const returned: Possibility[] = [];
  const open = [...possible];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const name = `${one.state}:${[...one.done].map((done) => ids.get(done)).sort()}`;
    if (seen.has(name)) continue;
    seen.add(name);
    if (one.done.has(call)) {
      returned.push({ state: one.state, done: new Set([...one.done].filter((done) => done !== call)) });
      continue;
    }
    for (const next of pending) {
      if (one.done.has(next)) continue;
      const state = apply(one.state, next);
      if (state !== undefined) open.push({ state, done: new Set([...one.done, next]) });
    }
  }
  return returned;
}
