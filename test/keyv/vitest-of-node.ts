import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';

/** As much of vitest's `expect` as Keyv's published suite uses. */
function expectation(countOne: () => void) {
  return (actual: unknown) => {
    countOne();
    return {
      toBe: (expected: unknown) => assert.ok(Object.is(actual, expected), `${actual} is to be ${expected}`),
      toEqual: (expected: unknown) => assert.deepStrictEqual(actual, expected),
      toBeTruthy: () => assert.ok(actual),
      toBeFalsy: () => assert.ok(!actual),
      toBeNull: () => assert.equal(actual, null),
      toBeDefined: () => assert.notEqual(actual, undefined),
      toBeUndefined: () => assert.equal(actual, undefined),
    };
  };
}

type Body = (context: { expect: unknown }) => unknown;

/** What a suite written for vitest is handed: the same calls, by Node's own runner. */
export const vitestOfNode = {
  beforeEach,
  afterEach,
  it(title: string, body: Body): void {
    it(title, async () => {
      let count = 0;
      let announced: number | undefined;
      const expect = expectation(() => count++);
      const assertions = (expected: number) => {
        announced = expected;
      };
      await body({ expect: Object.assign(expect, { assertions }) });
      assert.equal(count, announced ?? count, 'as many assertions as announced');
    });
  },
};
