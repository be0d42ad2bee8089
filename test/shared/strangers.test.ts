import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { SharedCache, type SharedCacheOptions } from 'locmem';
import { runProgram } from '../child-program.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-strangers-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function fresh(): string {
  return join(folder, `${++count}.cache`);
}

function open(location: string, options: Partial<SharedCacheOptions> = {}): SharedCache {
  return new SharedCache({ location, maxBytes: '256kb', ...options });
}

function made(): string {
  const location = fresh();
  open(location).closeSync();
  return location;
}

function flipByte(fd: number, at: number): void {
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, at);
  writeSync(fd, Buffer.from([byte[0]! ^ 0xff]), 0, 1, at);
}

/** Shows a folder at another place, where it can only be read. @returns whether that is allowed here. */
function mountForReading(from: string, place: string): boolean {
  mkdirSync(place);
  try {
    execFileSync('mount', ['--bind', from, place], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'remount,bind,ro', place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function refusal(message: RegExp) {
  return { name: 'SegmentError', code: 'ERR_LOCMEM_SEGMENT', message };
}

const isRoot = process.getuid!() === 0;

/** A file system of its own in memory, of this size. @returns whether that is allowed here. */
function mountMemory(place: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a location that is not ours to use', () => {
  it('is a file of something else: refused, and left as it was', () => {
    for (const content of ['', 'a letter', 'x'.repeat(10_000)]) {
      const location = fresh();
      writeFileSync(location, content, { mode: 0o600 });
      assert.throws(() => open(location), refusal(/is not a segment/));
      assert.equal(readFileSync(location, 'utf8'), content);
    }
  });

  it('is a symbolic link, also to a segment', () => {
    const target = made();
    const location = fresh();
    symlinkSync(target, location);
    assert.throws(() => open(location), refusal(/is a symbolic link/));
    assert.ok(lstatSync(location).isSymbolicLink());
  });

  it('is a folder, or a pipe: nobody waits for the other end', () => {
    const location = fresh();
    mkdirSync(location);
    assert.throws(() => open(location), refusal(/is a folder/));
    const pipe = fresh();
    execFileSync('mkfifo', ['-m', '600', pipe]);
    assert.throws(() => open(pipe), refusal(/is not a file/));
  });

  it('belongs to another user', { skip: !isRoot && 'only root can give a file away' }, () => {
    const location = made();
    chownSync(location, 12345, 12345);
    assert.throws(() => open(location), refusal(/belongs to another user \(uid 12345/));
  });

  it('can be read by others', () => {
    const location = made();
    chmodSync(location, 0o644);
    assert.throws(() => open(location), refusal(/chmod 600/));
  });

  it('can only be read: refused, whether it is there or would have to be made', (t) => {
    const made = join(folder, 'made');
    open(join(made, 'there')).closeSync();
    // Root may write to any file, but not where the file system is mounted to be read.
    const place = isRoot ? join(folder, 'only-read') : made;
    const location = join(place, 'there');
    if (isRoot && !mountForReading(made, place)) {
      t.skip('mounting is not allowed here');
      return;
    }
    if (!isRoot) {
      chmodSync(location, 0o400);
      chmodSync(place, 0o500);
    }
    try {
      assert.throws(() => open(location), refusal(/cannot be opened for reading and writing \(E(ACCES|ROFS)\)/));
      assert.throws(() => open(join(place, 'new')), refusal(/cannot be made/));
    } finally {
      if (isRoot) execFileSync('umount', ['-l', place]);
      else chmodSync(place, 0o700);
    }
  });

  it('has another layout, or another size: never reinterpreted', () => {
    const location = made();
    assert.throws(() => open(location, { maxBytes: '512kb' }), refusal(/maxBytes 262144.*maxBytes is 524288.*delete/));
    const fd = openSync(location, 'r+');
    writeSync(fd, Buffer.from([99]), 0, 1, 8);
    closeSync(fd);
    assert.throws(() => open(location), refusal(/layout 99.*layout 3.*delete/));
  });

  it('is damaged in its header, or was truncated', () => {
    const damaged = made();
    const fd = openSync(damaged, 'r+');
    flipByte(fd, 25);
    closeSync(fd);
    assert.throws(() => open(damaged), refusal(/damaged in its header.*delete/));
    const short = made();
    truncateSync(short, 100_000);
    assert.throws(() => open(short), refusal(/100000 bytes where it was made with 262144/));
  });
});

describe('what is made', () => {
  it('is for this user alone: folders 0700, files 0600, no larger than maxBytes', () => {
    const location = join(folder, 'a', 'b', 'c.cache');
    open(location, { maxBytes: 300_000 }).closeSync();
    assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'a', 'b')).mode & 0o777, 0o700);
    const { mode, size, blocks } = statSync(location);
    assert.equal(mode & 0o777, 0o600);
    assert.ok(size <= 300_000 && size > 300_000 - 4096);
    assert.ok(blocks * 512 >= size, 'its space is reserved');
  });

  it('is in the own folder of shared memory, where it has a name; a name is never a path', () => {
    for (const name of [`test-${process.pid}`, `../up ${process.pid}`, `É/${process.pid}`, '.']) {
      const cache = open(name);
      const again = open(name);
      cache.setSync('k', name);
      assert.equal(again.getSync('k'), name);
      cache.closeSync();
      again.closeSync();
    }
    const home = `/dev/shm/locmem-${process.getuid!()}`;
    assert.equal(statSync(home).mode & 0o777, 0o700);
    const own = readdirSync(home).filter((name) => name.includes(String(process.pid)) || name === '%2e.segment');
    assert.equal(own.length, 4, own.join());
    for (const name of own) rmSync(join(home, name));
  });

  it('is not made where there is no room, and nothing is left behind', {
    skip: !isRoot && 'only root can mount',
  }, (t) => {
    const small = join(folder, 'small');
    mkdirSync(small, { mode: 0o700 });
    if (!mountMemory(small, '1m')) {
      t.skip('mounting is not allowed here');
      return;
    }
    try {
      const refused = { name: 'NoSpaceError', code: 'ERR_LOCMEM_NO_SPACE', message: /no room for 4194304 bytes/ };
      assert.throws(() => open(join(small, 'x'), { maxBytes: '4mb' }), refused);
      assert.deepStrictEqual(readdirSync(small), []);
      open(join(small, 'x')).closeSync();
    } finally {
      // Lazily: the mapping stays for as long as this process lives.
      execFileSync('umount', ['-l', small]);
    }
  });
});

