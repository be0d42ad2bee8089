import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { Keyv } from 'keyv';
import { type Cache, createCaches, KeyvCache } from 'locmem';

const CALLS: Record<string, (cache: Cache) => Promise<unknown>> = {
  get: (cache) => cache.get('k'),
  getMany: (cache) => cache.getMany(['k', 'l']),
  has: (cache) => cache.has('k'),
  set: (cache) => cache.set('k', 2),
  'set that expires at once': (cache) => cache.set('k', 2, 0),
  setMany: (cache) => cache.setMany({ k: 2, l: 3 }),
  add: (cache) => cache.add('new', 2),
  delete: (cache) => cache.delete('k'),
  deleteMany: (cache) => cache.deleteMany(['k', 'l']),
  touch: (cache) => cache.touch('k'),
  incr: (cache) => cache.incr('k'),
  incrVersion: (cache) => cache.incrVersion('k'),
  clear: (cache) => cache.clear(),
  'getOrSet of a value': (cache) => cache.getOrSet('k', 1),
};

const UNAVAILABLE = { name: 'CacheUnavailableError', code: 'ERR_LOCMEM_UNAVAILABLE', message: /connection lost/ };

/** A store that can lose its connection, and then rejects, or emits an error and answers nothing. */
class Fragile extends EventEmitter {
  readonly data = new Map<string, unknown>();
  namespace: string | undefined;
  isDown = false;
  hangs = false;
  readonly #onFailure: 'reject' | 'emit';

  constructor(onFailure: 'reject' | 'emit') {
    super();
    this.#onFailure = onFailure;
  }

