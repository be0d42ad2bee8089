import { createRequire } from 'node:module';
import { SegmentError } from '../core/errors.js';

/** What a shared segment needs of the operating system. All that differs between systems is behind this interface. */
export interface Platform {
  /** Maps the whole file for reading and writing, shared with everyone who maps it. Never unmapped: views outlive caches. */
  map(fd: number, size: number): bigint;
  /** The memory at an address, as the views of this thread see it. */
  view(address: bigint, size: number): ArrayBuffer;
  /** Reserves the file's space on its device. @returns 0, or the error number. */
  reserve(fd: number, size: number): number;
  /** Takes the byte at `offset` for this open file, until it is closed or its owner dies. Whether it was free. */
  lockByte(fd: number, offset: number): boolean;
  unlockByte(fd: number, offset: number): void;
  /** Whether another open file holds the byte. */
  isByteLocked(fd: number, offset: number): boolean;
  /** Sleeps until the word is woken, or no longer holds `expected`, or the time is over. May wake early. */
  waitOnWord(address: bigint, expected: number, milliseconds: number): void;
  wakeWord(address: bigint): void;
}

type Koffi = typeof import('koffi');
type Library = ReturnType<Koffi['load']>;

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;
const EINTR = 4;

/** How `fcntl` locks bytes: the commands, the lock types, and where the fields of `struct flock` stand. */
interface LockFormat {
  readonly set: number;
  readonly get: number;
  readonly write: number;
  readonly unlocked: number;
  readonly bytes: number;
  readonly start: number;
  readonly length: number;
  readonly type: number;
}

const LOCK_FORMATS: Partial<Record<NodeJS.Platform, LockFormat>> = {
  linux: { set: 37, get: 36, write: 1, unlocked: 2, bytes: 32, start: 8, length: 16, type: 0 },
  // Darwin has had open-file-description locks since 10.15, under numbers of its own. Not tried on a machine yet.
  darwin: { set: 90, get: 92, write: 3, unlocked: 2, bytes: 24, start: 0, length: 8, type: 20 },
};

const FUTEX_CALL: Partial<Record<NodeJS.Architecture, number>> = { x64: 202, arm64: 98 };
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;

let platform: Platform | undefined;

/** @throws SegmentError where memory cannot be mapped here: the system, its libraries, or Node's permissions say no. */
export function thisPlatform(): Platform {
  platform ??= loadPlatform();
  return platform;
}

function loadPlatform(): Platform {
  const format = LOCK_FORMATS[process.platform];
  if (format === undefined) {
    throw new SegmentError(
      `SharedCache works on Linux and macOS; this is ${process.platform}. Use LocMemCache here, one for each process.`,
    );
  }
  try {
    return unixPlatform(createRequire(import.meta.url)('koffi') as Koffi, format);
  } catch (cause) {
    throw new SegmentError(
      `SharedCache cannot call the operating system: ${(cause as Error).message}. It needs the package koffi, which npm ` +
        `installs with this one, and permission for it (Node's permission model: --allow-addons). Otherwise use LocMemCache.`,
      { cause },
    );
  }
}

function unixPlatform(koffi: Koffi, format: LockFormat): Platform {
  const system = koffi.load(null);
  const mmap = system.func('void *mmap(void *, size_t, int, int, int, int64_t)');
  // Variadic, as the header declares it: on Apple's ARM64 such arguments travel by another way than ordinary ones.
  const fcntl = system.func('int fcntl(int, int, ...)');
  const question = Buffer.alloc(format.bytes);

  function lockCall(fd: number, command: number, offset: number, type: number): number {
    question.fill(0);
    question.writeInt16LE(type, format.type);
    question.writeBigInt64LE(BigInt(offset), format.start);
    question.writeBigInt64LE(1n, format.length);
    for (;;) {
      const result = fcntl(fd, command, 'void *', question);
      if (result !== -1 || koffi.errno() !== EINTR) return result;
    }
  }

  return {
    map(fd, size) {
      const address = mmap(null, size, PROT_READ_WRITE, MAP_SHARED, fd, 0);
      if (BigInt.asUintN(64, address) === MAP_FAILED) throw new Error(`mmap failed (errno ${koffi.errno()})`);
      return address;
    },
    view: (address, size) => koffi.view(address, size),
    reserve: reserveWith(system),
    lockByte: (fd, offset) => lockCall(fd, format.set, offset, format.write) === 0,
    unlockByte: (fd, offset) => void lockCall(fd, format.set, offset, format.unlocked),
    isByteLocked(fd, offset) {
      // A question that cannot be asked is answered with care: the owner lives.
      if (lockCall(fd, format.get, offset, format.write) !== 0) return true;
      return question.readInt16LE(format.type) !== format.unlocked;
    },
    ...waiting(system),
  };
}

/** `posix_fallocate` where there is one. Elsewhere the space is taken by writing it: slower, and as certain. */
function reserveWith(system: Library): Platform['reserve'] {
  if (process.platform === 'linux') {
    const fallocate = system.func('int posix_fallocate(int, int64_t, int64_t)');
    return (fd, size) => {
      for (;;) {
        const result = fallocate(fd, 0, size);
        if (result !== EINTR) return result;
      }
    };
  }
  return (fd, size) => {
    const { writeSync } = createRequire(import.meta.url)('node:fs') as typeof import('node:fs');
    const zeros = Buffer.alloc(Math.min(size, 2 ** 20));
    try {
      for (let at = 0; at < size; ) at += writeSync(fd, zeros, 0, Math.min(zeros.length, size - at), at);
      return 0;
    } catch (error) {
      return -(error as { errno?: number }).errno! || -1;
    }
  };
}

/** A futex where the kernel has one; elsewhere a short sleep, after which the caller looks again. */
function waiting(system: Library): Pick<Platform, 'waitOnWord' | 'wakeWord'> {
  const number = FUTEX_CALL[process.arch];
  if (process.platform !== 'linux' || number === undefined) {
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    return {
      waitOnWord: () => {
        Atomics.wait(nobody, 0, 0, 0.2);
      },
      wakeWord: () => {},
    };
  }
  const futex = system.func('long syscall(long, void *, int, int, void *, void *, int)');
  const timeout = new BigInt64Array(2);
  return {
    waitOnWord(address, expected, milliseconds) {
      timeout[0] = 0n;
      timeout[1] = BigInt(Math.round(milliseconds * 1e6));
      futex(number, address, FUTEX_WAIT, expected, timeout, null, 0);
    },
    wakeWord(address) {
      futex(number, address, FUTEX_WAKE, 1, null, null, 0);
    },
  };
}
