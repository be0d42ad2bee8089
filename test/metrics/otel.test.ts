import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { context, type SpanContext, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createCaches, LocMemCache } from 'locmem';
import { instrument, type NamedCaches } from 'locmem/otel';
import { ManualClock } from '../conformance/manual-clock.js';
import { until } from '../conformance/until.js';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

function start(caches?: NamedCaches) {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const { stop } = instrument({ meterProvider, tracerProvider, ...(caches && { caches }) });
  const tracer = tracerProvider.getTracer('test');
  return {
    tracer,
    stop,
    spans: () => spans.getFinishedSpans(),
    /** The sums, and the counts of histograms, by metric and attributes. */
    async metrics(): Promise<Record<string, number>> {
      exporter.reset();
      await reader.forceFlush();
      const [{ scopeMetrics = [] } = {}] = exporter.getMetrics();
      const points = scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => {
            const told = Object.entries(attributes).map(([name, text]) => `${name.replace('locmem.', '')}=${text}`);
            const count = typeof value === 'number' ? value : (value as { count: number }).count;
            return [`${descriptor.name} ${descriptor.unit} ${told.join(' ')}`, count] as const;
          }),
        ),
      );
      return Object.fromEntries(points);
    },
    async close() {
      stop();
      await meterProvider.shutdown();
      await tracerProvider.shutdown();
    },
  };
}

const parentOf = (span: ReadableSpan | undefined): SpanContext | undefined => span?.parentSpanContext;

