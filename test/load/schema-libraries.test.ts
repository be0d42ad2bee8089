import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Cache, SharedCache, type StandardSchema } from 'locmem';
import * as v from 'valibot';
import { z } from 'zod';
import { ManualClock } from '../conformance/manual-clock.js';

const LIBRARIES: Readonly<
  Record<string, { users: StandardSchema; usersLater: StandardSchema; trimmed: StandardSchema }>
> = {
  Zod: {
    users: z.object({ name: z.string(), born: z.date() }),
    usersLater: z.object({ name: z.string(), born: z.date() }).refine(async ({ name }) => name !== ''),
    trimmed: z.string().trim().min(1),
  },
  Valibot: {
    users: v.object({ name: v.string(), born: v.date() }),
    usersLater: v.pipeAsync(
      v.object({ name: v.string(), born: v.date() }),
      v.checkAsync(async ({ name }) => name !== ''),
    ),
    trimmed: v.pipe(v.string(), v.trim(), v.minLength(1)),
  },
};

const ADA = { name: 'Ada', born: new Date('1815-12-10') };
/** As another release wrote her. */
const FORMER = { name: 'Ada', born: '1815-12-10' };

const notRun = () => assert.fail('the factory ran');

/** Two caches at one place, as those of two programs. */
async function withTwo(run: (ours: SharedCache, theirs: Cache, clock: ManualClock) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'));
  const clock = new ManualClock();
  const options = { location: join(folder, 'users.cache'), maxBytes: '128kb', clock } as const;
  try {
    await using ours = new SharedCache(options);
    await using theirs = new SharedCache(options);
    await run(ours, theirs, clock);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [name, { users, usersLater, trimmed }] of Object.entries(LIBRARIES)) {
  describe(`a schema of ${name}`, () => {
    for (const [when, schema] of [
      ['at once', users],
      ['later', usersLater],
    ] as const) {
      it(`that answers ${when}: what it takes is a hit, what it refuses is a miss, and counted`, async () => {
        await withTwo(async (ours, theirs) => {
          await theirs.set('right', ADA);
          await theirs.set('wrong', FORMER);
          assert.deepStrictEqual(await ours.getOrSet<object>('right', notRun, { schema }), ADA);
          assert.equal((await ours.stats()).invalid ?? 0, 0);
          assert.deepStrictEqual(await ours.getOrSet<object>('wrong', () => ADA, { schema }), ADA);
          assert.equal((await ours.stats()).invalid, 1);
          assert.deepStrictEqual(await theirs.get('wrong'), ADA, 'it is mended for all');

          await theirs.setMany({ right: ADA, wrong: FORMER });
          const load = (missing: string[]) => missing.map((key) => [key, { ...ADA, key }] as const);
          const many = await ours.getOrSetMany<object>(['right', 'wrong'], load, { schema });
          assert.deepStrictEqual(Object.fromEntries(many), { right: ADA, wrong: { ...ADA, key: 'wrong' } });
        });
      });

      it(`that answers ${when}: nothing stale is served that it refuses`, async () => {
        await withTwo(async (ours, theirs, clock) => {
          const options = { ttl: '1s', staleWhileRevalidate: '1h', staleIfError: '1h' } as const;
          await theirs.getOrSet<object>('right', () => ADA, options);
          await theirs.getOrSet<object>('wrong', () => FORMER, options);
          clock.advance(2000);
          const fail = () => Promise.reject(new Error('the source is down'));
          const strict = { ...options, schema };
          assert.deepStrictEqual(await ours.getOrSet<object>('right', fail, strict), ADA);
          await assert.rejects(ours.getOrSet<object>('wrong', fail, strict), /the source is down/);
        });
      });
    }

    it('checks and does not convert', async () => {
      await withTwo(async (ours, theirs) => {
        await theirs.set('name', ' Ada ');
        assert.equal(await ours.getOrSet<string>('name', notRun, { schema: trimmed }), ' Ada ');
        await theirs.set('name', '  ');
        assert.equal(await ours.getOrSet('name', () => 'Ada', { schema: trimmed }), 'Ada');
      });
    });
  });
}
