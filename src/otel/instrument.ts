import {
  type Attributes,
  type Counter,
  context,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { LoadEvent } from '../core/diagnostics.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { type NamedCaches, readCaches, sizesOf } from '../metrics/cache-sizes.js';
import { listenToLoads, record, UNNAMED } from '../metrics/listen.js';
import {
  BUCKETS,
  COUNTERS,
  type Counter as CounterName,
  GAUGES,
  type Labels,
  TIMERS,
  type Timer,
} from '../metrics/measures.js';

export type { NamedCaches };

export interface OpenTelemetryOptions {
  /** Default: the global one. */
  meterProvider?: MeterProvider;
  /** Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Caches of which the number of entries and the bytes are told, too. Default: none. */
  caches?: NamedCaches;
}

export interface Instrumentation {
  /** Ends it: nothing is measured or traced any more. Spans of runs under way are not ended. */
  stop(): void;
}

const SCOPE = 'locmem';

/**
 * Measures what all caches of this process do from now on, and traces the runs of factories, by OpenTelemetry.
 *
 * There are no semantic conventions for caches: metrics and attributes are under `locmem.`, but for `error.type`; names
 * and units follow the general ones. A span is named by the call and the alias, of which there are few.
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 */
export function instrument(options: OpenTelemetryOptions = {}): Instrumentation {
  checkKnownOptions('instrument', options, ['meterProvider', 'tracerProvider', 'caches']);
  const { meterProvider = metrics, tracerProvider = trace, caches } = options;
  if (typeof meterProvider?.getMeter !== 'function') {
    throw new InvalidConfigError(`meterProvider is a MeterProvider of OpenTelemetry; got ${show(meterProvider)}.`);
  }
  if (typeof tracerProvider?.getTracer !== 'function') {
    throw new InvalidConfigError(`tracerProvider is a TracerProvider of OpenTelemetry; got ${show(tracerProvider)}.`);
  }
  const named = caches === undefined ? undefined : readCaches(caches);
  const meter = meterProvider.getMeter(SCOPE);
  const stops = [measure(meter), traceLoads(tracerProvider.getTracer(SCOPE))];
  if (named !== undefined) stops.push(measureSizes(meter, named));
  return {
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

function measure(meter: Meter): () => void {
  const counters = {} as Record<CounterName, Counter>;
  for (const [name, { help }] of Object.entries(COUNTERS)) {
    const unit = UNITS[name as CounterName];
    counters[name as CounterName] = meter.createCounter(`locmem.${name}`, { description: help, unit });
  }
  const timers = {} as Record<Timer, Histogram>;
  for (const [name, { help }] of Object.entries(TIMERS)) {
    const advice = { explicitBucketBoundaries: BUCKETS };
    timers[name as Timer] = meter.createHistogram(`locmem.${name}.duration`, { description: help, unit: 's', advice });
  }
  return record({
    count: (counter, labels) => counters[counter].add(1, attributesOf(labels)),
    time: (timer, seconds, labels) => timers[timer].record(seconds, attributesOf(labels)),
  });
}

/** By UCUM, with what is counted in braces. */
const UNITS: Record<CounterName, string> = {
  reads: '{entry}',
  stale: '{entry}',
  sets: '{entry}',
  deletes: '{entry}',
  clears: '{call}',
  evictions: '{entry}',
  expirations: '{entry}',
  lease_takeovers: '{load}',
  errors: '{request}',
};

function measureSizes(meter: Meter, named: ReturnType<typeof readCaches>): () => void {
  const entries = meter.createObservableUpDownCounter('locmem.entries', {
    description: GAUGES.entries.help,
    unit: '{entry}',
  });
  const bytes = meter.createObservableUpDownCounter('locmem.size', { description: GAUGES.bytes.help, unit: 'By' });
  const observed = [entries, bytes];
  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    for (const size of await sizesOf(named)) {
      const attributes = attributesOf(size.labels);
      if (size.entries !== undefined) result.observe(entries, size.entries, attributes);
      if (size.bytes !== undefined) result.observe(bytes, size.bytes, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, observed);
  return () => meter.removeBatchObservableCallback(observe, observed);
}

function attributesOf(labels: Labels): Attributes {
  const attributes: Attributes = {};
  for (const name in labels) attributes[`locmem.${name}`] = labels[name]!;
  return attributes;
}

/** A span for each run of a factory, of which those that the factory begins are children. */
function traceLoads(tracer: Tracer): () => void {
  const spans = new WeakMap<LoadEvent, Span>();
  return listenToLoads(
    (event) => {
      const { alias, backend, operation, keys, isBehind } = event;
      const name = alias === undefined ? operation : `${operation} ${alias}`;
      const attributes: Attributes = {
        'locmem.cache': alias ?? UNNAMED,
        'locmem.backend': backend,
        'locmem.operation': operation,
        'locmem.keys': keys.length,
        'locmem.behind': isBehind,
      };
      const asker = trace.getSpanContext(context.active());
      // Nobody waits for a run behind: it is no part of what asked, which may be over long before.
      const links = isBehind && asker !== undefined ? [{ context: asker }] : [];
      const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, root: isBehind, links });
      spans.set(event, span);
      const { around = (run: () => unknown) => run() } = event;
      event.around = (run) => context.with(trace.setSpan(context.active(), span), () => around(run));
    },
    (event) => {
      const span = spans.get(event);
      if (span === undefined) return;
      // What was thrown may be `undefined`.
      if ('error' in event) fail(span, event.error);
      span.end();
    },
  );
}

/** Marks the run as failed. Errors of this package name the key: of them there is the name alone. */
function fail(span: Span, error: unknown): void {
  if (!(error instanceof Error)) {
    span.setAttribute('error.type', '_OTHER').setStatus({ code: SpanStatusCode.ERROR });
    return;
  }
  const { name, message } = error;
  const isOurs = String((error as { code?: unknown }).code).startsWith('ERR_LOCMEM');
  span.setAttribute('error.type', name);
  span.recordException(isOurs ? { name } : error);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(!isOurs && { message }) });
}
