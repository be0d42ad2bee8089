/**
 * Whether `value` is a plain object of whatever realm. Jest and `node:vm` have an `Object.prototype` of their own, but
 * the end of every chain of prototypes is one.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
