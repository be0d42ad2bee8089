/** Decodes what would end a process that believes it, and names it first. */
import assert from 'node:assert/strict';
import { codec } from './codecs.js';
import { HOSTILE } from './hostile-bytes.js';

const reader = codec();
for (const [title, bytes] of HOSTILE) {
  console.log(title);
  assert.equal(reader.decode(bytes), undefined, title);
}
assert.deepStrictEqual(Object.keys(Object.prototype), []);
assert.deepStrictEqual(reader.decode(Buffer.from('{"still":"alive"}')), { still: 'alive' });
