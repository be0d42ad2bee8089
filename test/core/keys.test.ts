import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkKey, checkVersion, defaultKeyFunction } from '#dist/core/keys.js';
import { occurrences, runProgram } from '../child-program.js';

/** The `CacheKeyWarning`s of a program that uses `cache`, which is made with `options`. */
async function warningsOf(body: string, options = '{}'): Promise<string[]> {
  const { stdout, stderr, exit } = await runProgram(`
    import { LocMemCache, DummyCache } from 'locmem';
    const cache = new LocMemCache(${options});
    process.on('warning', ({ name, message }) => console.log(JSON.stringify({ name, message })));
    ${body}
  `);
  assert.equal(exit, 0, stderr);
  const warnings = stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  for (const { name } of warnings) assert.equal(name, 'CacheKeyWarning');
  return warnings.map(({ message }) => message);
}

describe('keys', () => {
  it('are strings with something in them', () => {
    for (const key of ['k', ' ', '\ud800', 'x'.repeat(10_000)]) checkKey(key);
    for (const key of ['', 0, null, undefined, {}, ['k'], new String('k')])
      assert.throws(() => checkKey(key), TypeError);
  });

  it('have versions that are whole numbers', () => {
    for (const version of [0, 1, -3, Number.MAX_SAFE_INTEGER]) checkVersion(version);
    for (const version of [0.5, Number.NaN, '1', null, 2 ** 53, 1n])
      assert.throws(() => checkVersion(version), TypeError);
  });

  it("are stored by Django's scheme", () => {
    assert.equal(defaultKeyFunction('k', 'p', 2), 'p:2:k');
    assert.equal(defaultKeyFunction('k', '', 1), ':1:k');
  });
});

describe('CacheKeyWarning', () => {
  it('comes once for a key that is too long, however often and through whichever cache', async () => {
    const warnings = await warningsOf(`
      for (let i = 0; i < 5; i++) cache.setSync('k'.repeat(300) + i, 1);
      cache.getSync('l'.repeat(300));
      new LocMemCache().setSync('m'.repeat(300), 1);
      new DummyCache().setSync('n'.repeat(300), 1);
    `);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0]!, /'kkk.*304 bytes.*250/);
  });

  it('comes for a key that is too long after 200,000 others, too', async () => {
    const warnings = await warningsOf(`
      for (let i = 0; i < 200_000; i++) cache.getSync('key' + i);
      cache.getSync('k'.repeat(251));
    `);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0], /'kkk.*254 bytes/);
  });

  it('comes once for characters, and once more for length', async () => {
    const warnings = await warningsOf(`
      cache.setSync('white space', 1);
      cache.setSync('control\\x07', 1);
      cache.setSync('other white space', 1);
      cache.setSync('k'.repeat(251), 1);
    `);
    assert.equal(warnings.length, 2, warnings.join('\n'));
    assert.match(warnings[0]!, /'white space'.*white space or control characters/);
    assert.match(warnings[1]!, /251|254/);
  });

  for (const [title, key] of [
    ['a space', 'a b'],
    ['a tab', 'a\tb'],
    ['a line end', 'a\nb'],
    ['a null character', 'a\0b'],
    ['a delete character', 'a\x7fb'],
  ]) {
    it(`comes for ${title}`, async () => {
      assert.equal((await warningsOf(`cache.setSync(${JSON.stringify(key)}, 1)`)).length, 1);
    });
  }

  it('comes for a key that is only read', async () => {
    assert.equal((await warningsOf(`cache.getSync('a b')`)).length, 1);
    assert.equal((await warningsOf(`await cache.getOrSet('a b', () => 1)`)).length, 1);
    assert.equal((await warningsOf(`new DummyCache().hasSync('a b')`)).length, 1);
  });

  it('counts the whole stored key in bytes: 250 are taken, 251 are not', async () => {
    assert.equal((await warningsOf(`cache.setSync('k'.repeat(247), 1)`)).length, 0);
    assert.equal((await warningsOf(`cache.setSync('k'.repeat(248), 1)`)).length, 1);
    assert.equal((await warningsOf(`cache.setSync('é'.repeat(123), 1)`)).length, 0);
    assert.equal((await warningsOf(`cache.setSync('é'.repeat(124), 1)`)).length, 1);
    assert.equal(
      (await warningsOf(`cache.setSync('k'.repeat(238), 1)`, `{ keyPrefix: 'prefix', version: 1234 }`)).length,
      0,
    );
    assert.equal(
      (await warningsOf(`cache.setSync('k'.repeat(239), 1)`, `{ keyPrefix: 'prefix', version: 1234 }`)).length,
      1,
    );
    assert.equal((await warningsOf(`cache.setSync('k', 1)`, `{ keyFunction: (key) => key.repeat(251) }`)).length, 1);
  });

  it('counts a prefix in bytes, too', async () => {
    assert.equal((await warningsOf(`cache.setSync('k'.repeat(48), 1)`, `{ keyPrefix: 'é'.repeat(100) }`)).length, 1);
  });

  it('looks at the prefix, too', async () => {
    assert.equal((await warningsOf(`cache.setSync('k', 1)`, `{ keyPrefix: 'my app' }`)).length, 1);
    assert.equal((await warningsOf(`new DummyCache({ keyPrefix: 'my app' }).setSync('k', 1)`)).length, 1);
  });

  it('does not come for keys that every backend takes', async () => {
    assert.deepStrictEqual(await warningsOf(`cache.setSync('user:1/ключ🔑', 1); cache.getSync('missing')`), []);
  });

  it('leaves the key usable', async () => {
    const { stdout, stderr } = await runProgram(`
      import { cache } from 'locmem';
      cache.setSync('a b', 'kept');
      console.log(cache.getSync('a b'));
    `);
    assert.equal(stdout, 'kept\n');
    assert.equal(occurrences(stderr, 'CacheKeyWarning'), 1);
  });
});
