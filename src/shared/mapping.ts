import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { SegmentError } from '../core/errors.js';
import type { Platform } from './platform.js';

/** The memory of a segment, as this thread sees it. */
export interface Mapping {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
}

/**
 * The mappings of this thread, by file. They stay for as long as the process lives: a view of memory that is gone would
 * be the end of the process, and whoever opens the location again finds it mapped. (A mapped file keeps its inode, so
 * that no other file can be taken for it.)
 */
const mappings = new Map<string, Mapping>();

/** Maps the file that `fd` has open at `path`; once for all threads of the process, where the system lets us look. */
export function mapSegment(path: string, fd: number, size: number, platform: Platform): Mapping {
  const name = fileIdentity(fd);
  let mapping = mappings.get(name);
  if (mapping === undefined) {
    const address = addressInProcess(path, fd, size) ?? mapAnew(path, fd, size, platform);
    mapping = { address, buffer: platform.view(address, size) };
    mappings.set(name, mapping);
  }
  return mapping;
}

/** What the file is, whatever it is called. */
export function fileIdentity(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}

/** Where another thread of this process has the file mapped: a thread that ends, or is terminated, leaves it mapped. */
function addressInProcess(path: string, fd: number, size: number): bigint | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const name = realpathSync(path);
    const { ino } = fstatSync(fd, { bigint: true });
    for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw-s 0+ \S+ (\d+) +(.*)$/.exec(line);
      if (match === null || BigInt(match[3]!) !== ino || Buffer.from(match[4]!, 'latin1').toString() !== name) continue;
      const start = BigInt(`0x${match[1]}`);
      if (BigInt(`0x${match[2]}`) - start >= BigInt(size)) return start;
    }
  } catch {
    // Without /proc it is mapped once more: that costs address space, not memory.
  }
  return undefined;
}

/** Through an open file of its own: a mapping keeps its open file, and with it the locks by which we tell who lives. */
function mapAnew(path: string, fd: number, size: number, platform: Platform): bigint {
  let own: number | undefined;
  try {
    own = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fileIdentity(own) !== fileIdentity(fd)) throw new Error('another file was put in its place meanwhile');
    return platform.map(own, size);
  } catch (cause) {
    throw new SegmentError(
      `${path} cannot be mapped into memory: ${(cause as Error).message}. Use LocMemCache where mapping is not possible.`,
      { cause },
    );
  } finally {
    if (own !== undefined) closeSync(own);
  }
}
