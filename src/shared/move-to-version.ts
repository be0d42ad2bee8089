import { tellDepartures } from './departures.js';
import type { KeySpace } from './key-space.js';
import type { Part, Segment } from './segment.js';

/** Moves the live entry of a key to another version, under the locks of both shards; whether there was one. */
export function moveToVersion(
  segment: Segment,
  keys: KeySpace,
  key: string,
  version: number,
  target: number,
  now: number,
): boolean {
  const name = keys.nameOf(key, version);
  const newName = keys.nameOf(key, target);
  const to = keys.address(newName, target);
  const from = keys.address(name, version);
  if (from === undefined || to === undefined) return false;
  const isSame = keys.hasKeyFunction ? name === newName : version === target;
  // Always in the same order, or two that move to and fro would wait for each other.
  const parts = from === to ? [from] : segment.parts.filter((part) => part === from || part === to);
  const entered: Part[] = [];
  try {
    for (const part of parts) {
      segment.enter(part);
      entered.push(part);
    }
    const at = from.shard.find(segment.out, now);
    if (at === 0) return false;
    if (isSame) {
      from.shard.visit(at);
      return true;
    }
    // Written there before it is removed here: who dies in between loses nothing.
    from.shard.copyOut(at, segment.incoming);
    keys.address(newName, target);
    writeCopy(segment, to, keys.prefixCell, now);
    keys.address(name, version);
    from.memory.writes.add(segment.out.hash);
    const left = from.shard.find(segment.out, now);
    if (left !== 0) from.shard.remove(left);
    return true;
  } finally {
    for (const part of entered) segment.leave(part);
    tellDepartures(segment);
  }
}

/** Writes the record that was copied out, under the key that is set. */
function writeCopy({ out, incoming }: Segment, to: Part, prefix: number, now: number): void {
  out.setEncoded(incoming.form, incoming.body);
  out.prefix = prefix;
  to.memory.writes.add(out.hash);
  // A clear meanwhile removes it there, too, or that of a tag.
  to.shard.put(out, incoming.expiresAt, now, incoming.stamp);
}
