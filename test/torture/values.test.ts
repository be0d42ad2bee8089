import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedCache } from 'locmem';
import { ChangingHeader } from '#dist/shared/changing-header.js';
import { Codec } from '#dist/shared/codec.js';
import { EncodedValue } from '#dist/shared/outgoing-record.js';
import { CODEC } from '#dist/shared/record.js';
import { checkSegment } from '../shared/check-segment.js';
import { RemoteCache } from './remote-cache.js';
import { Child, freshLocation } from './shared-place.js';

const OPTIONS = { maxBytes: '4mb', ttl: null } as const;

async function run(role: 'write' | 'read', location: string): Promise<void> {
  const child = new Child('./values-process.js', role, JSON.stringify({ location, ...OPTIONS }));
  assert.deepStrictEqual(await child.next(), []);
  assert.equal(await child.end(), 0);
}

describe('every kind of value', () => {
  it('is read by another process as it was written, beside the writer', async () => {
    const location = freshLocation();
    const cache = new SharedCache({ location, ...OPTIONS });
    await run('write', location);
    await Promise.all([run('read', location), run('read', location)]);
    cache.closeSync();
  });

  it('is still there when all processes have ended, and others begin', async () => {
    const location = freshLocation();
    await run('write', location);
    await run('read', location);
    await run('read', location);
  });

  it('is there at the first look after a restart, whatever its length, and that of its key', () => {
    const location = freshLocation();
    const first = new SharedCache({ location, ...OPTIONS });
    const keys = Array.from({ length: 1500 }, (_, i) => `${i}`.padEnd(1 + (i % 13), 'k'));
    for (const [i, key] of keys.entries()) first.setSync(key, i % 2 === 0 ? 'v'.repeat(i) : Buffer.alloc(i, 'b'));
    first.closeSync();
    const next = new SharedCache({ location, ...OPTIONS });
    for (const [i, key] of keys.entries()) {
      assert.deepStrictEqual(next.getSync(key), i % 2 === 0 ? 'v'.repeat(i) : Buffer.alloc(i, 'b'), `${i} bytes`);
    }
    next.closeSync();
  });
});

describe('a value that another version of Node, or of locmem, wrote in a way of its own', () => {
  for (const [title, codec, bytes] of [
    ['a structured clone of a format to come', CODEC.CLONE, [0xff, 0x63, 0x5c, 0x08]],
    ['a structured clone of something else', CODEC.CLONE, [0xff, 0x0f, 0x77, 0x01, 0x02]],
    ['a shape that no dictionary has', CODEC.PACKED, [0xd5, 0x72, 0x7f, 0x40, 0x01]],
    ['msgpack that breaks off', CODEC.PLAIN, [0x82, 0xa1]],
    ['an encoding that is not known here', 31, [1, 2, 3]],
  ] as [string, number, number[]][]) {
    it(`is missing, and can be replaced: ${title}`, () => {
      const cache = new SharedCache({ location: freshLocation(), ...OPTIONS });
      const { seal } = Codec.prototype;
      Codec.prototype.seal = () => new EncodedValue(codec, Uint8Array.from(bytes));
      try {
        cache.setSync('k', {});
      } finally {
        Codec.prototype.seal = seal;
      }
      for (let i = 0; i < 3; i++) assert.equal(cache.getSync('k'), undefined);
      assert.equal(cache.getManySync(['k']).size, 0);
      assert.equal(
        cache.getOrSetSync('k', () => 'made anew'),
        'made anew',
      );
      assert.equal(cache.getSync('k'), 'made anew');
      cache.closeSync();
    });
  }
});

/** Objects of shapes that only this writer has, and of some that all have. */
function shapes(writer: number, count: number): [key: string, value: object][] {
  return Array.from({ length: count }, (_, i) => [
    `shape:${writer}:${i}`,
    i % 3 === 0
      ? { common: i, [`field${i}`]: [{ writer }] }
      : { [`of${writer}`]: i, [`and${i}`]: { inner: [writer, null] } },
  ]);
}

