import { types } from 'node:util';

const hasOwn = Object.prototype.hasOwnProperty;
/** Deeper values take the thorough way, which says where the end is. */
const DEEPEST = 100;
/** Up to here a list is searched more quickly than a set. */
const SHORT = 16;

/**
 * Whether msgpack carries a value as the structured clone would: plain objects, arrays without holes, and what JSON has,
 * with `undefined`, dates, and all numbers but -0. Nothing that is met twice: msgpack knows no references.
 */
export function isPackable(value: object): boolean {
  return new Walk(false).object(value, 0);
}

/** The same for JSON: neither dates nor `undefined`, of the numbers only the finite ones but -0. */
export function isJson(value: object): boolean {
  return new Walk(true).object(value, 0);
}

class Walk {
  readonly #isForJson: boolean;
  readonly #met: object[] = [];
  #many: Set<object> | undefined;

  constructor(isForJson: boolean) {
    this.#isForJson = isForJson;
  }

  object(value: object, depth: number): boolean {
    if (depth > DEEPEST || !this.#isNew(value)) return false;
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#fields(value, depth);
    if (prototype === Array.prototype && Array.isArray(value)) return this.#elements(value, depth);
    return !this.#isForJson && prototype === Date.prototype && types.isDate(value) && !Number.isNaN(value.getTime());
  }

  #isNew(value: object): boolean {
    if (this.#many !== undefined) {
      if (this.#many.has(value)) return false;
      this.#many.add(value);
      return true;
    }
    if (this.#met.includes(value)) return false;
    this.#met.push(value);
    if (this.#met.length > SHORT) this.#many = new Set(this.#met);
    return true;
  }

  #fields(value: object, depth: number): boolean {
    for (const key in value) {
      if (!hasOwn.call(value, key)) return false;
      if (key === '__proto__' || !key.isWellFormed()) return false;
      if (!this.#field((value as Record<string, unknown>)[key], depth)) return false;
    }
    return true;
  }

  #elements(value: unknown[], depth: number): boolean {
    let count = 0;
    for (const _ in value) count++;
    if (count !== value.length) return false;
    for (let i = 0; i < value.length; i++) {
      const element = value[i];
      // As many keys as elements: but a hole may be made up for by a name.
      if (element === undefined && !hasOwn.call(value, i)) return false;
      if (!this.#field(element, depth)) return false;
    }
    return true;
  }

  #field(field: unknown, depth: number): boolean {
    switch (typeof field) {
      case 'object':
        return field === null || this.object(field, depth + 1);
      case 'string':
        return field.isWellFormed();
      case 'number':
        return !Object.is(field, -0) && (!this.#isForJson || Number.isFinite(field));
      case 'boolean':
        return true;
      case 'undefined':
        return !this.#isForJson;
      default:
        return false;
    }
  }
}
