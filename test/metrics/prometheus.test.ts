import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCaches, LocMemCache } from 'locmem';
import { collectMetrics } from 'locmem/prometheus';
import { Counter, type OpenMetricsContentType, Registry } from 'prom-client';
import { ManualClock } from '../conformance/manual-clock.js';
import { MemoryServer, MemoryServerCache } from '../load/memory-server.js';

/** The samples of a registry, by name and labels; without those of the histograms' buckets. */
async function samples(register: Pick<Registry, 'metrics'>): Promise<Record<string, number>> {
  const lines = (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const pairs = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Number(line.slice(at + 1))];
  });
  return Object.fromEntries(pairs.filter(([name]) => !name.includes('_bucket') && !name.includes('_sum')));
}

const fails = () => Promise.reject(new Error('broken'));

describe('locmem/prometheus', () => {
  it('counts what each cache does, by alias, backend and call', async () => {
    const register = new Registry();
    const metrics = collectMetrics({ register });
    const clock = new ManualClock();
    const caches = createCaches({
      default: { backend: 'locmem', maxEntries: 2, clock },
      pages: { backend: 'locmem', location: 'elsewhere' },
    });
    const { default: cache, pages } = caches;
    await cache.get('secret-a');
    await cache.set('secret-a', 1, { ttl: 5 });
    await cache.get('secret-a');
    clock.advance(5);
    await cache.get('secret-a');
    await cache.setMany({ 'secret-b': 1, 'secret-c': 2, 'secret-d': 3 });
    await cache.delete('secret-d');
    await cache.deleteTag('secret-tag');
    pages.getSync('secret-a');
    await pages.getOrSet('secret-e', () => 'made', { staleIfError: '1m', ttl: 1 });
    await assert.rejects(pages.getOrSet('secret-f', fails), /broken/);
    assert.equal(await pages.getOrSet('secret-g', () => undefined), undefined);
    pages.getOrSetSync('secret-h', () => 'made');
    await new LocMemCache().get('secret-i');

    assert.deepStrictEqual(await samples(register), {
      'locmem_reads_total{cache="default",backend="locmem",operation="get",result="miss"}': 2,
      'locmem_reads_total{cache="default",backend="locmem",operation="get",result="hit"}': 1,
      'locmem_reads_total{cache="pages",backend="locmem",operation="get",result="miss"}': 1,
      'locmem_reads_total{cache="pages",backend="locmem",operation="getOrSet",result="miss"}': 4,
      'locmem_reads_total{cache="unnamed",backend="locmem",operation="get",result="miss"}': 1,
      'locmem_sets_total{cache="default",backend="locmem",operation="set"}': 1,
      'locmem_sets_total{cache="default",backend="locmem",operation="setMany"}': 3,
      'locmem_sets_total{cache="pages",backend="locmem",operation="getOrSet"}': 2,
      'locmem_deletes_total{cache="default",backend="locmem",operation="delete"}': 1,
      'locmem_clears_total{cache="default",backend="locmem",operation="deleteTags"}': 1,
      'locmem_evictions_total{cache="default",backend="locmem"}': 1,
      'locmem_expirations_total{cache="default",backend="locmem"}': 1,
      ...count('load', { cache: 'pages', operation: 'getOrSet', outcome: 'value', run: 'waited' }, 2),
      ...count('load', { cache: 'pages', operation: 'getOrSet', outcome: 'error', run: 'waited' }, 1),
      ...count('load', { cache: 'pages', operation: 'getOrSet', outcome: 'nothing', run: 'waited' }, 1),
    });
    assert.doesNotMatch(await register.metrics(), /secret/);
    metrics.stop();
    await caches.close();
  });

  it('counts servers that do not answer, and whether that was hidden', async () => {
    const register = new Registry();
    const metrics = collectMetrics({ register });
    const server = new MemoryServer();
    const { closed, open } = createCaches({
      closed: new MemoryServerCache(server),
      open: new MemoryServerCache(server, { failOpen: true }),
    });
    server.isDown = true;
    await assert.rejects(closed.get('secret'), { code: 'ERR_LOCMEM_UNAVAILABLE' });
    await open.set('secret', 1);
    assert.deepStrictEqual(await samples(register), {
      'locmem_errors_total{cache="closed",backend="keyv",operation="get",hidden="false"}': 1,
      'locmem_errors_total{cache="open",backend="keyv",operation="set",hidden="true"}': 1,
    });
    metrics.stop();
  });

  it('counts a factory that takes too long once, when nobody waits any more', async () => {
    const register = new Registry();
    const metrics = collectMetrics({ register, prefix: 'app_' });
    const { default: cache, close } = createCaches({});
    const awake = setInterval(() => {}, 60_000);
    let finish = (_: string) => {};
    const late = new Promise<string>((resolve) => {
      finish = resolve;
    });
    await assert.rejects(
      cache.getOrSet('k', () => late, { timeout: 1 }),
      { name: 'LoadTimeoutError' },
    );
    finish('late');
    await late;
    await new Promise(setImmediate);
    clearInterval(awake);
    const all = await samples(register);
    const labels = { cache: 'default', operation: 'getOrSet', outcome: 'timeout', run: 'waited' };
    const [name] = Object.keys(count('load', labels, 1));
    assert.equal(all[name!.replace('locmem_', 'app_')], 1);
    assert.ok(!Object.keys(all).some((key) => key.includes('outcome="value"')));
    metrics.stop();
    await cache.clear();
    await close();
  });

  it('tells how large the caches are that it is given, and leaves out who is closed', async () => {
    const register = new Registry();
    const caches = createCaches({ sized: { backend: 'locmem', maxSize: '1mb' }, other: { backend: 'locmem' } });
    const metrics = collectMetrics({ register, caches });
    await caches.sized.set('k', 'value');
    await caches.other.setMany({ a: 1, b: 2 });
    const { bytes } = await caches.sized.stats();
    const sizes = async () =>
      Object.fromEntries(Object.entries(await samples(register)).filter(([name]) => /_(entries|bytes)\{/.test(name)));
    assert.deepStrictEqual(await sizes(), {
      'locmem_entries{cache="sized"}': 1,
      'locmem_entries{cache="other"}': 2,
      'locmem_entries{cache="default"}': 0,
      'locmem_bytes{cache="sized"}': bytes,
    });
    await caches.other.close();
    assert.ok(!('locmem_entries{cache="other"}' in (await sizes())));
    metrics.stop();
    await caches.close();
  });

  it('calls a cache that has no alias what it is called where it is given', async () => {
    const register = new Registry();
    const pages = new LocMemCache();
    const metrics = collectMetrics({ register, caches: { pages } });
    await pages.set('secret', 1);
    assert.deepStrictEqual(await samples(register), {
      'locmem_sets_total{cache="pages",backend="locmem",operation="set"}': 1,
      'locmem_entries{cache="pages"}': 1,
    });
    metrics.stop();
    await pages.close();
  });

  it('asks each cache once a scrape', async (t) => {
    const register = new Registry();
    const cache = new LocMemCache({ maxSize: '1mb' });
    const metrics = collectMetrics({ register, caches: { cache } });
    const stats = t.mock.method(cache, 'stats');
    for (const entries of [1, 2]) {
      await cache.set(`k${entries}`, 1);
      assert.equal((await samples(register))['locmem_entries{cache="cache"}'], entries);
      assert.equal(stats.mock.callCount(), entries);
    }
    metrics.stop();
    await cache.close();
  });

  it('stop ends it, and the registry is as it was', async () => {
    const register = new Registry();
    const cache = new LocMemCache();
    const first = collectMetrics({ register });
    assert.throws(() => collectMetrics({ register }), /already been registered/);
    first.stop();
    first.stop();
    assert.equal((await register.metrics()).trim(), '');
    const second = collectMetrics({ register });
    await cache.get('k');
    assert.equal(
      Object.values(await samples(register)).reduce((sum, value) => sum + value, 0),
      1,
    );
    second.stop();
    await cache.close();
  });

  it('a registry may be one of OpenMetrics, which calls counters otherwise', async () => {
    const register = new Registry<OpenMetricsContentType>();
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const metrics = collectMetrics({ register });
    await new LocMemCache().get('k');
    const { 'locmem_reads_total{cache="unnamed",backend="locmem",operation="get",result="miss"}': misses } =
      await samples(register);
    assert.equal(misses, 1);
    metrics.stop();
    assert.deepStrictEqual(register.getMetricsAsArray(), []);
  });

  it('registers all of its metrics or none', () => {
    const register = new Registry();
    const theirs = new Counter({ name: 'locmem_sets_total', help: 'of somebody else', registers: [register] });
    assert.throws(() => collectMetrics({ register }), /already been registered/);
    assert.deepStrictEqual(register.getMetricsAsArray(), [theirs]);
    register.clear();
    collectMetrics({ register }).stop();
  });

  it('wrong options are refused', () => {
    const refused = { code: 'ERR_LOCMEM_INVALID_CONFIG' };
    assert.throws(() => collectMetrics({ registry: new Registry() } as never), refused);
    assert.throws(() => collectMetrics({ register: {} } as never), refused);
    assert.throws(() => collectMetrics({ prefix: 5 } as never), refused);
    for (const buckets of [5, ['1'], [Number.NaN], [1, 1], [2, 1]]) {
      assert.throws(() => collectMetrics({ buckets } as never), refused);
    }
    assert.throws(() => collectMetrics({ caches: {} }), refused);
    assert.throws(() => collectMetrics({ caches: new LocMemCache() as never }), refused);
  });
});

/** The sample that says how often a histogram was given a value. */
function count(timer: string, labels: Record<string, string>, value: number): Record<string, number> {
  const { cache, ...rest } = labels;
  const all = Object.entries({ cache, backend: 'locmem', ...rest }).map(([name, text]) => `${name}="${text}"`);
  return { [`locmem_${timer}_duration_seconds_count{${all.join(',')}}`]: value };
}
