import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Snapshot } from '#dist/core/snapshot.js';
import { isDeepFrozen } from '../conformance/reach.js';

/** What a reader gets of `value`. */
const kept = <T extends object>(value: T): T => Snapshot.of(value).restore() as T;

const refused = { name: 'UncacheableValueError', code: 'ERR_LOCMEM_UNCACHEABLE_VALUE' };

describe('an Error that is cached', () => {
  for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    it(`is of the class of its name: ${Class.name}`, () => {
      const error = new Class('wrong', { cause: 5 });
      const read = kept({ error }).error;
      assert.equal(Object.getPrototypeOf(read), Class.prototype);
      assert.deepStrictEqual([read.name, read.message, read.stack, read.cause], [Class.name, 'wrong', error.stack, 5]);
      for (const hidden of ['message', 'stack', 'cause'])
        assert.equal(Object.getOwnPropertyDescriptor(read, hidden)!.enumerable, false, hidden);
    });
  }

  it('is an Error where its class is not one of the language', () => {
    class Own extends Error {
      override name = 'Own';
      extra = () => 1;
    }
    const read = kept(new Own('wrong'));
    assert.equal(Object.getPrototypeOf(read), Error.prototype);
    assert.deepStrictEqual([read.name, read.message], ['Error', 'wrong']);
    class Derived extends TypeError {}
    assert.ok(kept(new Derived('wrong')) instanceof TypeError);
  });

  it('has a cause only where it had one, undefined too', () => {
    assert.equal(Object.hasOwn(kept(new Error('e')), 'cause'), false);
    assert.equal(Object.hasOwn(kept(new Error('e', { cause: undefined })), 'cause'), true);
    assert.equal(Object.hasOwn(kept(new Error()), 'message'), false);
  });

  it('keeps a cycle through its cause', () => {
    const error = new Error('outer');
    error.cause = { list: [error] };
    const read = kept(error);
    assert.equal((read.cause as { list: Error[] }).list[0], read);
    const self = new Error('self');
    self.cause = self;
    const readSelf = kept(self);
    assert.equal(readSelf.cause, readSelf);
    assert.notEqual(readSelf, self);
  });

  it('shares with its surroundings what it shared', () => {
    const one = { n: 1 };
    const cause = new Error('inner', { cause: one });
    const read = kept({ one, errors: [new Error('a', { cause }), new Error('b', { cause })] });
    const [a, b] = read.errors;
    assert.equal(a!.cause, b!.cause);
    assert.equal((a!.cause as Error).cause, read.one);
    assert.notEqual(read.one, one);
  });

  it('may have a Buffer for a cause, which stays one', () => {
    const read = kept(new Error('e', { cause: Buffer.from('bytes') }));
    assert.ok(Buffer.isBuffer(read.cause));
    assert.deepStrictEqual(read.cause, Buffer.from('bytes'));
  });

  it('is refused with the path through its causes', () => {
    const error = new Error('outer', { cause: new Error('inner', { cause: { run: () => 1 } }) });
    assert.throws(() => kept({ error }), { ...refused, message: /at error > cause > cause > run, stands/ });
    assert.throws(() => kept(new Error('e', { cause: Symbol('s') })), {
      ...refused,
      message: /at cause, stands Symbol/,
    });
  });

  it('is frozen with its causes, in cycles too', () => {
    const error = new Error('outer', { cause: { errors: [new TypeError('inner')] } });
    (error.cause as { errors: Error[] }).errors[0]!.cause = error;
    const snapshot = Snapshot.frozen([error]);
    const [read] = snapshot.restore() as Error[];
    assert.ok(isDeepFrozen(read!));
    assert.equal((read!.cause as { errors: Error[] }).errors[0]!.cause, read);
    assert.equal((snapshot.restore() as Error[])[0], read);
    assert.ok(!Object.isFrozen(error) && !Object.isFrozen(error.cause));
  });
});
