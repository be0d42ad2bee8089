import { types } from 'node:util';
import { show, UncacheableValueError } from './errors.js';
import { isPlainObject } from './plain.js';

/** The `Date` of before any test replaced it. */
export const MachineDate = Date;

/** Deeper nesting than this could fill the stack of a later, deeper caller that only reads. */
export const DEEPEST = 1000;

type TypedArrayClass = new (source: ArrayLike<number> & ArrayLike<bigint>) => object;

/**
 * A copy of everything that the structured clone algorithm carries (HTML standard, 2.7.3), made by its rules, with two
 * differences that a cache needs: a `Buffer` stays a `Buffer`, and of a view only the bytes that it shows are taken,
 * not the whole buffer behind it (for a small `Buffer` that would be Node's pool of 8 KB).
 *
 * @throws UncacheableValueError naming the place of what is not data.
 */
export function copyGraph(value: object): object {
  return new GraphCopy().object(value);
}

class GraphCopy {
  /** What was met, and its copy: shared references stay shared, cycles stay cycles. */
  readonly #copies = new Map<object, object>();
  /** Where the walk is, for the message of a refusal. */
  readonly #path: unknown[] = [];

  object(value: object): object {
    const met = this.#copies.get(value);
    if (met !== undefined) return met;
    if (this.#path.length === DEEPEST) {
      throw tooDeep();
    }
    if (Array.isArray(value)) return this.#fields(value, this.#remember(value, new Array(value.length)));
    if (isPlainObject(value)) return this.#fields(value, this.#remember(value, {}));
    if (types.isMap(value)) return this.#map(value);
    if (types.isSet(value)) return this.#set(value);
    if (types.isNativeError(value)) return this.#error(value);
    if (isCarriedWhole(value)) return this.#remember(value, this.#whole(value));
    if (holdsMoreThanData(value)) throw this.#refusal(value);
    // An instance of a class: its own fields, as the structured clone takes it.
    return this.#fields(value, this.#remember(value, {}));
  }

  #remember<T extends object>(value: object, copy: T): T {
    this.#copies.set(value, copy);
    return copy;
  }

  #any(value: unknown, place: unknown): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') throw this.#refusal(value, place);
    if (typeof value !== 'object' || value === null) return value;
    this.#path.push(place);
    const copy = this.object(value);
    this.#path.pop();
    return copy;
  }

  #fields(value: object, copy: object): object {
    for (const key of Object.keys(value)) {
      const field = this.#any((value as Record<string, unknown>)[key], key);
      // Assigning to `__proto__` would set the prototype; defining it makes an own property, as the original is.
      if (key === '__proto__') {
        Object.defineProperty(copy, key, { value: field, writable: true, enumerable: true, configurable: true });
      } else (copy as Record<string, unknown>)[key] = field;
    }
    return copy;
  }

  #map(value: Map<unknown, unknown>): object {
    const copy = this.#remember(value, new Map<unknown, unknown>());
    for (const [key, field] of [...value]) copy.set(this.#any(key, 'key of a Map'), this.#any(field, key));
    return copy;
  }

  #set(value: Set<unknown>): object {
    const copy = this.#remember(value, new Set<unknown>());
    for (const member of [...value]) copy.add(this.#any(member, 'member of a Set'));
    return copy;
  }

  /** Class (one of the language's, by name), message, stack and cause: what the structured clone carries of an error. */
  #error(value: Error): object {
    const Class = ERROR_CLASSES.find(({ name }) => name === value.name) ?? Error;
    const copy = this.#remember(
      value,
      Object.hasOwn(value, 'message') ? new Class(String(value.message)) : new Class(),
    );
    hide(copy, 'stack', String(value.stack));
    if (Object.hasOwn(value, 'cause')) hide(copy, 'cause', this.#any(value.cause, 'cause'));
    return copy;
  }

  #whole(value: object): object {
    try {
      if (types.isDate(value)) return new MachineDate(value.getTime());
      return ArrayBuffer.isView(value) ? copyView(value) : structuredClone(value);
    } catch (cause) {
      // Its buffer was transferred away.
      throw this.#refusal(value, undefined, cause);
    }
  }

  #refusal(value: unknown, place?: unknown, cause?: unknown): UncacheableValueError {
    const path = place === undefined ? this.#path : [...this.#path, place];
    return notData(value, path, cause);
  }
}

export function tooDeep(options?: ErrorOptions): UncacheableValueError {
  return new UncacheableValueError(`A value is nested at most ${DEEPEST} deep; this one is deeper.`, options);
}

/** The refusal of `value`, which stands at `path` in what was to be stored. */
export function notData(value: unknown, path: readonly unknown[] = [], cause?: unknown): UncacheableValueError {
  const what = path.length === 0 ? 'The value is' : `In the value, at ${path.map(placeName).join(' > ')}, stands`;
  return new UncacheableValueError(
    `${what} ${show(value)}, which is not data. Cache plain data: what the structured clone algorithm carries.`,
    cause === undefined ? undefined : { cause },
  );
}

function isCarriedWhole(value: object): boolean {
  return (
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value) ||
    types.isArrayBuffer(value) ||
    ArrayBuffer.isView(value)
  );
}

function placeName(place: unknown): string {
  return typeof place === 'string' ? place : show(place);
}

const ERROR_CLASSES = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** Defines a property as errors have them: not enumerable. */
function hide(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, enumerable: false, configurable: true });
}

/** The bytes that a view shows, in memory of their own: not in Node's pool, which a cached `Buffer` would keep alive. */
function copyView(view: ArrayBufferView): object {
  if (Buffer.isBuffer(view)) {
    const copy = Buffer.allocUnsafeSlow(view.byteLength);
    view.copy(copy);
    return copy;
  }
  if (types.isDataView(view)) {
    return new DataView(new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)).buffer);
  }
  // The intrinsic class, by its tag: a subclass is carried as what it extends.
  const tag = (view as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];
  const Class = (globalThis as unknown as Record<string, TypedArrayClass>)[tag]!;
  return new Class(view as unknown as ArrayLike<number> & ArrayLike<bigint>);
}

/** Objects whose state is out of reach of a copy: promises, weak references, and classes that keep all of it private. */
function holdsMoreThanData(value: object): boolean {
  return (
    types.isPromise(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isGeneratorObject(value) ||
    types.isExternal(value) ||
    types.isSharedArrayBuffer(value) ||
    types.isModuleNamespaceObject(value) ||
    value instanceof WeakRef ||
    Object.keys(value).length === 0
  );
}
