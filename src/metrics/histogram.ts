/**
 * A prom-client histogram whose numbers are kept elsewhere: feeding prom-client's own costs a
 * hashed label set per value, which the hot path cannot afford.
 */
import { Histogram } from 'prom-client';
import type { Buckets } from '../buckets.js';

type Labels = Readonly<Record<string, string>>;
type Series = readonly [labels: Labels, buckets: Buckets];

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export class BucketHistogram extends Histogram {
  private readonly outwardName: string;
  private readonly outwardHelp: string;
  private readonly read: () => readonly Series[];

  constructor(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Series[],
  ) {
    super({ name, help, labelNames: [...labelNames], registers: [] });
    this.outwardName = name;
    this.outwardHelp = help;
    this.read = read;
  }

  /** What the registry renders. */
  getForPromString(): Promise<object> {
    const { outwardName: name, outwardHelp: help } = this;
    const values = this.read().flatMap((series) => valuesOf(name, series));
    return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' });
  }
}

function valuesOf(name: string, [labels, buckets]: Series): Value[] {
  let count = 0;
  const values = buckets.counts.map((inBucket, at): Value => {
    count += inBucket;
    const le = at < buckets.bounds.length ? buckets.bounds[at] : '+Inf';
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  values.push({ metricName: `${name}_sum`, labels, value: buckets.sum });
  values.push({ metricName: `${name}_count`, labels, value: count });
  return values;
}
