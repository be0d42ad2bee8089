import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Address, type Engine, NotNumber } from '#dist/core/engine.js';
import type { EntryExtras } from '#dist/core/entry-extras.js';

/** Where entries are kept for one test. */
export interface EnginePlace {
  /** One more for the same entries, with the prefix `app`, as another process has it. */
  open(): Promise<Engine>;
  /** Lets time pass for all entries there. */
  advance(milliseconds: number): Promise<void> | void;
  close(): Promise<void>;
}

const HOUR = 3_600_000;
const STALE: EntryExtras = { staleFor: HOUR, loadTime: 12.5, tags: [] };

export function tagged(...tags: string[]): EntryExtras {
  return { staleFor: 0, loadTime: 0, tags };
}

export function at(key: string): Address {
  return { key, version: 1, name: `app:1:${key}` };
}

/** What every engine does with what entries are stored with beside value and ttl. */
export function engineExtras(name: string, place: () => Promise<EnginePlace>): void {
  describe(`${name}: entries with extras`, () => {
    let here: EnginePlace;
    let engine: Engine;
    let other: Engine;

    beforeEach(async () => {
      here = await place();
      engine = await here.open();
      other = await here.open();
    });

    afterEach(() => here.close());

    const write = (key: string, value: unknown, extras?: EntryExtras, ttl = 60_000) =>
      engine.write(at(key), engine.seal(value), ttl, extras);

    async function isMissing(key: string): Promise<void> {
      assert.equal(await other.read(at(key)), undefined);
      assert.deepEqual(await other.readMany([at(key)]), [undefined]);
      assert.equal(await other.contains(at(key)), false);
      assert.equal(await other.increase(at(key), 1), undefined);
      assert.equal(await other.prolong(at(key), 1000), false);
      assert.equal(await other.move(at(key), at('elsewhere')), false);
    }

    it('are read as any others while they live', async () => {
      await write('a', { n: [1, 'zwei'] }, { ...STALE, tags: ['t', 'ü'] });
      await write('plain', 'text');
      assert.deepEqual(await other.read(at('a')), { n: [1, 'zwei'] });
      assert.deepEqual(await other.readMany([at('a'), at('none'), at('plain')]), [
        { n: [1, 'zwei'] },
        undefined,
        'text',
      ]);
      assert.equal(await other.contains(at('a')), true);
      assert.equal(await other.writeNew(at('a'), other.seal(1), 1000), false);
      assert.equal(await other.removeMany([at('a'), at('none')]), 1);
      assert.equal(await other.recall(at('a')), undefined);
    });

    it('are recalled with all that is known of them', async () => {
      await write('a', 'x', { ...STALE, tags: ['t', 'ü'] });
      const { left, ...rest } = (await other.recall(at('a')))!;
      assert.deepEqual(rest, { value: 'x', loadTime: 12.5, tags: ['t', 'ü'] });
      assert.ok(left > 0 && left <= 60_000, String(left));
      await write('plain', 'y', undefined, Number.POSITIVE_INFINITY);
      assert.deepEqual(await other.recall(at('plain')), {
        value: 'y',
        left: Number.POSITIVE_INFINITY,
        loadTime: 0,
        tags: [],
      });
    });

    it('are missing when they are stale, but not to recall', async () => {
      await write('a', 7, { ...STALE, tags: ['t'] });
      await here.advance(70_000);
      await isMissing('a');
      const recalled = (await other.recall(at('a')))!;
      assert.equal(recalled.value, 7);
      assert.ok(recalled.left <= 0 && recalled.left > -HOUR, String(recalled.left));
      assert.equal(await other.remove(at('a')), false);
      assert.equal(await other.recall(at('a')), undefined);
    });

    it('are gone when their time to be stale is over', async () => {
      await write('a', 7, STALE);
      await here.advance(HOUR + 70_000);
      assert.equal(await other.recall(at('a')), undefined);
      await isMissing('a');
    });

    it('may be stale without end', async () => {
      await write('a', 7, { ...STALE, staleFor: Number.POSITIVE_INFINITY });
      await here.advance(10_000 * HOUR);
      assert.equal(await other.read(at('a')), undefined);
      assert.equal((await other.recall(at('a')))?.value, 7);
    });

    it('stand in nobody’s way when they are stale', async () => {
      await write('a', 7, STALE);
      await write('b', 7, STALE);
      await here.advance(70_000);
      assert.equal(await other.writeNew(at('a'), other.seal(8), 60_000), true);
      assert.equal(await other.writeNew(at('b'), other.seal(9), 60_000, { ...STALE, tags: ['t'] }), true);
      assert.deepEqual(await engine.readMany([at('a'), at('b')]), [8, 9]);
      await other.removeTags(['t']);
      assert.deepEqual(await engine.readMany([at('a'), at('b')]), [8, undefined]);
    });

    it('are renewed, stale or not, without being stored anew', async () => {
      await write('a', 'x', { ...STALE, tags: ['t'] });
      await write('plain', 5);
      await here.advance(50_000);
      assert.equal(await other.renew(at('plain'), 60_000, HOUR), true);
      await here.advance(20_000);
      assert.equal(await other.renew(at('a'), 60_000, 2 * HOUR), true);
      assert.equal(await other.renew(at('none'), 60_000, HOUR), false);
      assert.equal(await engine.read(at('a')), 'x');
      assert.equal(await engine.increase(at('plain'), 1), 6);
      await here.advance(HOUR + 70_000);
      const { left, ...rest } = (await engine.recall(at('a')))!;
      assert.deepEqual(rest, { value: 'x', loadTime: 12.5, tags: ['t'] });
      assert.ok(left <= 0);
      assert.equal(await engine.recall(at('plain')), undefined);
      await other.removeTags(['t']);
      assert.equal(await engine.renew(at('a'), 60_000, HOUR), false);
    });

    it('keep what they were stored with when they are counted, prolonged or moved', async () => {
      await write('n', 1.5, { ...STALE, tags: ['t'] });
      assert.equal(await other.increase(at('n'), 2), 3.5);
      assert.equal(await other.prolong(at('n'), 600_000), true);
      assert.equal(await other.move(at('n'), at('m')), true);
      await here.advance(70_000);
      const { left, ...rest } = (await engine.recall(at('m')))!;
      assert.deepEqual(rest, { value: 3.5, loadTime: 12.5, tags: ['t'] });
      assert.ok(left > 400_000 && left <= 600_000, String(left));
      assert.equal(await engine.recall(at('n')), undefined);
      await engine.removeTags(['t']);
      await isMissing('m');
      await write('text', 'x', STALE);
      assert.ok((await other.increase(at('text'), 1)) instanceof NotNumber);
    });

    it('are replaced with their extras by a plain write', async () => {
      await write('a', 1, { ...STALE, tags: ['t'] });
      await write('a', 2);
      await other.removeTags(['t']);
      assert.equal(await engine.read(at('a')), 2);
      await here.advance(70_000);
      assert.equal(await engine.recall(at('a')), undefined);
    });

    it('are gone to all when a tag of theirs is deleted, and others are not', async () => {
      await write('a', 1, { ...STALE, tags: ['t', 'u'] });
      await write('b', 2, tagged('u'));
      await write('c', 3, tagged('v', 'w'));
      await write('d', 4);
      await other.removeTags(['t']);
      await isMissing('a');
      assert.equal(await engine.recall(at('a')), undefined);
      assert.deepEqual(await engine.readMany(['a', 'b', 'c', 'd'].map(at)), [undefined, 2, 3, 4]);
      await engine.removeTags(['u', 'w', 'never used']);
      assert.deepEqual(await other.readMany(['a', 'b', 'c', 'd'].map(at)), [undefined, undefined, undefined, 4]);
      assert.equal(await other.removeMany(['a', 'b', 'c', 'd'].map(at)), 1);
    });

    it('are stored again right after their tag was deleted', async () => {
      for (let i = 0; i < 20; i++) {
        await write('a', i, tagged('t'));
        await other.removeTags(['t']);
        assert.equal(await engine.read(at('a')), undefined);
        assert.deepEqual(await other.writeMany([{ at: at('a'), sealed: other.seal(-i - 1) }], 60_000, tagged('t')), []);
        assert.equal(await engine.read(at('a')), -i - 1);
      }
    });

    it('outlive no tag: one that lives longer keeps its tag, and with it all that have it', async () => {
      await write('long', 1, { ...STALE, tags: ['t'] }, 10 * HOUR);
      await write('short', 2, tagged('t'), 1000);
      await write('ever', 3, tagged('e'), Number.POSITIVE_INFINITY);
      await write('short', 4, tagged('e'), 1000);
      await here.advance(9 * HOUR);
      assert.deepEqual(await other.readMany([at('long'), at('short'), at('ever')]), [1, undefined, 3]);
      assert.equal(await other.prolong(at('long'), 1000 * HOUR), true);
      await here.advance(900 * HOUR);
      assert.deepEqual(await other.readMany([at('long'), at('ever')]), [1, 3]);
      await other.removeTags(['t', 'e']);
      assert.deepEqual(await engine.readMany([at('long'), at('ever')]), [undefined, undefined]);
    });
  });
}
