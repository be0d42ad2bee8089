import { createHash } from 'node:crypto';
import { isStorable } from './stored-names.js';

/** The stored key of a tag's version. */
export function tagName(keyPrefix: string, tag: string): string {
  return fitting(`${keyPrefix}:tag:${tag}`);
}

/** What the stored keys of leases begin with, but for those that go by their hash. */
export function leaseStart(keyPrefix: string): string {
  return `${keyPrefix}:lease:`;
}

/** The stored key of the lease of an entry's load. */
export function leaseName(keyPrefix: string, name: string): string {
  return fitting(leaseStart(keyPrefix) + name);
}

/** What memcached does not take as it is goes by its hash. */
function fitting(name: string): string {
  return isStorable(name) ? name : `locmem:${createHash('sha256').update(name).digest('base64url')}`;
}
