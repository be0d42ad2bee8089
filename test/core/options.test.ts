import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkKnownOptions, unknownName } from '#dist/core/options.js';

const KNOWN = ['maxEntries', 'maxSize', 'policy', 'ttl'];

describe('checkKnownOptions', () => {
  it('lets known options pass, and none', () => {
    checkKnownOptions('X', { maxEntries: 1, ttl: undefined }, KNOWN);
    checkKnownOptions('X', {}, KNOWN);
  });

  it('names the stranger, the nearest known one, and all that are allowed', () => {
    assert.throws(() => checkKnownOptions('X', { maxEntires: 1 }, KNOWN), {
      name: 'InvalidConfigError',
      message: "Unknown option of X: 'maxEntires'. Did you mean 'maxEntries'? Known: maxEntries, maxSize, policy, ttl.",
    });
  });

  it('refuses what is not an object of options, and shows it', () => {
    for (const options of [null, undefined, 5, 'text', ['ttl'], true, () => ({})]) {
      assert.throws(() => checkKnownOptions('X', options, KNOWN), {
        name: 'InvalidConfigError',
        message: /^X takes an object of options; got /,
      });
    }
  });
});

describe('unknownName', () => {
  for (const [name, guess] of [
    ['maxentries', 'maxEntries'],
    ['MAXSIZE', 'maxSize'],
    ['polcy', 'policy'],
    ['tl', 'ttl'],
    ['tttl', 'ttl'],
    ['maxSizes', 'maxSize'],
  ]) {
    it(`'${name}' is near '${guess}'`, () => {
      assert.match(unknownName('option', name!, KNOWN), RegExp(`Did you mean '${guess}'\\?`));
    });
  }

  it('does not guess where nothing is near', () => {
    assert.doesNotMatch(unknownName('option', 'compression', KNOWN), /Did you mean/);
    assert.doesNotMatch(unknownName('option', '', ['policy']), /Did you mean/);
  });
});
