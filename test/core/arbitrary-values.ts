import fc from 'fast-check';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', 'a\udfff', '__proto__', 'constructor', 'toString', 'length', '0', '-1', ''),
);

const primitive = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN),
);

/** An object with exactly these own properties, one named `__proto__` too. */
function record(fields: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [name, value] of fields) {
    Object.defineProperty(made, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return made;
}

function holed(list: unknown[], holes: number[]): unknown[] {
  for (const hole of holes) if (hole < list.length) delete list[hole];
  return list;
}

/** Trees of all that a cache keeps as the structured clone would, but that a plain walk can copy. */
export const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'medium', withCrossShrink: true },
    primitive,
    tie('array'),
    tie('record'),
    tie('date'),
  ),
  array: fc.array(tie('value'), { maxLength: 5 }),
  record: fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map(record),
  date: fc.integer().map((time) => new Date(time)),
}));

/** The same, and all else that the structured clone carries. */
export const any = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'medium', withCrossShrink: true },
    primitive,
    tie('array'),
    tie('record'),
    tie('map'),
    tie('set'),
    tie('bytes'),
    tie('error'),
    fc.constantFrom(/a/g, /b/iu).map((re) => new RegExp(re)),
    fc.integer().map((time) => new Date(time)),
  ),
  array: fc
    .tuple(fc.array(tie('value'), { maxLength: 5 }), fc.array(fc.nat(5), { maxLength: 2 }))
    .map(([list, holes]) => holed(list, holes)),
  record: fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map(record),
  map: fc
    .array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 })
    .map((pairs) => new Map(pairs as [unknown, unknown][])),
  set: fc.array(tie('value'), { maxLength: 4 }).map((members) => new Set(members)),
  bytes: fc.oneof(fc.uint8Array(), fc.int16Array(), fc.float64Array(), fc.bigUint64Array()),
  error: fc.tuple(text, tie('value')).map(([message, cause]) => new RangeError(message, { cause })),
}));

/** Objects that refer to each other at random: shared references and cycles. */
export const graph = fc
  .array(fc.tuple(fc.constantFrom('array', 'record', 'map', 'set'), fc.array(fc.nat(9), { maxLength: 4 })), {
    minLength: 1,
    maxLength: 10,
  })
  .map((nodes) => {
    const made = nodes.map(([kind]) => ({ array: [], record: {}, map: new Map(), set: new Set() })[kind]);
    for (const [i, [, links]] of nodes.entries()) {
      for (const link of links) {
        const [from, to] = [made[i], made[link % made.length]];
        if (Array.isArray(from)) (from as unknown[]).push(to);
        else if (from instanceof Map) from.set(to, to);
        else if (from instanceof Set) from.add(to);
        else (from as Record<string, unknown>)[`link${link}`] = to;
      }
    }
    return made[0] as object;
  });
