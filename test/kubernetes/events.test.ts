/**
 * What is told as Events: once each, few a second, not by two replicas, and what becomes of it where
 * the API server does not do it.
 */
import t from 'tap';
import { type Telling, WAITING_MAX } from '../../src/kubernetes/events.js';
import type { RefusedError } from '../../src/kubernetes/fault.js';
import { refused } from './memory-api.js';
import { DRAINED, Stage, WEB } from './replicas.js';

const namespaceOf = (event: object | undefined): string =>
  (event as { metadata: { namespace: string } }).metadata.namespace;

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

t.test('what was told an hour ago may be told again: its Event is gone by then', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  one.tell('web-1');
  await stage.passes(3_500_000);
  one.tell('web-1');
  await stage.passes(200_000);
  t.same(one.told, ['made']);
  one.tell('web-1');
  await stage.passes(1_000);
  t.same(one.told, ['made', 'known'], 'the API server says whether it is');
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
});

t.test('what goes wrong in passing is tried again, behind the others', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  one.api.fate = ({ atMs }) =>
    atMs < 20_000 ? { fault: refused(503, 'ServiceUnavailable', 'down') } : {};
  for (const key of ['a', 'b', 'c']) one.tell(key);
  await stage.passes(60_000);
  t.same(one.told, ['made', 'made', 'made']);
  t.ok(one.api.calls.length < 15, 'and not all the time');
  let times = 0;
  one.api.fate = () => (times++ === 0 ? { fault: 'unanswered' } : {});
  one.tell('d');
  await stage.passes(10_000);
  t.equal(one.told.at(-1), 'made', 'it is ours, though it was there');
  t.equal(stage.kept.length, 4);
});

t.test('what never goes right is given up, and may be told another time', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  const down = refused(500, 'InternalError', 'the webhook of web is broken');
  one.api.fate = ({ body }) => (namespaceOf(body) === 'web' ? { fault: down } : {});
  one.tell('a');
  const other = { regarding: { ...WEB, namespace: 'other' } };
  for (let at = 0; at < 5; at++) one.tell(`b-${at}`, other);
  await stage.passes(10_000);
  t.same(one.told, Array<string>(5).fill('made'), 'the others do not wait for it');
  await stage.passes(60_000);
  t.same(one.told.slice(5), ['failed']);
  t.equal(stage.clock.pending, 0);
  one.api.fate = () => ({});
  one.tell('a');
  await stage.passes(1_000);
  t.same(one.told.slice(6), ['made']);
});

t.test('what may not be told is dropped at once, and said why', async (t) => {
  const why: readonly (readonly [RefusedError, Telling])[] = [
    [refused(403, 'Forbidden', 'it takes the verb create on events in namespace web'), 'refused'],
    [refused(403, 'Forbidden', 'answers 403 to create: x because it is being terminated'), 'gone'],
    [refused(404, 'NotFound', 'namespaces "web" not found'), 'gone'],
    [refused(422, 'Invalid', 'this is no Event'), 'failed'],
  ];
  for (const [fault, telling] of why) {
    const stage = new Stage();
    const one = stage.replica();
    one.api.fate = () => ({ fault });
    for (let at = 0; at < 12; at++) one.tell(`p-${at}`);
    await stage.passes(5_000);
    t.same(one.told, Array<string>(11).fill(telling), fault.message);
    t.equal(one.api.calls.length, 11, 'ten, and one that counts the rest');
    t.ok(one.errors.every((error) => error === fault));
  }
});

t.test('of more than may wait the oldest is dropped, and counted', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  for (let at = 0; at < WAITING_MAX + 25; at++) one.tell(`p-${at}`, { reason: `R${at}` });
  t.same(one.told, Array<string>(25).fill('crowded'));
  await stage.passes(230_000);
  t.equal(stage.kept.length, WAITING_MAX);
  t.equal(stage.clock.pending, 0);
});

t.test('a call that hangs holds up the others, and nobody who tells', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  one.api.fate = () => ({ fault: 'hangs' });
  for (const key of ['a', 'b']) one.tell(key);
  await stage.passes(5_000);
  t.equal(one.api.calls.length, 1);
});

t.test('who stops tells nothing more, but for what is on its way', async (t) => {
  const stage = new Stage();
  const one = stage.replica();
  one.api.fate = () => ({ backMs: 500 });
  for (const key of ['a', 'b']) one.tell(key);
  await stage.passes(100);
  one.events.stop();
  one.tell('c');
  await stage.passes(5_000);
  t.equal(one.api.calls.length, 1);
  t.same(one.told, ['made']);
  t.equal(stage.clock.pending, 0);
});
