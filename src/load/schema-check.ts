import { invalidArgument } from '../core/errors.js';
import type { StandardSchema } from '../core/standard-schema.js';

/** Whether the schema takes the value. A promise only where the schema makes one. */
export function accepts(schema: StandardSchema, value: unknown): boolean | Promise<boolean> {
  const verdict = schema['~standard'].validate(value);
  return verdict instanceof Promise ? verdict.then(({ issues }) => !issues) : !verdict.issues;
}

/** @throws TypeError if the schema answers later. */
export function acceptsNow(schema: StandardSchema, value: unknown): boolean {
  const verdict = accepts(schema, value);
  if (typeof verdict === 'boolean') return verdict;
  verdict.catch(() => {});
  throw invalidArgument('A call without a promise takes a schema that answers at once, and this one made a promise.');
}

/** The keys of those values that the schema refuses. @throws TypeError if it answers later. */
export function refusedKeysNow(schema: StandardSchema, values: ReadonlyMap<string, unknown>): string[] {
  return [...values].filter(([, value]) => value !== undefined && !acceptsNow(schema, value)).map(([key]) => key);
}

/** The keys of those values that the schema refuses; what is `undefined` is not there. */
export async function refusedKeys(schema: StandardSchema, values: ReadonlyMap<string, unknown>): Promise<string[]> {
  const verdicts = await Promise.all(
    Array.from(values.values(), (value) => value === undefined || accepts(schema, value)),
  );
  return [...values.keys()].filter((_, i) => !verdicts[i]);
}
