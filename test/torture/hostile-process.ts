/** Reads records, whole by their checksums, whose structured clones would end a process that believes them. */
import assert from 'node:assert/strict';
import { SharedCache } from 'locmem';
import { CODEC, NO_PREFIX_CELL } from '#dist/shared/record.js';
import { openSegment } from '#dist/shared/segment.js';
import { HOSTILE } from '../encoding/hostile-bytes.js';

const location = process.argv[2]!;
const cache = new SharedCache({ location, maxBytes: '32mb', ttl: null });
const segment = openSegment(location, 32 * 2 ** 20);
let count = 0;

/** Writes a clone under the key 'k', as a writer would that makes such things. */
function write(clone: Buffer): void {
  const { out } = segment;
  out.setKey(new Uint8Array(0), 'k', segment.seed);
  out.setEncoded(CODEC.CLONE, clone);
  out.prefix = NO_PREFIX_CELL;
  const part = segment.partOf(out.hash);
  segment.enter(part);
  part.shard.put(out, Number.POSITIVE_INFINITY, Date.now());
  segment.leave(part);
}

for (const [title, bytes] of HOSTILE) {
  if (!title.startsWith('V8: ')) continue;
  process.send!(title);
  write(bytes.subarray(1));
  assert.equal(cache.getSync('k'), undefined, title);
  count++;
}
cache.setSync('k', new Map([[1, 2]]));
assert.deepStrictEqual(cache.getSync('k'), new Map([[1, 2]]));
segment.close();
cache.closeSync();
process.send!(count, () => process.disconnect());
