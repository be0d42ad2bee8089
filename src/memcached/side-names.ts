import { createHash } from 'node:crypto';
import { isStorable } from './stored-names.js';

/** The stored key of a tag's version. */
export function tagName(keyPrefix: string, tag: string): string {
  return fitting(`${keyPrefix}:tag:${tag}`);
}

/** The stored key of the lease of an entry's load. */
export function leaseName(keyPrefix: string, name: string): string {
  return fitting(`${keyPrefix}:lease:${name}`);
}

/** What memcached does not take as it is goes by its hash. */
function fitting(name: string): string {
  return isStorable(name) ? name : `locmem:${createHash('sha256').update(name).digest('base64url')}`;
}
