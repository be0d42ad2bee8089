import { deserialize, serialize } from 'node:v8';
import { copyGraph, tooDeep } from './copy-graph.js';

/**
 * The structured clone of `value` as bytes, in V8's own format: what no other encoding carries.
 *
 * @throws UncacheableValueError
 */
export function cloneToBytes(value: object): Buffer {
  try {
    return serialize(copyGraph(value));
  } catch (cause) {
    if (cause instanceof RangeError && cause.message.includes('call stack')) throw tooDeep({ cause });
    throw cause;
  }
}

/** The opposite. The bytes may change afterwards. @throws if they are not what {@link cloneToBytes} made. */
export function cloneFromBytes(bytes: Buffer): object {
  // Twice copied: V8 makes views of the bytes it is given.
  return copyGraph(deserialize(Buffer.from(bytes)) as object);
}
