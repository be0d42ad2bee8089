import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { NoSpaceError, SegmentError } from '../core/errors.js';
import { BYTE_ORDER, HEADER, LAYOUT_VERSION, type Layout, MAGIC, PAGE } from './layout.js';
import type { Platform } from './platform.js';

const ENOSPC = 28;
const EDQUOT = [122, 69];
/** A file nobody could have mapped yet: its creator holds this byte until the file is complete. */
const CREATOR_BYTE = 0;

/**
 * Opens the segment at `path`, made if there is none: complete from the first moment that anybody can see it, its space
 * reserved, since a file with holes kills those who write to it when the device is full.
 *
 * @throws NoSpaceError if there is no room for it. @throws SegmentError if what stands there is not such a segment.
 */
export function openSegmentFile(path: string, layout: Layout, platform: Platform): number {
  for (;;) {
    const fd = openExisting(path);
    if (fd !== undefined) {
      try {
        checkFile(path, fd, layout);
        return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    }
    create(path, layout, platform);
  }
}

/** @returns `undefined` where there is nothing. */
function openExisting(path: string): number | undefined {
  try {
    // Not blocking, lest a named pipe keep us for ever.
    return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw refused(path, 'is a symbolic link', cause);
    if (code === 'EISDIR') throw refused(path, 'is a folder', cause);
    throw refused(path, `cannot be opened for reading and writing (${code})`, cause);
  }
}

function checkFile(path: string, fd: number, layout: Layout): void {
  const status = fstatSync(fd);
  if (!status.isFile()) throw refused(path, 'is not a file');
  const own = userInfo().uid;
  if (status.uid !== own) throw refused(path, `belongs to another user (uid ${status.uid}, you are ${own})`);
  const header = Buffer.alloc(PAGE);
  const length = readSync(fd, header, 0, PAGE, 0);
  if (length < PAGE || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw refused(path, 'is not a segment of locmem');
  }
  // Only now: another file's permissions are none of our business.
  if ((status.mode & 0o077) !== 0) throw refused(path, 'can be read by other users; chmod 600 closes it');
  checkHeader(path, new Int32Array(header.buffer, header.byteOffset, PAGE / 4), status, layout);
}

function checkHeader(path: string, words: Int32Array, status: Stats, layout: Layout): void {
  if (words[HEADER.BYTE_ORDER] !== BYTE_ORDER) throw refused(path, 'was made on a machine of another byte order');
  const version = words[HEADER.VERSION];
  if (version !== LAYOUT_VERSION) {
    const advice = `Stop the programs that use it and delete the file, or give this one another location`;
    throw refused(path, `has layout ${version}, and this version of locmem reads layout ${LAYOUT_VERSION}. ${advice}`);
  }
  if (words[HEADER.CHECKSUM] !== headerSum(words)) throw refused(path, `is damaged in its header. ${DELETE}`);
  const size = (words[HEADER.FILE_SIZE] >>> 0) + (words[HEADER.FILE_SIZE + 1] >>> 0) * 2 ** 32;
  if (size !== status.size) throw refused(path, `has ${status.size} bytes where it was made with ${size}. ${DELETE}`);
  if (size !== layout.fileSize) {
    throw refused(
      path,
      `was made with maxBytes ${size}, and here maxBytes is ${layout.fileSize}. Use the same everywhere; to change it, ` +
        'stop the programs that use it and delete the file',
    );
  }
}

const DELETE = 'Stop the programs that use it and delete the file: it costs what was cached, and nothing else';

function refused(path: string, why: string, cause?: unknown): SegmentError {
  return new SegmentError(
    `${path} ${why}. Nothing was changed.`.replace('..', '.'),
    cause === undefined ? undefined : { cause },
  );
}

/** Makes the file under a temporary name and links it into place; if another was quicker, theirs stays. */
function create(path: string, layout: Layout, platform: Platform): void {
  removeAbandoned(path, platform);
  const name = temporaryName(path);
  const fd = openNew(name);
  try {
    if (!platform.lockByte(fd, CREATOR_BYTE)) {
      throw new Error('its file system does not lock parts of files; choose a location on a local one');
    }
    reserve(path, fd, layout.fileSize, platform);
    writeHeader(fd, layout.fileSize);
    linkSync(name, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    if (error instanceof NoSpaceError) throw error;
    throw refused(path, `cannot be made: ${(error as Error).message}`, error);
  } finally {
    // In this order: unlocked, others would take it for abandoned.
    rmSync(name, { force: true });
    closeSync(fd);
  }
}

function openNew(name: string): number {
  try {
    return openSync(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(name, 0, cause);
    throw refused(name, `cannot be made: ${(cause as Error).message}`, cause);
  }
}

function reserve(path: string, fd: number, size: number, platform: Platform): void {
  const failure = platform.reserve(fd, size);
  if (failure === 0) return;
  // What was reserved before the device was full.
  ftruncateSync(fd, 0);
  if (failure === ENOSPC || EDQUOT.includes(failure)) throw noSpace(path, size);
  throw refused(path, `cannot be made: its space cannot be reserved (errno ${failure})`);
}

function noSpace(path: string, size: number, cause?: unknown): NoSpaceError {
  return new NoSpaceError(
    `There is no room for ${size} bytes at ${path}. Free some, choose a smaller maxBytes, or another location ` +
      "(Docker gives /dev/shm 64 MB unless told '--shm-size').",
    cause === undefined ? undefined : { cause },
  );
}

function writeHeader(fd: number, fileSize: number): void {
  const header = Buffer.alloc(PAGE);
  header.write(MAGIC, 'latin1');
  const words = new Int32Array(header.buffer, header.byteOffset, PAGE / 4);
  words[HEADER.VERSION] = LAYOUT_VERSION;
  words[HEADER.BYTE_ORDER] = BYTE_ORDER;
  words[HEADER.FILE_SIZE] = fileSize | 0;
  words[HEADER.FILE_SIZE + 1] = Math.floor(fileSize / 2 ** 32);
  words[HEADER.SEED] = randomBytes(4).readInt32LE();
  words[HEADER.CREATION] = randomBytes(4).readInt32LE();
  words[HEADER.CHECKSUM] = headerSum(words);
  writeSync(fd, header, 0, PAGE, 0);
}

function headerSum(words: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < HEADER.CHECKSUM; i++) sum = (Math.imul(sum ^ words[i], 0x9e3779b1) + i) | 0;
  return sum;
}

function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.new`);
}

/** What creators left behind that were killed while creating: nobody holds its first byte. */
function removeAbandoned(path: string, platform: Platform): void {
  const start = `.${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(start) || !/^[0-9a-f]{12}\.new$/.test(name.slice(start.length))) continue;
    try {
      const found = join(dirname(path), name);
      const fd = openSync(found, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        // A creator between its first two steps has made the file and not locked it: that one is empty.
        if (fstatSync(fd).size > 0 && !platform.isByteLocked(fd, CREATOR_BYTE)) unlinkSync(found);
      } finally {
        closeSync(fd);
      }
    } catch {
      // Somebody else removed it meanwhile, or it is not ours: it is in nobody's way.
    }
  }
}
