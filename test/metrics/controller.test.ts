/**
 * The controller's metrics: each under its outward name, there from the first scrape on, read at the
 * scrape, bounded in labels, and told in the README.
 */
import t from 'tap';
import {
  type ControllerMetricsSources,
  createControllerMetrics,
  GROUPS_MAX,
  type GroupCounts,
  OTHER_GROUPS,
} from '../../src/metrics/controller.js';
import { codeIn, readDocument } from '../documents.js';
import { Metrics } from '../peers/metrics.js';

const PREFIX = 'tidegate_controller_';

function group(name: string, live: number, oldestMs?: number): GroupCounts {
  return { namespace: 'web', group: name, colours: { live, zero: 1 }, oldestMs };
}

function scrape(more: Partial<ControllerMetricsSources> = {}): Promise<Metrics> {
  const metrics = createControllerMetrics({
    version: '1.2.3',
    isLeader: () => true,
    isSynced: () => false,
    pods: () => ({ safe: 2, unsafe: 0 }),
    heldPods: () => ({ terminating: 1, drained: 0 }),
    heldBytes: () => ({ terminating: 4096, drained: 0 }),
    groups: () => [group('shop', 1, 5_000)],
    actions: () => ({ mark: { done: 3, failed: 0 } }),
    goodbyes: () => ({ drained: 0, silent: 4 }),
    rights: () => [{ verb: 'patch', resource: 'pods', isMissing: true }],
    calls: () => ({ list: { ok: 7 } }),
    watchRestarts: () => ({ pods: 0 }),
    lastLookMs: () => 1_500,
    lastSweepMs: () => undefined,
    residentBytes: () => 99,
    ...more,
  });
  return metrics.render().then((text) => new Metrics(text));
}

/** Type, and the labels of one sample with its value. */
const OUTWARD: Readonly<Record<string, [string, Readonly<Record<string, string>>, number]>> = {
  build_info: ['gauge', { version: '1.2.3', node_version: process.version }, 1],
  leader: ['gauge', {}, 1],
  synced: ['gauge', {}, 0],
  missing_right: ['gauge', { verb: 'patch', resource: 'pods' }, 1],
  process_resident_memory_bytes: ['gauge', {}, 99],
  pods: ['gauge', { state: 'safe' }, 2],
  held_pods: ['gauge', { state: 'terminating' }, 1],
  held_memory_bytes: ['gauge', { state: 'terminating' }, 4096],
  colours: ['gauge', { namespace: 'web', group: 'shop', state: 'live' }, 1],
  oldest_colour_timestamp_seconds: ['gauge', { namespace: 'web', group: 'shop' }, 5],
  last_look_timestamp_seconds: ['gauge', {}, 1.5],
  last_sweep_timestamp_seconds: ['gauge', {}, 0],
  actions_total: ['counter', { action: 'mark', result: 'done' }, 3],
  goodbyes_total: ['counter', { outcome: 'silent' }, 4],
  api_calls_total: ['counter', { verb: 'list', result: 'ok' }, 7],
  watch_restarts_total: ['counter', { resource: 'pods' }, 0],
};

t.test(
  'there is every metric of its type, with its labels and its value, and no other',
  async (t) => {
    const metrics = await scrape();
    const types = [...metrics.text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    t.same(
      Object.fromEntries(types.map(([, name, type]) => [name, type])),
      Object.fromEntries(Object.entries(OUTWARD).map(([name, [type]]) => [PREFIX + name, type])),
    );
    for (const [name, [, labels, value]] of Object.entries(OUTWARD)) {
      const found = metrics.samples.find((sample) => {
        const isMeant = sample.name === PREFIX + name;
        return isMeant && JSON.stringify(sample.labels) === JSON.stringify(labels);
      });
      t.equal(found?.value, value, `${name} ${JSON.stringify(labels)}`);
    }
    t.equal(metrics.value(`${PREFIX}pods`, { state: 'unsafe' }), 0);
  },
);

t.test('values are those of the moment, and a group that is gone has none', async (t) => {
  let groups = [group('a', 1), group('b', 1)];
  const more = { groups: () => groups };
  t.equal((await scrape(more)).value(`${PREFIX}colours`, { group: 'b', state: 'live' }), 1);
  groups = [group('a', 2)];
  const metrics = await scrape(more);
  t.equal(metrics.value(`${PREFIX}colours`, { group: 'a', state: 'live' }), 2);
  t.equal(metrics.sum(`${PREFIX}colours`, { group: 'b' }), 0);
  t.equal(metrics.value(`${PREFIX}oldest_colour_timestamp_seconds`, { group: 'a' }), 0);
});

t.test('beyond so many groups the rest is summed', async (t) => {
  const many = Array.from({ length: GROUPS_MAX + 3 }, (_, at) => {
    return group(`g${at}`, 1, at < GROUPS_MAX + 1 ? undefined : 1_000 * at);
  });
  const metrics = await scrape({ groups: () => many });
  const live = (labels: Readonly<Record<string, string>>): number =>
    metrics.sum(`${PREFIX}colours`, { state: 'live', ...labels });
  t.equal(live({ group: OTHER_GROUPS }), 3);
  t.equal(live({}), GROUPS_MAX + 3);
  t.equal(live({ group: `g${GROUPS_MAX - 1}` }), 1);
  t.equal(live({ group: `g${GROUPS_MAX}` }), 0);
  const oldest = `${PREFIX}oldest_colour_timestamp_seconds`;
  t.equal(metrics.value(oldest, { group: OTHER_GROUPS }), GROUPS_MAX + 1);
  const exactly = await scrape({ groups: () => many.slice(0, GROUPS_MAX) });
  t.equal(exactly.sum(`${PREFIX}colours`, { group: OTHER_GROUPS }), 0);
});

t.test('the README tells of each, with its labels', (t) => {
  const readme = readDocument('README.md');
  const [, section = ''] = readme.split('### Metrics of the controller\n');
  const told = codeIn(section.split('\n## ')[0]).filter((code) => code.startsWith(PREFIX));
  const names = Object.entries(OUTWARD).map(([name, [, labels]]) => {
    const keys = Object.keys(labels).join(',');
    return PREFIX + name + (keys === '' ? '' : `{${keys}}`);
  });
  t.same(told.sort(), names.sort());
  t.end();
});
