import { rmSync } from 'node:fs';
import type { Size } from 'locmem';
import { sizeInBytes } from '#dist/core/size.js';
import { openSegment } from '#dist/shared/segment.js';

/**
 * The first of these locations at which no two of these tags, each behind its prefix and a colon, share a counter. A
 * segment is made there; which tags share one is decided by chance when it is.
 */
export function locationApart(next: () => string, maxBytes: Size, names: readonly string[]): string {
  for (;;) {
    const location = next();
    if (areApart(location, maxBytes, names)) return location;
    rmSync(location);
  }
}

function areApart(location: string, maxBytes: Size, names: readonly string[]): boolean {
  const segment = openSegment(location, sizeInBytes('maxBytes', maxBytes));
  const { tags } = segment.clears;
  const cells = names.map((name) => {
    const end = name.indexOf(':');
    return tags.cellOf(tags.hashOfPrefix(name.slice(0, end)), name.slice(end + 1));
  });
  segment.close();
  return new Set(cells).size === names.length;
}