  async get(key: string): Promise<unknown> {
    return (await this.#isUp()) ? this.data.get(key) : undefined;
  }

  async set(key: string, data: unknown): Promise<void> {
    if (await this.#isUp()) this.data.set(key, data);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#isUp()) && this.data.delete(key);
  }

  async clear(): Promise<void> {
    if (await this.#isUp()) this.data.clear();
  }

  async #isUp(): Promise<boolean> {
    if (this.hangs) await new Promise(() => {});
    if (!this.isDown) return true;
    const error = new Error('connection lost');
    if (this.#onFailure === 'reject') throw error;
    this.emit('error', error);
    return false;
  }
}

describe('KeyvCache', () => {
  it('takes a Keyv of version 5, and no other store', () => {
    const invalid = { name: 'InvalidConfigError', message: /new KeyvCache\(new Keyv/ };
    for (const wrong of [undefined, null, new Map(), {}, { get() {}, set() {} }] as never[]) {
      assert.throws(() => new KeyvCache(wrong), invalid);
    }
    assert.throws(() => new KeyvCache(new Keyv(), { failOpen: 1 as never }), { message: /failOpen is true or false/ });
    assert.throws(() => new KeyvCache(new Keyv(), { failopen: true } as never), { message: /Did you mean 'failOpen'/ });
  });

  it('is a backend of createCaches', async () => {
    const keyv = new Keyv();
    await using caches = createCaches({ db: { backend: 'keyv', keyv, ttl: '1h' } });
    await caches.db.set('k', 'v');
    await using same = new KeyvCache(keyv);
    assert.equal(await same.get('k'), 'v');
    assert.throws(() => createCaches({ db: { backend: 'keyv' } as never }), { message: /Cache 'db': KeyvCache takes/ });
    assert.throws(() => createCaches({ db: 'keyv:' as never }), { message: /Cache 'db': Unknown backend: 'keyv'/ });
  });

  it('stores what JSON carries as it is, under the names that the Keyv itself uses', async () => {
    const keyv = new Keyv({ namespace: 'n' });
    await using cache = new KeyvCache(keyv, { keyPrefix: 'app' });
    const values = { text: 'a:b', empty: '', n: 1.5, yes: true, nothing: null, object: { list: [1, { deep: ':x' }] } };
    await cache.setMany(values);
    for (const [key, value] of Object.entries(values)) assert.deepStrictEqual(await keyv.get(`app:1:${key}`), value);
    await keyv.set('app:1:theirs', { of: 'another program' });
    assert.deepStrictEqual(await cache.get('theirs'), { of: 'another program' });
    assert.equal(await cache.incr('n'), 2.5);
    assert.equal(await keyv.get('app:1:n'), 2.5);
  });

  it('keeps a field named toJSON, which some serializers would call', async () => {
    await using cache = new KeyvCache(new Keyv());
    for (const value of [{ toJSON: 1 }, [{ deep: { toJSON: null } }]]) {
      await cache.set('k', value);
      assert.deepStrictEqual(await cache.get('k'), value);
    }
  });

  it('keeps a text that looks like its own wrapping', async () => {
    const keyv = new Keyv();
    await using cache = new KeyvCache(keyv);
    await cache.set('k', Number.NaN);
    const wrapping = (await keyv.get(':1:k')) as string;
    assert.match(wrapping, /^locmem:/);
    await cache.set('k', wrapping);
    assert.equal(await cache.get('k'), wrapping);
  });

  it('takes what is damaged, or no value, for missing', async () => {
    const store = new Map<string, unknown>();
    await using cache = new KeyvCache(new Keyv({ store }));
    for (const data of ['{"value":', '[]', 'null', '{}', '{"value":"locmem:AQ=="}', '{"value":"locmem:Av//"}']) {
      store.set('keyv::1:k', data);
      assert.equal(await cache.get('k'), undefined, data);
      assert.deepStrictEqual(await cache.getMany(['k']), new Map(), data);
    }
  });

  it('names that begin with the namespace are names like any other', async () => {
    const keyv = new Keyv({ namespace: 'app' });
    await using app = new KeyvCache(keyv, { keyPrefix: 'app' });
    await using odd = new KeyvCache(keyv, { keyPrefix: 'app:' });
    await using none = new KeyvCache(keyv);
    for (const [i, cache] of [app, odd, none].entries()) await cache.set('k', i);
    for (const [i, cache] of [app, odd, none].entries()) {
      assert.equal(await cache.get('k'), i);
      assert.deepStrictEqual([...(await cache.getMany(['k'])).values()], [i]);
    }
  });

  it("the Keyv's own ttl is for the Keyv's own calls", async () => {
    const store = new Map<string, string>();
    await using cache = new KeyvCache(new Keyv({ store, ttl: 5 }));
    await cache.set('k', 'v', null);
    assert.equal(store.get('keyv::1:k'), '{"value":"v"}');
  });

  it('who finds an entry expired does not remove the one stored meanwhile', async () => {
    const keyv = new Keyv();
    await using cache = new KeyvCache(keyv);
    await keyv.set(':1:k', 'old', -1);
    const [, added] = await Promise.all([cache.get('k'), cache.add('k', 'new'), cache.getMany(['k'])]);
    assert.equal(added, true);
    assert.equal(await cache.get('k'), 'new');
  });

  it('removes an expired row when it meets it', async () => {
    const store = new Map<string, unknown>();
    const keyv = new Keyv({ store });
    await using cache = new KeyvCache(keyv);
    for (const name of [':1:a', ':1:b', ':1:c']) await keyv.set(name, 1, -1);
    await cache.get('a');
    await cache.getMany(['b', 'missing']);
    assert.deepStrictEqual([...store.keys()], ['keyv::1:c']);
  });

  it('concurrent changes of one key take their turns, clear included', async () => {
    await using cache = new KeyvCache(new Keyv());
    await cache.set('n', 0);
    const results = await Promise.allSettled([
      cache.incr('n'),
      cache.delete('n'),
      cache.incr('n'),
      cache.add('n', 10),
      cache.incr('n'),
      cache.setMany({ n: 20, m: 1 }),
      cache.incr('n'),
      cache.clear(),
      cache.add('n', 30),
      cache.incr('n', 5),
    ]);
    const told = results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.name));
    assert.deepStrictEqual(told, [1, true, 'KeyNotFoundError', true, 11, [], 21, undefined, true, 35]);
    assert.deepStrictEqual(await cache.getMany(['n', 'm']), new Map([['n', 35]]));
  });

  it('clear of a prefix is an InvalidConfigError where the store has no iterator', async () => {
    const store = new Fragile('reject');
    await using cache = new KeyvCache(new Keyv({ store }), { keyPrefix: 'p' });
    await cache.set('k', 1);
    await assert.rejects(cache.clear(), { name: 'InvalidConfigError', message: /'p'.*iterator/ });
    assert.equal(await cache.get('k'), 1);
    await using whole = new KeyvCache(new Keyv({ store }));
    await whole.clear();
    assert.equal(await cache.get('k'), undefined);
  });

  it('close leaves the Keyv connected', async () => {
    const keyv = new Keyv();
    let disconnected = 0;
    keyv.on('disconnect', () => disconnected++);
    await using cache = new KeyvCache(keyv);
    await cache.close();
    assert.equal(disconnected, 0);
  });

  for (const onFailure of ['reject', 'emit'] as const) {
    describe(`where the store fails, and tells it by ${onFailure}`, () => {
      for (const [name, call] of Object.entries(CALLS)) {
        it(`${name} is a CacheUnavailableError, and works again when the store does`, async () => {
          const store = new Fragile(onFailure);
          await using cache = new KeyvCache(new Keyv({ store }));
          await cache.setMany({ k: 1, l: 1 });
          store.isDown = true;
          await assert.rejects(call(cache), UNAVAILABLE);
          await assert.rejects(call(cache), (error: Error) => (error.cause as Error).message === 'connection lost');
          assert.equal((await cache.stats()).errors, 2);
          store.isDown = false;
          assert.deepStrictEqual([...(await cache.getMany(['k', 'l'])).values()], [1, 1]);
          await call(cache);
        });
      }

      it('with failOpen reads miss and writes are dropped', async () => {
        const store = new Fragile(onFailure);
        await using cache = new KeyvCache(new Keyv({ store }), { failOpen: true });
        await cache.setMany({ k: 1, l: 1 });
        store.isDown = true;
        assert.equal(await cache.get('k', { default: 'none' }), 'none');
        assert.deepStrictEqual(await cache.getMany(['k']), new Map());
        assert.equal(await cache.set('k', 2), undefined);
        assert.equal(await cache.add('k', 2), false);
        assert.deepStrictEqual(await cache.setMany({ k: 2 }), ['k']);
        assert.equal(await cache.delete('k'), false);
        assert.equal(await cache.touch('k'), false);
        assert.equal(await cache.clear(), undefined);
        await assert.rejects(cache.incr('k'), { name: 'KeyNotFoundError' });
        assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
        store.isDown = false;
        assert.equal(await cache.get('k'), 1);
      });
    });
  }

  describe('where the store hangs', () => {
    for (const [name, call] of Object.entries(CALLS)) {
      it(`${name} is a CacheUnavailableError in time, and those behind it do not wait longer`, async () => {
        const store = new Fragile('reject');
        await using cache = new KeyvCache(new Keyv({ store }), { commandTimeout: 30 });
        await cache.setMany({ k: 1, l: 1 });
        store.hangs = true;
        const late = { name: 'CacheUnavailableError', message: /within 30 ms/ };
        await Promise.all([call, call, call].map((each) => assert.rejects(each(cache), late)));
        store.hangs = false;
        // No turn is taken for ever, and what nobody waits for any more is not begun.
        assert.deepStrictEqual([...(await cache.getMany(['k', 'l'])).values()], [1, 1]);
        await call(cache);
      });
    }
  });

  it('the value of a factory is handed out where it cannot be stored', async () => {
    const store = new Fragile('reject');
    await using cache = new KeyvCache(new Keyv({ store }));
    const made = await cache.getOrSet('k', () => {
      store.isDown = true;
      return 'made';
    });
    assert.equal(made, 'made');
  });

  it('a store that refuses some of many tells which', async () => {
    class Choosy extends Fragile {
      async setMany(entries: { key: string; value: unknown }[]): Promise<boolean[]> {
        for (const { key, value } of entries) if (!key.endsWith('bad')) await this.set(key, value);
        return entries.map(({ key }) => !key.endsWith('bad'));
      }
    }
    await using cache = new KeyvCache(new Keyv({ store: new Choosy('reject') }));
    assert.deepStrictEqual(await cache.setMany({ a: 1, bad: 2, c: 3 }), ['bad']);
    assert.deepStrictEqual([...(await cache.getMany(['a', 'bad', 'c'])).keys()], ['a', 'c']);
    await assert.rejects(cache.setMany({ bad: 1 }), { name: 'CacheUnavailableError', message: /refused/ });
  });

  it('compression that the Keyv has is used', async () => {
    const store = new Map<string, string>();
    const reversed = (text: string) => [...text].reverse().join('');
    const compression = {
      compress: async (value: string) => reversed(JSON.stringify(value)),
      decompress: async (text: string) => JSON.parse(reversed(text)),
    };
    await using cache = new KeyvCache(new Keyv({ store, compression }));
    await cache.set('k', { a: 1 });
    await cache.set('m', new Map([[1, 2]]));
    assert.match(store.get('keyv::1:k')!, /}1:/);
    assert.deepStrictEqual(await cache.get('k'), { a: 1 });
    assert.deepStrictEqual(await cache.get('m'), new Map([[1, 2]]));
  });
});
