/**
 * What is told as Events: once each, few a second, counted where it is many times the same, and not
 * by two replicas.
 */
import t from 'tap';
import { Events, type Occurrence, type Telling } from '../../src/kubernetes/events.js';
import { HandClock } from '../peers/clock.js';
import type { Stored } from '../peers/fake-objects.js';
import { MemoryApi, passes, settled } from './memory-api.js';

class Stage {
  readonly clock = new HandClock();
  readonly api = new MemoryApi(this.clock);

  get kept(): readonly Stored[] {
    return this.api.objects.list('Event');
  }

  passes(ms: number): Promise<void> {
    return passes(this.clock, ms);
  }

  replica(): Replica {
    return new Replica(this);
  }
}

class Replica {
  mayTell = true;
  readonly told: Telling[] = [];
  readonly api: MemoryApi;
  readonly events: Events;

  constructor({ clock, api }: Stage) {
    this.api = new MemoryApi(clock, api.objects);
    this.events = new Events({
      ...{ api: this.api, clock },
      may: () => this.mayTell,
      told: (telling) => this.told.push(telling),
    });
  }

  tell(key: string, change: Partial<Occurrence> = {}): void {
    this.events.tell({ ...DRAINED, message: `${key} is over`, key, ...change });
  }
}

const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name: 'web', uid: 'u1' };
const DRAINED: Occurrence = {
  regarding: WEB,
  type: 'Normal',
  reason: 'Drained',
  message: 'pod web-1 drained in 12s',
  key: 'web-1',
};

t.test('an Event stands on its object, in its namespace, as kubectl shows it', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  one.events.tell(DRAINED);
  t.same(one.api.calls, [], 'whoever tells does not wait for anything');
  await stage.passes(1_000);
  const [event] = stage.kept;
  t.match(event, {
    metadata: { namespace: 'web', name: /^web\.[0-9a-f]{32}$/ },
    involvedObject: WEB,
    type: 'Normal',
    reason: 'Drained',
    message: 'pod web-1 drained in 12s',
    source: { component: 'tidegate-controller' },
    reportingComponent: 'tidegate-controller',
    firstTimestamp: '2024-01-01T00:00:00Z',
    lastTimestamp: '2024-01-01T00:00:00Z',
    count: 1,
  });
  t.same(one.told, ['made']);
  t.equal(stage.clock.pending, 0);
});

t.test('the same thing is told once, by whoever tells it and however often', async (t) => {
  const stage = new Stage();
  const [one, two] = [stage.replica(), stage.replica()];
  for (const replica of [one, one, two]) replica.tell('web-1');
  await stage.passes(1_000);
  t.same([one.told, two.told], [['made'], ['known']]);
  t.equal(stage.kept.length, 1);
  one.tell('web-2');
  one.tell('web-1', { reason: 'DrainCut' });
  one.tell('web-1', { regarding: { ...WEB, uid: 'u2' } });
  await stage.passes(1_000);
  t.equal(stage.kept.length, 4);
});

t.test('five a second at most, in the order in which they were told', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  for (let at = 0; at < 30; at++) one.tell(`p-${at}`, { reason: `R${at}` });
  await stage.passes(1_900);
  t.equal(one.api.calls.length, 10);
  await stage.passes(10_000);
  t.same(
    one.api.calls.map(({ body }) => (body as { reason: string }).reason),
    Array.from({ length: 30 }, (_, at) => `R${at}`),
  );
});

t.test('what happens again and again is told ten times, and then counted', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  for (let at = 0; at < 120; at++) {
    one.tell(`p-${at}`);
    await stage.passes(1_000);
  }
  const counted = stage.kept.filter(({ message }) => /^\(combined/.test(String(message)));
  t.equal(stage.kept.length, 11);
  t.equal(counted.length, 1);
  const { length } = one.api.calls;
  t.ok(length <= 13, String(length));
  await stage.passes(60_000);
  t.match(
    stage.kept.find(({ count }) => count !== 1),
    {
      count: 110,
      message: '(combined from similar events): p-119 is over',
      firstTimestamp: '2024-01-01T00:00:10Z',
      lastTimestamp: '2024-01-01T00:01:59Z',
    },
  );
});

t.test('a standby keeps the last minute, and tells it when it leads', async (t) => {
  const stage = new Stage();
  const two = stage.replica();
  two.mayTell = false;
  two.tell('old');
  await stage.passes(40_000);
  two.tell('new');
  await stage.passes(30_000);
  t.same(two.api.calls, []);
  two.mayTell = true;
  await stage.passes(2_000);
  t.same(
    stage.kept.map(({ message }) => message),
    ['new is over'],
  );
  await settled();
});
