import type { CacheSettings } from '../core/cache-options.js';
import { defaultKeyFunction, type KeyFunction, overheadOf, storedKey, warnOfUnportableKey } from '../core/keys.js';
import { namespaceBytes } from './outgoing-record.js';
import { NO_PREFIX_CELL } from './record.js';
import type { Part, Segment } from './segment.js';

const MOST_NAMESPACES = 100;

/** The keys of one cache: what each is called in the segment, and where it belongs. */
export class KeySpace {
  readonly prefix: string;
  /** The version of a call that names none. */
  readonly version: number;
  readonly hasKeyFunction: boolean;
  /** The prefix in the segment's table; `NO_PREFIX_CELL` if there is none, or the table has no room for it. */
  readonly prefixCell: number;
  /** What the tags under this prefix are told apart by. */
  readonly prefixHash: number;
  /** What stands before the keys of `version`. */
  readonly namespace: Uint8Array;
  readonly #segment: Segment;
  readonly #keyFunction: KeyFunction;
  readonly #namespaces = new Map<number, Uint8Array>();
  /** The bytes that a stored key of `version` has beyond the key. */
  readonly #overhead: number;

  constructor(segment: Segment, { keyPrefix, version, keyFunction }: CacheSettings) {
    this.#segment = segment;
    this.prefix = keyPrefix;
    this.version = version;
    this.#keyFunction = keyFunction;
    this.hasKeyFunction = keyFunction !== defaultKeyFunction;
    this.namespace = namespaceBytes(keyPrefix, version, this.hasKeyFunction);
    this.#overhead = overheadOf(keyPrefix, version);
    this.prefixCell = keyPrefix === '' ? NO_PREFIX_CELL : segment.changing.cellOf(keyPrefix);
    this.prefixHash = segment.clears.tags.hashOfPrefix(keyPrefix);
    warnOfUnportableKey(keyPrefix, 0);
  }

  /** What stands for the key in its namespace: the key, or what the key function makes of it. */
  nameOf(key: string, version: number): string {
    return this.hasKeyFunction ? storedKey(this.#keyFunction, key, this.prefix, version) : key;
  }

  /** Sets the key that is looked for. @returns where it belongs; `undefined` if it is too long to be anywhere. */
  address(name: string, version: number): Part | undefined {
    const segment = this.#segment;
    const namespace = version === this.version ? this.namespace : this.#namespaceOf(version);
    return segment.out.setKey(namespace, name, segment.seed) ? segment.partOf(segment.out.hash) : undefined;
  }

  /** To be called where a key is new to the segment, or not in it. */
  warnOf(name: string, version: number): void {
    if (this.hasKeyFunction) warnOfUnportableKey(name, 0);
    else warnOfUnportableKey(name, version === this.version ? this.#overhead : overheadOf(this.prefix, version));
  }

  #namespaceOf(version: number): Uint8Array {
    let namespace = this.#namespaces.get(version);
    if (namespace === undefined) {
      namespace = namespaceBytes(this.prefix, version, this.hasKeyFunction);
      if (this.#namespaces.size >= MOST_NAMESPACES) this.#namespaces.clear();
      this.#namespaces.set(version, namespace);
    }
    return namespace;
  }
}
