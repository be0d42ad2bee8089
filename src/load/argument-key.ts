import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { invalidArgument, show } from '../core/errors.js';
import { isPlainObject } from '../core/plain.js';

/** Every backend takes a key of this many bytes, with room for a prefix and a version. */
const LONGEST_KEY = 180;
/** What no backend refuses: neither white space nor control characters, and UTF-8 can carry it. */
const PORTABLE = /^[!-~\u00a1-\ud7ff\ue000-\uffef]+$/;

/**
 * The key of a call: `name(arguments)` where that is short and every backend takes it, else the name and a SHA-256 of it.
 * Two calls have one key exactly if their arguments are equal as `assert.deepStrictEqual` has it.
 *
 * @throws TypeError if an argument is not data whose text says all of it: a function, symbol, instance of a class, cycle.
 */
export function argumentKey(name: string, args: readonly unknown[]): string {
  const key = `${name}(${args.map((arg) => textOf(arg, [])).join(',')})`;
  if (isPortable(key)) return key;
  const digest = createHash('sha256').update(key).digest('base64url');
  const hashed = `${name}#${digest}`;
  return isPortable(hashed) ? hashed : `#${digest}`;
}

function isPortable(key: string): boolean {
  return key.length <= LONGEST_KEY && PORTABLE.test(key) && Buffer.byteLength(key) <= LONGEST_KEY;
}

/** Each kind of value has a text that no other has; texts end where they say, so that lists of them cannot be mistaken. */
function textOf(value: unknown, above: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : textOfObject(value, above);
    default:
      throw notComparable(value);
  }
}

function textOfObject(value: object, above: readonly object[]): string {
  if (above.includes(value)) throw notComparable(value, 'refers to itself');
  const path = [...above, value];
  if (Object.getOwnPropertySymbols(value).length > 0) throw notComparable(value, 'has symbols for keys');
  if (isBuiltin(value, Array.isArray)) return textOfArray(value as unknown[], path);
  if (isPlainObject(value)) {
    const text = textOfFields(value, path);
    return Object.getPrototypeOf(value) === null ? `null${text}` : text;
  }
  if (Object.keys(value).length > 0) throw notComparable(value);
  if (isBuiltin(value, types.isDate)) return `Date(${(value as Date).getTime()})`;
  if (isBuiltin(value, types.isSet)) return `Set${sorted(value as Set<unknown>, (item) => textOf(item, path))}`;
  if (isBuiltin(value, types.isMap)) {
    const pair = ([key, item]: [unknown, unknown]) => `${textOf(key, path)}=>${textOf(item, path)}`;
    return `Map${sorted(value as Map<unknown, unknown>, pair)}`;
  }
  throw notComparable(value);
}

/** A hole is not the same as `undefined`. */
function textOfArray(array: readonly unknown[], path: readonly object[]): string {
  const items = Array.from(array, (item, i) => (i in array ? textOf(item, path) : 'hole'));
  if (Object.keys(array).length > items.filter((text) => text !== 'hole').length) {
    throw notComparable(array, 'has more than its items');
  }
  return `[${items.join(',')}]`;
}

function textOfFields(fields: Record<string, unknown>, path: readonly object[]): string {
  return sorted(Object.keys(fields), (name) => `${JSON.stringify(name)}:${textOf(fields[name], path)}`);
}

/** What has no order has one here. */
function sorted<T>(items: Iterable<T>, text: (item: T) => string): string {
  return `{${Array.from(items, text).sort().join(',')}}`;
}

/** Whether it is one of the language's own, of whatever realm, and no subclass of it. */
function isBuiltin(value: object, isKind: (value: unknown) => boolean): boolean {
  return isKind(value) && Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(value))) === null;
}

function notComparable(value: unknown, reason = 'is no plain data'): TypeError {
  return invalidArgument(
    `A key is made of the arguments, and ${show(value)} ${reason}: it cannot be told from others. Pass \`key\` to wrap, ` +
      'a function that makes a key of what matters.',
  );
}