describe('a value that is too large', () => {
  it('is refused, and the old entry is untouched; an eighth of maxBytes is taken', () => {
    const cache = open(fresh());
    cache.setSync('k', 'old');
    const refused = { name: 'ValueTooLargeError', code: 'ERR_LOCMEM_VALUE_TOO_LARGE', message: /32769 bytes.*32768/ };
    assert.throws(() => cache.setSync('k', 'x'.repeat(32_769)), refused);
    assert.equal(cache.getSync('k'), 'old');
    assert.deepStrictEqual(cache.setManySync({ k: 'x'.repeat(40_000), j: 1 }), ['k']);
    assert.equal(cache.getSync('k'), 'old');
    cache.setSync('k', 'x'.repeat(32_768));
    assert.equal(cache.getSync('k'), 'x'.repeat(32_768));
    assert.throws(() => cache.setSync('k'.repeat(70_000), 1), { name: 'ValueTooLargeError', message: /65,535/ });
    assert.equal(cache.getSync('k'.repeat(70_000)), undefined);
    cache.closeSync();
  });
});

describe('options', () => {
  for (const [title, options, message] of [
    ['no location', {}, /location/],
    ['an empty location', { location: '' }, /location/],
    ['a location that is a folder', { location: '/tmp/' }, /folder/],
    ['a name that is too long', { location: 'x'.repeat(201) }, /200/],
    ['an unknown option', { location: 'x', maxEntries: 3 }, /maxEntries/],
    ['a size below the smallest', { location: 'x', maxBytes: '64kb' }, /128 kb/],
    ['a size that is none', { location: 'x', maxBytes: 'much' }, /maxBytes/],
    ["values: 'reference'", { location: 'x', values: 'reference' }, /'copy' or 'frozen'/],
    ['nearEntries below 0', { location: 'x', nearEntries: -1 }, /nearEntries/],
    ['a clock that tells no time', { location: 'x', clock: {} }, /clock/],
  ] as [string, SharedCacheOptions, RegExp][]) {
    it(`refuses ${title}`, () => {
      assert.throws(() => new SharedCache(options), { name: 'InvalidConfigError', message });
    });
  }
});

describe('a program', () => {
  it('that does not use SharedCache loads neither koffi nor msgpackr', async () => {
    const { stdout } = await runProgram(`
      import { LocMemCache } from 'locmem';
      import { createRequire } from 'node:module';
      new LocMemCache().setSync('k', { n: 1 });
      const loaded = process.report.getReport().sharedObjects.filter((name) => name.includes('koffi'));
      console.log(JSON.stringify([loaded, Object.keys(createRequire(import.meta.url).cache).filter((name) => /koffi|msgpackr/.test(name))]));
    `);
    assert.equal(stdout.trim(), '[[],[]]');
  });

  it('that only uses a SharedCache ends by itself, and the next one finds what it left', async () => {
    const location = fresh();
    const source = (body: string) => `
      import { SharedCache } from 'locmem';
      const cache = new SharedCache({ location: ${JSON.stringify(location)}, maxBytes: '1mb' });
      ${body}`;
    const first = await runProgram(source(`cache.setSync('k', { warm: [1, 'ä'] });`));
    assert.deepStrictEqual([first.exit, first.stderr], [0, '']);
    const second = await runProgram(source(`console.log(JSON.stringify(cache.getSync('k')));`));
    assert.equal(second.stdout, '{"warm":[1,"ä"]}\n');
  });
});
