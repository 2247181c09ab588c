/**
 * What a scrape reads: moments as times of day, each closed set from the beginning, and pods counted
 * once for a scrape.
 */
import t from 'tap';
import { Calls } from '../../src/controller/calls.js';
import { metricsSources, type ReadingsOf } from '../../src/controller/readings.js';
import { Tallies } from '../../src/controller/tallies.js';
import { createControllerMetrics } from '../../src/metrics/controller.js';
import { HandClock } from '../peers/clock.js';
import { Metrics } from '../peers/metrics.js';

const NAME = 'tidegate_controller_';
const HELD = { pods: 2, memoryBytes: 64 };

class Scraped {
  readonly clock = new HandClock(new Date('2024-01-01T00:00:00Z'));
  readonly tallies = new Tallies();
  counted = 0;
  leads = true;
  lookMs: number | undefined;
  private readonly metrics: ReturnType<typeof createControllerMetrics>;

  constructor() {
    const heard = { rightMissing: none, rightThere: none };
    const of: ReadingsOf = {
      clock: this.clock,
      calls: new Calls(this.clock, { ...heard, serverUnreachable: none, serverReached: none }),
      tallies: this.tallies,
      isLeader: () => this.leads,
      isSynced: () => true,
      piles: () => {
        this.counted += 1;
        const pods = { safe: this.counted, unsafe: 0, unknown: 0, terminating: 0 };
        return { pods, held: { terminating: HELD, drained: { pods: 0, memoryBytes: 0 } } };
      },
      groups: () => [{ namespace: 'web', group: 'shop', colours: { live: 1 }, oldestMs: 5_000 }],
      lastLookMs: () => this.lookMs,
      lastSweepMs: () => undefined,
    };
    this.metrics = createControllerMetrics(metricsSources(of));
  }

  async scrape(): Promise<Metrics> {
    return new Metrics(await this.metrics.render());
  }
}

function none(): void {
  // Nobody listens.
}

t.test('pods are counted once for a scrape, and anew for the next', async (t) => {
  const scraped = new Scraped();
  const metrics = await scraped.scrape();
  t.equal(scraped.counted, 1);
  t.equal(metrics.value(`${NAME}pods`, { state: 'safe' }), 1);
  t.equal(metrics.value(`${NAME}held_pods`, { state: 'terminating' }), 2);
  t.equal(metrics.value(`${NAME}held_memory_bytes`, { state: 'terminating' }), 64);
  scraped.clock.advance(1_000);
  t.equal((await scraped.scrape()).value(`${NAME}pods`, { state: 'safe' }), 2);
});

t.test(
  'what there is in the cluster is told by who leads alone, so that sums are right',
  async (t) => {
    const scraped = new Scraped();
    scraped.leads = false;
    const metrics = await scraped.scrape();
    for (const [name, samples] of [
      ['pods', 4],
      ['held_pods', 2],
      ['held_memory_bytes', 2],
    ] as const) {
      const all = metrics.samples.filter((sample) => sample.name === NAME + name);
      t.same(
        all.map(({ value }) => value),
        Array(samples).fill(0),
        name,
      );
    }
    t.notMatch(metrics.text, 'group="shop"');
    t.equal(scraped.counted, 0);
    scraped.leads = true;
    const led = await scraped.scrape();
    t.equal(led.value(`${NAME}pods`, { state: 'safe' }), 1);
    t.equal(led.value(`${NAME}colours`, { group: 'shop', state: 'live' }), 1);
    t.equal(led.value(`${NAME}oldest_colour_timestamp_seconds`, { group: 'shop' }), 5);
  },
);

t.test('moments are times of day', async (t) => {
  const scraped = new Scraped();
  const last = (metrics: Metrics): number => metrics.value(`${NAME}last_look_timestamp_seconds`);
  t.equal(last(await scraped.scrape()), 0);
  scraped.clock.advance(5_000);
  scraped.lookMs = 2_000;
  t.equal(last(await scraped.scrape()), Date.parse('2024-01-01T00:00:02Z') / 1_000);
});

t.test('what has never happened is there, at 0, and then grows', async (t) => {
  const scraped = new Scraped();
  const { samples } = await scraped.scrape();
  const of = (name: string): number[] =>
    samples.filter((sample) => sample.name === NAME + name).map(({ value }) => value);
  t.same(of('actions_total'), Array(7 * 4).fill(0));
  t.same(of('goodbyes_total'), [0, 0, 0]);
  t.same(of('api_calls_total'), Array(6 * 3).fill(0));
  t.same(of('watch_restarts_total'), Array(6).fill(0));
  t.same(new Set(of('missing_right')), new Set([0]));
  const { tallies } = scraped;
  tallies.acted('drain', 'stopped');
  tallies.ended('cut');
  tallies.restarted('pods');
  tallies.restarted('secrets');
  const metrics = await scraped.scrape();
  t.equal(metrics.value(`${NAME}actions_total`, { action: 'drain', result: 'stopped' }), 1);
  t.equal(metrics.value(`${NAME}goodbyes_total`, { outcome: 'cut' }), 1);
  t.equal(metrics.sum(`${NAME}watch_restarts_total`), 1);
  t.equal(metrics.samples.length, samples.length, 'no series comes or goes');
});
