import { InvalidConfigError, invalidArgument, show } from './errors.js';
import { isPlainObject } from './plain.js';

/**
 * Refuses options that `owner` does not know, so that a slip of the pen is not a setting silently lost.
 *
 * @throws InvalidConfigError naming the option, the nearest known one, and all that are allowed.
 */
export function checkKnownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (!isPlainObject(options)) {
    throw new InvalidConfigError(`${owner} takes an object of options; got ${show(options)}.`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new InvalidConfigError(unknownName(`option of ${owner}`, name, known));
  }
}

/** The same for the options of one call, which are arguments. Always throws; the caller has found the stranger. */
export function unknownCallOption(call: string, name: string, known: readonly string[]): TypeError {
  return invalidArgument(unknownName(`option of ${call}`, name, known));
}

/** «Unknown alias 'pags'. Did you mean 'pages'? Known: …» */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const guess = nearest === undefined ? '' : ` Did you mean '${nearest}'?`;
  return `Unknown ${what}: ${show(name)}.${guess} Known: ${known.join(', ')}.`;
}

function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(substitution, row[j]! + 1, next[j - 1]! + 1);
    }
    row = next;
  }
  return row[b.length]!;
}
