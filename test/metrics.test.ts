/**
 * Every metric under its outward name: there before any traffic, at 0, with every value its labels
 * can have and no other; read at the scrape; and told in README.md as it is.
 */
import t from 'tap';
import { createMetrics, type MetricsText } from '../src/metrics.js';
import { codeIn, readDocument, tableBelow } from './documents.js';
import { StagedDrain } from './peers/drain.js';
import { Metrics } from './peers/metrics.js';

const KIND = ['http1', 'sse', 'websocket', 'http2', 'tls', 'tcp'];
const REASON = [
  'request-syntax',
  'answer-syntax',
  'head-too-large',
  'length-too-large',
  'pipeline-too-deep',
  'early-data',
  'unexpected-switch',
  'websocket-frame',
  'fault',
];

interface Outward {
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** Every value that a label may have. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** What it is before any traffic, if not 0. */
  readonly first?: number;
}

const GAUGE: Outward = { type: 'gauge' };
const COUNTER: Outward = { type: 'counter' };
const VERSION = '1.2.3-test';
const START = Date.parse('2024-01-01T00:00:00Z') / 1_000;

/** The contract, written down once more. */
const OUTWARD: Readonly<Record<string, Outward>> = {
  build_info: {
    type: 'gauge',
    labels: { version: [VERSION], node_version: [process.version] },
    first: 1,
  },
  connections: { type: 'gauge', labels: { kind: KIND, state: ['active', 'idle'] } },
  requests_in_flight: GAUGE,
  connections_opened_total: { type: 'counter', labels: { kind: KIND } },
  connections_closed_total: {
    type: 'counter',
    labels: { kind: KIND, ended_by: ['client', 'app', 'drain', 'deadline', 'error'] },
  },
  connection_duration_seconds: { type: 'histogram', labels: { kind: KIND } },
  oldest_connection_start_timestamp_seconds: { type: 'gauge', labels: { kind: KIND } },
  http_requests_total: {
    type: 'counter',
    labels: { code: ['1xx', '2xx', '3xx', '4xx', '5xx'] },
  },
  http_request_duration_seconds: { type: 'histogram' },
  received_bytes_total: COUNTER,
  sent_bytes_total: COUNTER,
  phase: {
    type: 'gauge',
    labels: { phase: ['serving', 'settling', 'draining', 'closing', 'drained'] },
  },
  safe_to_delete: GAUGE,
  quiet_since_timestamp_seconds: { type: 'gauge', first: START },
  drain_start_timestamp_seconds: GAUGE,
  drain_deadline_timestamp_seconds: GAUGE,
  drain_endings_total: {
    type: 'counter',
    labels: { outcome: ['finished', 'farewell', 'cut'] },
  },
  late_requests_total: {
    type: 'counter',
    labels: { answer: ['served', 'refused', 'second_chance'] },
  },
  leases: GAUGE,
  app_up: GAUGE,
  app_connect_errors_total: COUNTER,
  observer_gave_up_total: { type: 'counter', labels: { reason: REASON } },
};

class Scraped {
  readonly staged = new StagedDrain();
  readonly health = { up: false };
  private readonly metrics: MetricsText;

  constructor() {
    const { clock, traffic, drain } = this.staged;
    const { health } = this;
    const sources = { clock, tracker: traffic.tracker, drain, health, version: VERSION };
    this.metrics = createMetrics(sources);
  }

  async scrape(): Promise<Metrics> {
    return new Metrics(await this.metrics.render());
  }
}

/** Every series of a metric, as text: its labels in the order of the contract. */
function seriesOf({ labels = {} }: Outward): string[] {
  return Object.entries(labels).reduce(
    (series, [key, values]) =>
      series.flatMap((one) => values.map((value) => `${one}${key}=${value};`)),
    [''],
  );
}

function seriesIn(metrics: Metrics, name: string, keys: readonly string[]): string[] {
  return metrics.samples
    .filter((sample) => sample.name === name)
    .map(({ labels }) => {
      const others = Object.keys(labels).filter((key) => !keys.includes(key));
      return [...keys, ...others].map((key) => `${key}=${labels[key]};`).join('');
    });
}

