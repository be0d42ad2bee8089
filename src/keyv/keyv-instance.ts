import { InvalidConfigError, show } from '../core/errors.js';

/** A value as a Keyv wraps it, with the time it expires at, in milliseconds since the Unix epoch. */
export interface Row {
  value?: unknown;
  expires?: number | undefined;
}

/** What a {@link KeyvCache} uses of a Keyv of version 5, which any of them has: the package itself is not needed. */
export interface KeyvInstance {
  /** The storage adapter, or a `Map`. */
  // biome-ignore lint/suspicious/noExplicitAny: as Keyv declares it.
  readonly store: any;
  readonly namespace: string | undefined;
  readonly useKeyPrefix: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the adapters of its compression differ in what they take.
  readonly compression: any;
  serializeData(row: Row): Promise<unknown>;
  deserializeData(data: string | Row): Promise<Row | undefined>;
}

/** What is asked of a storage adapter. Results are what adapters return, which is less than what they declare. */
export interface Adapter {
  get(key: string): unknown;
  getMany?(keys: string[]): unknown;
  set(key: string, data: unknown, ttl?: number): unknown;
  setMany?(entries: { key: string; value: unknown; ttl?: number | undefined }[]): unknown;
  delete(key: string): unknown;
  deleteMany?(keys: string[]): unknown;
  clear(): unknown;
  iterator?(namespace?: string): AsyncIterable<readonly [string, unknown]>;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
}

/** @throws InvalidConfigError unless it is a Keyv of version 5. */
export function checkKeyv(keyv: unknown): asserts keyv is KeyvInstance {
  const { serializeData, deserializeData, store } = (keyv ?? {}) as Partial<KeyvInstance>;
  const isKeyv = typeof serializeData === 'function' && typeof deserializeData === 'function';
  if (isKeyv && typeof store?.get === 'function') return;
  throw new InvalidConfigError(
    `KeyvCache takes a Keyv of version 5, such as new KeyvCache(new Keyv({ store })); got ${show(keyv)}.`,
  );
}
