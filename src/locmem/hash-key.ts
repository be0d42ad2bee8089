/**
 * A 32-bit hash of a key: FNV-1a over its UTF-16 units, then an avalanche (the finalizer of MurmurHash3), so that keys
 * that differ in one digit do not fall together. Not seeded: a chosen collision costs an attacker's own keys their
 * admission, no more.
 */
export function hashKey(key: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
