import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache } from 'locmem';
import { CALLS_WITH_KEY } from './bad-input.js';
import { type Subject, spec } from './subject.js';

const LONE_SURROGATES = ['\ud800', '\udfff', 'a\ud800', '\udc00\ud800', '\ud800b'];
const ODD_CHARACTERS = [' ', 'a b', 'a\tb', 'a\r\nb', '\0', 'a\x01', 'a\x7f', '\x1b[2J', 'ü ü'];
/** As stored, after `:1:`: one byte too many for memcached. */
const TOO_LONG = ['k'.repeat(248), 'ü'.repeat(124), '🔑'.repeat(62), 'k'.repeat(10_000)];
/** As stored: as long as memcached takes. */
const AS_LONG_AS_MAY_BE = ['k'.repeat(247), `a${'ü'.repeat(123)}`, `abc${'🔑'.repeat(61)}`];
/** What is neither white space nor a control character to memcached, which looks at bytes. */
const PORTABLE = ['\u00a0', '\u2003', '\u0085', '\ufeff', '\ufffd', '!', '~', '"', '\\', '{k}', '}{', '%00', '*?[a]'];

const REFUSAL = { name: 'InvalidKeyError', code: 'ERR_LOCMEM_INVALID_KEY' };

/** Keys that some backends refuse: they are kept exactly, or refused by every call. */
export function keyForms(subject: Subject): void {
  const { keys } = subject.capabilities;
  const unportable = [...ODD_CHARACTERS, ...TOO_LONG];
  const kept = [...PORTABLE, ...AS_LONG_AS_MAY_BE];
  const refused: string[] = [];
  (keys === 'memcached' ? refused : kept).push(...unportable);
  (keys === 'any' ? kept : refused).push(...LONE_SURROGATES);

  describe('forms of keys', () => {
    spec(subject, 'keys that differ in a single odd character are different keys', async ({ cache }) => {
      for (const [index, key] of kept.entries()) assert.equal(await cache.add(key, index), true, JSON.stringify(key));
      for (const [index, key] of kept.entries()) assert.equal(await cache.get(key), index, JSON.stringify(key));
      assert.deepStrictEqual([...(await cache.getMany(kept)).keys()], kept);
      assert.equal(await cache.deleteMany(kept), kept.length);
    });

    if (refused.length === 0) return;

    spec(subject, 'a key that cannot be stored is an InvalidKeyError to every call', async ({ cache }) => {
      await cache.set('kept', 'old');
      for (const [name, call] of Object.entries(CALLS_WITH_KEY)) {
        for (const key of refused) await assert.rejects(call(cache, key), REFUSAL, `${name}: ${JSON.stringify(key)}`);
      }
      assert.deepStrictEqual(await cache.getMany(['kept', 'k']), new Map([['kept', 'old']]));
    });

    spec(subject, 'the key as it is stored is what counts: with its prefix', async ({ place }) => {
      for (const keyPrefix of refused) {
        const cache: Cache = await place.open({ keyPrefix });
        await assert.rejects(cache.set('k', 1), REFUSAL, JSON.stringify(keyPrefix));
      }
    });

    spec(subject, 'a key function may make keys that can be stored', async ({ place }) => {
      const cache = await place.open({ keyFunction: (key) => Buffer.from(key, 'utf16le').toString('hex').slice(-99) });
      for (const [index, key] of refused.entries()) {
        await cache.set(key, index);
        assert.equal(await cache.get(key), index, JSON.stringify(key));
      }
    });
  });
}
