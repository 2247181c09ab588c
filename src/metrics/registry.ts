/**
 * Metrics as rows: a name, its help, its labels, and what reads its values at the moment of a scrape.
 * Nothing is kept here from one scrape to the next.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Buckets } from '../buckets.js';
import { BucketHistogram } from './histogram.js';

/** The text of `GET /metrics` and its content type. */
export interface MetricsText {
  readonly contentType: string;
  render(): Promise<string>;
}

/** A value with its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];
/** Name without the prefix, help, label names, and what reads its samples. */
export type Row = readonly [
  name: string,
  help: string,
  labels: readonly string[],
  read: () => readonly Sample[],
];
export type HistogramRow = readonly [
  name: string,
  help: string,
  labels: readonly string[],
  read: () => readonly (readonly [labels: Readonly<Record<string, string>>, buckets: Buckets])[],
];

export interface Rows {
  readonly gauges: readonly Row[];
  readonly counters: readonly Row[];
  readonly histograms: readonly HistogramRow[];
}

/** A value without labels. */
export const one = (value: number): readonly Sample[] => [[{}, value]];

/** Each row as a metric whose name begins with `prefix`. */
export function registered(prefix: string, { gauges, counters, histograms }: Rows): MetricsText {
  const registry = new Registry();
  for (const row of gauges) addGauge(registry, prefix, row);
  for (const row of counters) addCounter(registry, prefix, row);
  for (const [name, help, labels, read] of histograms) {
    registry.registerMetric(new BucketHistogram(prefix + name, help, labels, read));
  }
  return { contentType: registry.contentType, render: shared(() => registry.metrics()) };
}

/** Those who ask while a text is being made get the same one: a burst of scrapes costs one. */
function shared(make: () => Promise<string>): () => Promise<string> {
  let making: Promise<string> | undefined;
  return () =>
    (making ??= make().finally(() => {
      making = undefined;
    }));
}

function addGauge(registry: Registry, prefix: string, [name, help, labels, read]: Row): void {
  new Gauge({
    name: prefix + name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      // Label sets may go, like those of a group that is gone.
      this.reset();
      for (const [sample, value] of read()) this.set(sample, value);
    },
  });
}

function addCounter(registry: Registry, prefix: string, [name, help, labels, read]: Row): void {
  new Counter({
    name: prefix + name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [sample, value] of read()) this.inc(sample, value);
    },
  });
}
