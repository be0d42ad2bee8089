import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { InvalidConfigError, SegmentError, show } from '../core/errors.js';

const SHARED_MEMORY = '/dev/shm';
const LONGEST_NAME = 200;

/**
 * The file of a location: an absolute path as it is, a name in the user's own folder of shared memory. The folder is
 * made where there is none, for this user alone.
 *
 * @throws InvalidConfigError if it is neither. @throws SegmentError if the folder is not this user's own.
 */
export function segmentPath(location: unknown): string {
  if (typeof location !== 'string' || location === '' || location.includes('\0')) {
    throw new InvalidConfigError(
      `SharedCache needs a location: a name such as 'my_app', or an absolute path; got ${show(location)}.`,
    );
  }
  if (isAbsolute(location)) return inFolderOfPath(normalize(location));
  const name = fileName(location);
  if (name.length > LONGEST_NAME) {
    throw new InvalidConfigError(`The name of a location is at most ${LONGEST_NAME} bytes; got ${show(location)}.`);
  }
  const folder = join(existsSync(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir(), `locmem-${userInfo().uid}`);
  makeFolder(folder);
  checkOwnFolder(folder);
  return join(folder, `${name}.segment`);
}

/** A name as a file's: what might be a path, or differ only by case on some file system, is spelled out. */
function fileName(location: string): string {
  let name = '';
  for (const byte of Buffer.from(location)) {
    const character = String.fromCharCode(byte);
    name += /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return name;
}

function inFolderOfPath(path: string): string {
  if (path.endsWith('/')) {
    throw new InvalidConfigError(`A location that is a path names a file; got the folder ${show(path)}.`);
  }
  makeFolder(dirname(path));
  return path;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new SegmentError(`The folder ${folder} cannot be made: ${(cause as Error).message}.`, { cause });
  }
}

/** The folder's name can be guessed, and anybody may make folders beside it. */
function checkOwnFolder(folder: string): void {
  const status = lstatSync(folder);
  if (status.isSymbolicLink()) throw refusedFolder(folder, 'is a symbolic link');
  if (!status.isDirectory()) throw refusedFolder(folder, 'is not a folder');
  if (status.uid !== userInfo().uid) throw refusedFolder(folder, `belongs to another user (uid ${status.uid})`);
  if ((status.mode & 0o077) !== 0) throw refusedFolder(folder, 'is open to other users (chmod 700 closes it)');
}

function refusedFolder(folder: string, why: string): SegmentError {
  return new SegmentError(`The folder of shared segments, ${folder}, ${why}. Nothing was touched.`);
}