t.test(
  'there is every metric of the contract, of its type, with a help, and no other',
  async (t) => {
    const { text } = await new Scraped().scrape();
    const types = [...text.matchAll(/^# TYPE tidegate_(\S+) (\S+)$/gm)];
    t.same(
      Object.fromEntries(types.map(([, name, type]) => [name, type])),
      Object.fromEntries(Object.entries(OUTWARD).map(([name, { type }]) => [name, type])),
    );
    t.equal(types.length, Object.keys(OUTWARD).length);
    const helps = [...text.matchAll(/^# HELP tidegate_(\S+) (.+\.)$/gm)];
    t.same(helps.map(([, name]) => name).sort(), Object.keys(OUTWARD).sort());
    t.equal(text.match(/^# TYPE/gm)?.length, types.length, 'nor one without the prefix');
  },
);

for (const [name, outward] of Object.entries(OUTWARD)) {
  const { type, labels = {}, first = 0 } = outward;
  t.test(`tidegate_${name} is there before any traffic, whole`, async (t) => {
    const metrics = await new Scraped().scrape();
    const bare = type === 'histogram' ? `tidegate_${name}_count` : `tidegate_${name}`;
    t.same(seriesIn(metrics, bare, Object.keys(labels)).sort(), seriesOf(outward).sort());
    const values = metrics.samples.filter((sample) => sample.name.startsWith(bare));
    const isFirst = (value: number): boolean =>
      name === 'phase' ? value === 0 || value === 1 : value === first;
    t.ok(values.every(({ value }) => isFirst(value)));
    t.end();
  });
}

t.test('no series comes or goes with traffic and drains', async (t) => {
  const scraped = new Scraped();
  const namesOf = ({ samples }: Metrics): string[] =>
    samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
  const before = namesOf(await scraped.scrape());
  const { traffic, drain, clock } = scraped.staged;
  traffic.answer(traffic.request(), 204);
  traffic.answer(traffic.request(), 999);
  traffic.websocket();
  drain.terminate('preStop');
  traffic.request().gaveUp('answer-syntax');
  clock.advance(200_000);
  t.same(namesOf(await scraped.scrape()), before);
});

t.test('histograms have buckets that grow, up to +Inf; connections last 1 s to 24 h', async (t) => {
  const scraped = new Scraped();
  const { traffic, clock } = scraped.staged;
  const tunnel = traffic.websocket();
  clock.advance(60_000);
  traffic.end(tunnel);
  const metrics = await scraped.scrape();
  const name = 'tidegate_connection_duration_seconds';
  const buckets = metrics.samples.filter(
    (sample) => sample.name === `${name}_bucket` && sample.labels.kind === 'websocket',
  );
  const bounds = buckets.map(({ labels }) => Number(labels.le.replace('+Inf', 'Infinity')));
  t.same([bounds[0], bounds.at(-2), bounds.at(-1)], [1, 86_400, Infinity]);
  t.same(
    bounds.toSorted((one, other) => one - other),
    bounds,
  );
  for (const [at, { value }] of buckets.entries()) t.equal(value, bounds[at] >= 60 ? 1 : 0);
  t.equal(metrics.value(`${name}_sum`, { kind: 'websocket' }), 60);
  t.equal(metrics.value(`${name}_count`, { kind: 'websocket' }), 1);
});

t.test('those who scrape at once share one reading, the next one reads anew', async (t) => {
  const scraped = new Scraped();
  let readings = 0;
  Object.defineProperty(scraped.health, 'up', { get: () => ++readings > 0 });
  await Promise.all([scraped.scrape(), scraped.scrape(), scraped.scrape()]);
  t.equal(readings, 1);
  await scraped.scrape();
  t.equal(readings, 2);
});

t.test('gauges are read at the scrape', async (t) => {
  const scraped = new Scraped();
  const { traffic, clock } = scraped.staged;
  await scraped.scrape();
  clock.advance(5_000);
  const work = traffic.websocket();
  traffic.request();
  traffic.connect();
  scraped.health.up = true;
  const busy = await scraped.scrape();
  t.equal(busy.open({ state: 'active' }), 2);
  t.equal(busy.open({ kind: 'tcp', state: 'idle' }), 1);
  t.equal(busy.value('tidegate_requests_in_flight'), 1);
  t.equal(busy.value('tidegate_app_up'), 1);
  t.equal(busy.value('tidegate_quiet_since_timestamp_seconds'), 0);
  const oldest = 'tidegate_oldest_connection_start_timestamp_seconds';
  t.equal(busy.value(oldest, { kind: 'websocket' }), START + 5);
  t.equal(busy.value(oldest, { kind: 'sse' }), 0);
  traffic.end(work);
  const less = await scraped.scrape();
  t.equal(less.open({ kind: 'websocket' }), 0);
  t.equal(less.value(oldest, { kind: 'websocket' }), 0);
});

t.test('a drain shows its phase, its moments and how work ended', async (t) => {
  const scraped = new Scraped();
  const { traffic, clock, drain } = scraped.staged;
  const work = [traffic.websocket(), traffic.websocket()];
  clock.advance(1_000);
  drain.terminate('preStop');
  traffic.answer(traffic.request());
  traffic.end(work[0]);
  const settling = await scraped.scrape();
  const phases = settling.samples.filter(({ name }) => name === 'tidegate_phase');
  t.same(
    phases.map(({ labels, value }) => [labels.phase, value]),
    [
      ['serving', 0],
      ['settling', 1],
      ['draining', 0],
      ['closing', 0],
      ['drained', 0],
    ],
  );
  t.equal(settling.value('tidegate_drain_start_timestamp_seconds'), START + 1);
  t.equal(settling.value('tidegate_drain_deadline_timestamp_seconds'), START + 101);
  t.equal(settling.value('tidegate_late_requests_total', { answer: 'served' }), 1);
  t.equal(settling.value('tidegate_safe_to_delete'), 0);
  clock.advance(100_000);
  const drained = await scraped.scrape();
  t.equal(drained.value('tidegate_phase', { phase: 'drained' }), 1);
  t.equal(drained.value('tidegate_safe_to_delete'), 1);
  t.equal(drained.value('tidegate_drain_endings_total', { outcome: 'finished' }), 2);
  t.equal(drained.value('tidegate_drain_endings_total', { outcome: 'cut' }), 1);
  const closed = { kind: 'websocket', ended_by: 'deadline' };
  t.equal(drained.value('tidegate_connections_closed_total', closed), 1);
});

t.test('what was said goodbye to and took it, and what was refused, is told apart', async (t) => {
  const scraped = new Scraped();
  const { traffic, clock, drain } = scraped.staged;
  traffic.manners.farewell = 10;
  traffic.websocket();
  drain.terminate('preStop');
  for (let late = 0; late < 3; late++) traffic.answer(traffic.request(), late === 0 ? 503 : 200);
  traffic.tracker.refusedLate();
  clock.advance(100_000);
  const metrics = await scraped.scrape();
  const endings = (outcome: string): number =>
    metrics.value('tidegate_drain_endings_total', { outcome });
  t.same([endings('finished'), endings('farewell'), endings('cut')], [3, 1, 0]);
  const late = (answer: string): number =>
    metrics.value('tidegate_late_requests_total', { answer });
  t.same([late('served'), late('refused'), late('second_chance')], [2, 1, 0]);
  traffic.tracker.refusedLate();
  traffic.tracker.refusedLate();
  traffic.tracker.refusedLate();
  const served = (await scraped.scrape()).value('tidegate_late_requests_total', {
    answer: 'served',
  });
  t.equal(served, 0, 'and never less than none');
});

t.test('counters go up, and are not counted twice by a second scrape', async (t) => {
  const scraped = new Scraped();
  const { traffic } = scraped.staged;
  for (const status of [101, 200, 204, 301, 404, 500, 600]) {
    traffic.answer(traffic.request(), status);
  }
  traffic.tracker.receivedBytes += 10;
  traffic.tracker.sentBytes += 20;
  traffic.tracker.dialFailed('ECONNREFUSED');
  traffic.request().gaveUp('fault');
  for (const metrics of [await scraped.scrape(), await scraped.scrape()]) {
    const codes = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((code) =>
      metrics.value('tidegate_http_requests_total', { code }),
    );
    t.same(codes, [1, 2, 1, 1, 1]);
    t.equal(metrics.value('tidegate_connections_opened_total', { kind: 'http1' }), 8);
    t.equal(metrics.value('tidegate_received_bytes_total'), 10);
    t.equal(metrics.value('tidegate_sent_bytes_total'), 20);
    t.equal(metrics.value('tidegate_app_connect_errors_total'), 1);
    t.equal(metrics.value('tidegate_observer_gave_up_total', { reason: 'fault' }), 1);
    t.equal(metrics.value('tidegate_http_request_duration_seconds_count'), 7);
  }
});

t.test('README.md has every metric with its labels, and the words these can be', (t) => {
  const rows = tableBelow(readDocument('README.md'), 'Metrics').slice(1);
  const told = rows.flatMap(([names]) => codeIn(names));
  const expected = Object.entries(OUTWARD).map(([name, { labels = {} }]) => {
    const keys = Object.keys(labels).join(',');
    return `tidegate_${name}${keys === '' ? '' : `{${keys}}`}`;
  });
  t.same(told.sort(), expected.sort());
  for (const [names, what] of rows) {
    const { labels = {} } = OUTWARD[/tidegate_(\w+)/.exec(names)?.[1] ?? ''];
    for (const key of ['state', 'ended_by', 'phase', 'outcome', 'answer']) {
      for (const word of labels[key] ?? []) t.ok(codeIn(what).includes(word), `${key} ${word}`);
    }
  }
  t.end();
});
