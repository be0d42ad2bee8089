import { CacheError } from 'locmem';

/** A call that takes longer hangs. No server here takes a hundredth of it. */
const HANGS_MS = 20_000;

/** What became of a call: what it gave, or the error that it rejected with; never neither. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** @throws Error if one of the calls does not end. */
export async function settle<T>(calls: readonly Promise<T>[]): Promise<Outcome<T>[]> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('A call hangs.')), HANGS_MS);
  });
  const ends = calls.map((call) =>
    call.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  try {
    return await Promise.race([Promise.all(ends), hangs]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same of one call. */
export async function ended<T>(call: Promise<T>): Promise<T> {
  const [outcome] = (await settle([call])) as [Outcome<T>];
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** The stable codes of those that rejected, each once, sorted. */
export function codesOf(outcomes: readonly Outcome<unknown>[]): string[] {
  const codes = outcomes.flatMap((outcome) => {
    if (!('error' in outcome)) return [];
    return [outcome.error instanceof CacheError ? outcome.error.code : String(outcome.error)];
  });
  return [...new Set(codes)].sort();
}
