import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { copyGraph } from '#dist/core/copy-graph.js';
import { Snapshot } from '#dist/core/snapshot.js';
import { isDeepFrozen, vandalize } from '../conformance/reach.js';
import { any, graph, plain } from './arbitrary-values.js';

const NUM_RUNS = 400;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Asserts that where two references of one graph lead to one object, those of the other do, too. */
function assertSameLinks(a: unknown, b: unknown, pairs = new Map<object, unknown>()): void {
  if (!isObject(a) || !isObject(b)) return;
  if (pairs.has(a)) {
    assert.equal(pairs.get(a), b, 'a shared reference became two');
    return;
  }
  assert.ok(![...pairs.values()].includes(b), 'two objects became one');
  pairs.set(a, b);
  const [inA, inB] = [a, b].map((one) =>
    one instanceof Map || one instanceof Set ? [...one].flat() : Object.values(one),
  );
  for (const [i, inner] of inA!.entries()) assertSameLinks(inner, inB![i], pairs);
}

describe('the copy of any value', () => {
  for (const [title, arbitrary] of [
    ['plain data', plain.value],
    ['any data', any.value],
    ['graphs with cycles', graph],
  ] as [string, fc.Arbitrary<unknown>][]) {
    it(`equals its structured clone: ${title}`, () => {
      fc.assert(
        fc.property(arbitrary.filter(isObject), (value) => {
          const expected = structuredClone(value);
          assert.deepStrictEqual(Snapshot.of(value).restore(), expected);
          assert.deepStrictEqual(copyGraph(value), expected);
          assert.deepStrictEqual(Snapshot.frozen(value).restore(), expected);
        }),
        { numRuns: NUM_RUNS },
      );
    });

    it(`is private to each reader: ${title}`, () => {
      fc.assert(
        fc.property(arbitrary.filter(isObject), fc.boolean(), (value, isFrozen) => {
          const expected = structuredClone(value);
          const own = structuredClone(value);
          const snapshot = isFrozen ? Snapshot.frozen(own) : Snapshot.of(own);
          vandalize(own);
          assert.deepStrictEqual(snapshot.restore(), expected);
          vandalize(snapshot.restore());
          assert.deepStrictEqual(snapshot.restore(), expected);
        }),
        { numRuns: NUM_RUNS },
      );
    });
  }

  it('has the shared references and cycles of the original', () => {
    fc.assert(
      fc.property(graph, (value) => {
        assertSameLinks(value, Snapshot.of(value).restore());
        assertSameLinks(value, Snapshot.frozen(value).restore());
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('is frozen all the way down, where it is plain and without dates', () => {
    const json = fc.jsonValue().filter(isObject);
    fc.assert(fc.property(json, (value) => assert.ok(isDeepFrozen(Snapshot.frozen(value).restore()))));
  });
});