describe('the dictionary of shapes', () => {
  it('grows by the objects of all processes at once, and all of them read all', async () => {
    const location = freshLocation();
    const remotes = await Promise.all([1, 2, 3].map(() => RemoteCache.open({ location, ...OPTIONS })));
    const all = remotes.map((_, writer) => shapes(writer, 60));
    for (let i = 0; i < 60; i++) {
      // All at once, each with a shape that is new to the others, or to all.
      await Promise.all(remotes.map((remote, writer) => remote.call('setSync', ...all[writer]![i]!)));
      for (const remote of remotes) {
        const found = await remote.call<Map<string, object>>(
          'getManySync',
          all.map((own) => own[i]![0]),
        );
        assert.deepStrictEqual(
          [...found],
          all.map((own) => own[i]!),
        );
      }
    }
    for (const remote of remotes) await remote.kill();
    const later = new SharedCache({ location, ...OPTIONS });
    for (const [key, value] of all.flat()) assert.deepStrictEqual(later.getSync(key), value, 'after the end of all');
    later.setSync('new', { shape: 'of the next' });
    assert.deepStrictEqual(later.getSync('new'), { shape: 'of the next' });
    later.closeSync();
  });

  for (const maxBytes of ['128kb', '4mb'] as const) {
    it(`may be full (${maxBytes}): objects that are used as maps, of thousands of shapes, are read by all, and nothing waits`, async () => {
      const location = freshLocation();
      const cache = new SharedCache({ location, maxBytes, ttl: null, nearEntries: 0 });
      const remote = await RemoteCache.open({ location, maxBytes, ttl: null });
      const known = { id: 1, name: 'known before', tags: ['a'] };
      cache.setSync('known', known);
      const { replaceDictionary } = ChangingHeader.prototype;
      let changes = 0;
      ChangingHeader.prototype.replaceDictionary = function (...args) {
        changes++;
        return replaceDictionary.apply(this, args);
      };
      try {
        for (let i = 0; i < 5000; i++) {
          const map = Object.fromEntries([0, 1, 2, 3].map((n) => [`user ${i}-${n}`, { seen: i, n }]));
          cache.setSync('map', map);
          assert.deepStrictEqual(cache.getSync('map'), map);
          if (i % 50 === 0) assert.deepStrictEqual(await remote.call('getSync', 'map'), map);
        }
        assert.ok(changes > 10 && changes < 1500, `${changes} changes of the dictionary`);
        changes = 0;
        // Now it is full, for this process at least.
        for (let i = 0; i < 100; i++) cache.setSync(`late:${i}`, { [`late${i}`]: i });
        assert.equal(changes, 0, 'nobody tries again and again');
      } finally {
        ChangingHeader.prototype.replaceDictionary = replaceDictionary;
      }
      for (let i = 0; i < 100; i++) {
        assert.deepStrictEqual(await remote.call('getSync', `late:${i}`), { [`late${i}`]: i });
        await remote.call('setSync', `theirs:${i}`, { [`theirs${i}`]: i, known });
        assert.deepStrictEqual(cache.getSync(`theirs:${i}`), { [`theirs${i}`]: i, known });
      }
      cache.setSync('known', known);
      assert.deepStrictEqual(await remote.call('getSync', 'known'), known);
      await remote.kill();
      cache.closeSync();
      checkSegment(location, maxBytes);
      const next = await RemoteCache.open({ location, maxBytes, ttl: null });
      assert.deepStrictEqual(await next.call('getSync', 'known'), known);
      await next.kill();
    });
  }

  it('takes no shapes of objects with very many fields, or with fields that are numbers', () => {
    const cache = new SharedCache({ location: freshLocation(), ...OPTIONS });
    const { replaceDictionary } = ChangingHeader.prototype;
    let changes = 0;
    ChangingHeader.prototype.replaceDictionary = function (...args) {
      changes++;
      return replaceDictionary.apply(this, args);
    };
    try {
      for (let i = 0; i < 50; i++) {
        const wide = Object.fromEntries(Array.from({ length: 65 + i }, (_, n) => [`field${n}`, n]));
        const byNumber = { [i]: 'a', [i + 1000]: 'b' };
        cache.setSync('wide', wide);
        cache.setSync('numbers', byNumber);
        assert.deepStrictEqual(cache.getSync('wide'), wide);
        assert.deepStrictEqual(cache.getSync('numbers'), byNumber);
      }
      assert.equal(changes, 0);
    } finally {
      ChangingHeader.prototype.replaceDictionary = replaceDictionary;
      cache.closeSync();
    }
  });
});
