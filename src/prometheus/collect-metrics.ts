import {
  Counter,
  Gauge,
  register as globalRegister,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  type Registry,
} from 'prom-client';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { type CacheSize, type NamedCaches, readCaches, sizesOf } from '../metrics/cache-sizes.js';
import { record } from '../metrics/listen.js';
import { BUCKETS, COUNTERS, type Counter as CounterName, GAUGES, TIMERS, type Timer } from '../metrics/measures.js';

export type { NamedCaches };

export interface PrometheusOptions {
  /** Where the metrics are registered. Default: prom-client's global registry. */
  register?: Registry<PrometheusContentType> | Registry<OpenMetricsContentType>;
  /** Before the names of the metrics. Default: `'locmem_'`. */
  prefix?: string;
  /** The limits of the histograms' buckets, in seconds, ascending. Default: 1 ms to 10 s. */
  buckets?: readonly number[];
  /** Caches of which the number of entries and the bytes are told, too. Default: none. */
  caches?: NamedCaches;
}

export interface Collecting {
  /** Ends it: nothing is counted any more, and the metrics are removed from the registry. */
  stop(): void;
}

const COMMON = ['cache', 'backend'];

/**
 * Counts what all caches of this process do from now on, for Prometheus. Labels are the caches' aliases, their backends,
 * and the calls: few, whatever the keys.
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 * @throws Error, of prom-client, if the registry has metrics of these names.
 */
export function collectMetrics(options: PrometheusOptions = {}): Collecting {
  checkKnownOptions('collectMetrics', options, ['register', 'prefix', 'buckets', 'caches']);
  const { register = globalRegister, prefix = 'locmem_', buckets = BUCKETS, caches } = options;
  if (typeof register?.registerMetric !== 'function') {
    throw new InvalidConfigError(`register is a Registry of prom-client; got ${show(register)}.`);
  }
  if (typeof prefix !== 'string') throw new InvalidConfigError(`prefix is a string; got ${show(prefix)}.`);
  if (!isAscending(buckets)) {
    throw new InvalidConfigError(`buckets are numbers of seconds, ascending; got ${show(buckets)}.`);
  }
  const named = caches === undefined ? undefined : readCaches(caches);
  const registers = [register];
  const counters = {} as Record<CounterName, Counter>;
  const timers = {} as Record<Timer, Histogram>;
  const names: string[] = [];
  const nameOf = (name: string) => {
    names.push(prefix + name);
    return prefix + name;
  };
  const removeAll = () => {
    for (const name of names.splice(0)) register.removeSingleMetric(name);
  };
  try {
    for (const [key, { labels, help }] of Object.entries(COUNTERS)) {
      const labelNames = [...COMMON, ...labels];
      counters[key as CounterName] = new Counter({ name: nameOf(`${key}_total`), help, labelNames, registers });
    }
    for (const [key, { labels, help }] of Object.entries(TIMERS)) {
      const labelNames = [...COMMON, ...labels];
      const name = nameOf(`${key}_duration_seconds`);
      timers[key as Timer] = new Histogram({ name, help, labelNames, buckets: [...buckets], registers });
    }
    if (named !== undefined) {
      // Asked once by both gauges of a scrape: a SharedCache counts its entries one by one.
      let asked: Promise<CacheSize[]> | undefined;
      const sizes = () => {
        asked ??= sizesOf(named).finally(() => {
          asked = undefined;
        });
        return asked;
      };
      for (const [key, { help }] of Object.entries(GAUGES)) {
        new Gauge({
          name: nameOf(key),
          help,
          labelNames: ['cache'],
          // Workers of a cluster have each a LocMemCache of their own, and all the same SharedCache.
          aggregator: 'max',
          registers,
          async collect() {
            const all = await sizes();
            this.reset();
            for (const size of all) {
              const value = size[key as keyof typeof GAUGES];
              if (value !== undefined) this.set(size.labels, value);
            }
          },
        });
      }
    }
  } catch (error) {
    // The last is not ours: it is the one that could not be registered.
    names.pop();
    removeAll();
    throw error;
  }
  const stop = record({
    count: (counter, labels) => counters[counter].inc(labels),
    time: (timer, seconds, labels) => timers[timer].observe(labels, seconds),
  });
  return {
    stop() {
      stop();
      removeAll();
    },
  };
}

function isAscending(buckets: unknown): boolean {
  return Array.isArray(buckets) && buckets.every((limit, i) => Number.isFinite(limit) && !(limit <= buckets[i - 1]));
}