describe('locmem/otel', () => {
  it('measures what each cache does', async () => {
    const caches = createCaches({ default: { backend: 'locmem', location: 'otel' } });
    const { default: cache } = caches;
    const otel = start(caches);
    await cache.set('secret', 1);
    await cache.get('secret');
    await cache.getOrSet('secret-2', () => 2);
    await new LocMemCache().get('secret');
    const metrics = await otel.metrics();
    assert.deepStrictEqual(metrics, {
      'locmem.reads {entry} cache=default backend=locmem operation=get result=hit': 1,
      'locmem.reads {entry} cache=default backend=locmem operation=getOrSet result=miss': 1,
      'locmem.reads {entry} cache=unnamed backend=locmem operation=get result=miss': 1,
      'locmem.sets {entry} cache=default backend=locmem operation=set': 1,
      'locmem.sets {entry} cache=default backend=locmem operation=getOrSet': 1,
      'locmem.load.duration s cache=default backend=locmem operation=getOrSet outcome=value run=waited': 1,
      'locmem.entries {entry} cache=default': 2,
    });
    await caches.close();
    // Who is closed can say no more how large it is: the others' figures come all the same.
    assert.equal((await otel.metrics())['locmem.sets {entry} cache=default backend=locmem operation=set'], 1);
    await otel.close();
  });

  it('traces a run: a child of what asks, and parent of what the factory begins', async () => {
    const otel = start();
    const { default: cache, close } = createCaches({ default: { backend: 'locmem', location: 'otel' } });
    const inner = async () => {
      await new Promise(setImmediate);
      otel.tracer.startSpan('query').end();
      return 'made';
    };
    await otel.tracer.startActiveSpan('request', async (request) => {
      await cache.getOrSet('secret', inner);
      await cache.getOrSet('secret', inner);
      request.end();
    });
    cache.getOrSetSync('sync', () => 1);
    const [query, run, request, sync, ...others] = otel.spans();
    assert.deepStrictEqual(
      [query, run, request, sync].map((span) => span?.name),
      ['query', 'getOrSet default', 'request', 'getOrSet default'],
    );
    assert.deepStrictEqual(others, []);
    assert.equal(parentOf(query)?.spanId, run?.spanContext().spanId);
    assert.equal(parentOf(run)?.spanId, request?.spanContext().spanId);
    assert.deepStrictEqual(run?.attributes, {
      'locmem.cache': 'default',
      'locmem.backend': 'locmem',
      'locmem.operation': 'getOrSet',
      'locmem.keys': 1,
      'locmem.behind': false,
    });
    await close();
    await otel.close();
  });

  it('a run that fails, or takes too long, says why', async () => {
    const otel = start();
    const cache = new LocMemCache();
    await assert.rejects(
      cache.getOrSet('k', () => Promise.reject(new RangeError('broken'))),
      RangeError,
    );
    for (const thrown of ['no Error', undefined]) {
      await assert.rejects(
        cache.getOrSet('k', () => Promise.reject(thrown)),
        (error) => error === thrown,
      );
    }
    const awake = setInterval(() => {}, 60_000);
    await assert.rejects(
      cache.getOrSet('k', () => new Promise(() => {}), { timeout: 1 }),
      { name: 'LoadTimeoutError' },
    );
    clearInterval(awake);
    const spans = otel.spans();
    assert.deepStrictEqual(
      spans.map(({ name, status, attributes }) => [name, status.code, attributes['error.type']]),
      ['RangeError', '_OTHER', '_OTHER', 'LoadTimeoutError'].map((type) => ['getOrSet', SpanStatusCode.ERROR, type]),
    );
    assert.equal(spans[0]?.events[0]?.name, 'exception');
    await cache.close();
    await otel.close();
  });

  it('no span tells a key, which errors of this package name', async () => {
    const otel = start();
    const cache = new LocMemCache();
    const awake = setInterval(() => {}, 60_000);
    await assert.rejects(
      cache.getOrSet('secret', () => new Promise(() => {}), { timeout: 1 }),
      /secret/,
    );
    clearInterval(awake);
    await assert.rejects(
      cache.getOrSet('secret-2', () => cache.getOrSet('secret-2', () => 1)),
      /secret/,
    );
    await assert.rejects(
      cache.getOrSet('k', () => Promise.reject(new RangeError('broken'))),
      RangeError,
    );
    const spans = otel.spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    assert.doesNotMatch(JSON.stringify(spans), /secret/);
    assert.deepStrictEqual(
      spans.map(({ events, status }) => [events[0]?.attributes?.['exception.type'], status.message]),
      [
        ['LoadTimeoutError', undefined],
        ['RecursiveLoadError', undefined],
        ['RangeError', 'broken'],
      ],
    );
    await cache.close();
    await otel.close();
  });

  it('a run behind is no part of what asked, but linked to it', async () => {
    const otel = start();
    const clock = new ManualClock();
    const cache = new LocMemCache({ clock });
    const options = { ttl: 10, staleWhileRevalidate: '1m' } as const;
    await cache.getOrSet('k', () => 'old', options);
    clock.advance(11);
    const asker = await otel.tracer.startActiveSpan('request', async (request) => {
      assert.equal(await cache.getOrSet('k', () => 'new', options), 'old');
      request.end();
      return request.spanContext();
    });
    await until(() => otel.spans().length === 3);
    const run = otel.spans().find(({ attributes }) => attributes['locmem.behind'] === true);
    assert.equal(parentOf(run), undefined);
    assert.deepStrictEqual(
      run?.links.map(({ context: { spanId } }) => spanId),
      [asker.spanId],
    );
    const metrics = Object.keys(await otel.metrics());
    assert.ok(metrics.some((name) => /^locmem\.stale .*reason=staleWhileRevalidate/.test(name)));
    assert.ok(metrics.some((name) => /^locmem\.load\.duration .*run=behind/.test(name)));
    await cache.close();
    await otel.close();
  });

  it('stop ends it', async () => {
    const otel = start();
    otel.stop();
    otel.stop();
    const cache = new LocMemCache();
    await cache.getOrSet('k', () => {
      assert.equal(trace.getActiveSpan(), undefined);
      return 1;
    });
    assert.deepStrictEqual([otel.spans(), await otel.metrics()], [[], {}]);
    await cache.close();
    await otel.close();
  });

  it('wrong options are refused', () => {
    for (const options of [{ meter: 5 }, { caches: { a: 5 } }, { meterProvider: {} }, { tracerProvider: 5 }]) {
      assert.throws(() => instrument(options as never), { code: 'ERR_LOCMEM_INVALID_CONFIG' });
    }
    assert.equal(channel('locmem:hit').hasSubscribers, false);
  });
});

it("import 'locmem' loads neither", () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import module from 'node:module';
       const { cache } = await import('locmem');
       await cache.getOrSet('k', () => 1);
       const loaded = Object.keys(module._cache);
       if (loaded.some((name) => /opentelemetry|prom-client/.test(name))) throw new Error(loaded.join());`,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.equal(status, 0, stderr);
});
