/**
 * Each right of the controller's list, denied to the built program against a cluster made up: a line in
 * the log, a metric, and everything else goes on; and when it is there, that is told, too.
 */
import t, { type Test } from 'tap';
import { resourceOf, type Right, RIGHTS, withoutRight } from '../../src/controller/rights.js';
import { startController } from '../peers/controller.js';
import { type FakeCluster, listenAsPods, startFakeCluster } from '../peers/fake-cluster.js';
import { status } from '../peers/fake-calls.js';
import { busy, NAMESPACE, type PodGiven, RainbowStage } from '../peers/rainbow-stage.js';
import { until } from '../peers/until.js';

/** Programs at once: more would only wait for one another. */
const AT_ONCE_MAX = 4;
const WAIT_MS = 60_000;
const MISSING = 'a right is missing; the rest goes on';
const SIDECAR = { spec: { containers: [{ name: 'app' }, { name: 'tidegate' }] } };
const POLICY = ['--keep=0', '--min-age=0s', '--drained-for=0s', '--delete-after=0s'];

/** One more than have an Event of their own. */
const DEAD = 11;
const COLOUR = { 'tidegate.dev/colour': 'c9' };

/** Its tidegate has just died. */
function deadPod(at: number): PodGiven {
  const ended = { exitCode: 1, reason: 'Error', finishedAt: new Date().toISOString() };
  const terminated = { ...ended, containerID: `containerd://${at}` };
  const containerStatuses = [{ name: 'tidegate', restartCount: 0, state: { terminated } }];
  return { ...SIDECAR, status: { containerStatuses } };
}

interface Town {
  readonly fake: FakeCluster;
  readonly flags: readonly string[];
}

/** A live colour with work, one that is drained, one at zero, and a tidegate that has just died. */
async function townFor(t: Test, right: Right): Promise<Town> {
  const fake = await startFakeCluster(t);
  const stage = new RainbowStage(fake);
  const port = await listenAsPods(t, fake);
  const live = stage.colour('c9', { pod: () => SIDECAR });
  stage.routes('shop', live.pods);
  stage.service('shop', COLOUR);
  for (const name of ['shop-c9-1-0', 'shop-c9-1-1']) stage.says.set(name, busy(5));
  const old = (at: number): object => ({ creationTimestamp: `202${at}-01-01T00:00:00Z` });
  stage.colour('c0', { metadata: old(0), replicas: 0 });
  stage.colour('c1', { metadata: old(1), pod: () => SIDECAR });
  for (let at = 0; at < DEAD; at++) {
    stage.pod(`died-${at}`, { ...COLOUR, app: 'shop' }, live.replicaSet, deadPod(at));
  }
  // As if another replica had counted such Events before.
  fake.before = ({ verb, resource, body }) =>
    verb === 'create' && resource === 'events' && body.includes('(combined from')
      ? status(409, 'AlreadyExists', 'there is one')
      : undefined;
  fake.denied.add(nameOf(right));
  const asked = right.needs.includes('proxy') ? ['--ask=proxy'] : [`--pod-admin=${port}`];
  const flags = [...asked, '--look-every=5s', '--rainbow=on', '--rainbow-every=5s', ...POLICY];
  return { fake, flags };
}

const nameOf = (right: Right): string => `${right.verb} ${resourceOf(right)}`;

/** What is seen of it where the right that it takes is there. */
const MARKED = 'pods are marked';
const LEADS = 'a replica leads';
const TOLD = 'Events are told';
const SCALED = 'a drained colour is scaled to zero';

const SEEN: Readonly<Record<string, (fake: FakeCluster) => boolean>> = {
  [LEADS]: (fake) => fake.objects.list('Lease').length > 0,
  [MARKED]: (fake) => {
    const { labels = {} } = fake.objects.get('Pod', NAMESPACE, 'shop-c9-1-0').metadata;
    return labels['tidegate.dev/safe-to-delete'] === 'false';
  },
  [TOLD]: (fake) => fake.objects.list('Event').length > 0,
  [SCALED]: (fake) => {
    const { spec } = fake.objects.get('Deployment', NAMESPACE, 'shop-c1');
    return (spec as { readonly replicas: number }).replicas === 0;
  },
};

/** What stands still without a right, of what is looked at here; of any other, nothing does. */
function standingStill(right: Right): readonly string[] {
  const { verb, plural } = right;
  if (plural === 'leases') return verb === 'patch' ? [] : [LEADS, MARKED, TOLD, SCALED];
  if (verb === 'watch') return [];
  if (plural === 'pods' && verb === 'list') return [MARKED, TOLD, SCALED];
  if (plural === 'pods/proxy') return [MARKED, SCALED];
  if (plural === 'pods') return [MARKED];
  if (plural === 'events') return verb === 'create' ? [TOLD] : [];
  return verb === 'delete' ? [] : [SCALED];
}

async function lacks(t: Test, right: Right): Promise<void> {
  const { fake, flags } = await townFor(t, right);
  const controller = await startController(t, fake, flags);
  const name = nameOf(right);
  const lines = (sentence: string): readonly object[] =>
    controller
      .said(sentence)
      .filter(({ verb, resource }) => `${String(verb)} ${String(resource)}` === name);
  await until(() => lines(MISSING).length > 0, controller.everything, WAIT_MS);
  const reason = withoutRight(right.verb, resourceOf(right));
  t.match(lines(MISSING), [{ level: 'warn', namespace: NAMESPACE, reason }], name);
  const still = standingStill(right);
  for (const [what, isSeen] of Object.entries(SEEN)) {
    if (still.includes(what)) continue;
    await until(
      () => isSeen(fake),
      () => `${name}: ${what}: ${controller.everything()}`,
      WAIT_MS,
    );
  }
  for (const what of still) t.notOk(SEEN[what](fake), `${name}: not that ${what}`);
  const metrics = await controller.metrics();
  const gauge = 'tidegate_controller_missing_right';
  t.equal(metrics.sum(gauge), 1, `${name}: and no other`);
  t.equal(metrics.value(gauge, { verb: right.verb, resource: resourceOf(right) }), 1);
  t.match(await controller.get('/livez'), { status: 200 });
  const isReady = async (): Promise<boolean> => (await controller.get('/readyz')).status === 200;
  await until(isReady, () => `${name}: ready: ${controller.everything()}`, WAIT_MS);
  t.equal(lines(MISSING).length, 1, `${name}: said once`);
}

for (let from = 0; from < RIGHTS.length; from += AT_ONCE_MAX) {
  const rights = RIGHTS.slice(from, from + AT_ONCE_MAX);
  t.test(`without ${rights.map(nameOf).join(', or ')} the rest goes on`, async (t) => {
    await Promise.all(rights.map((right) => lacks(t, right)));
  });
}

t.test('a right that is given back is told of, and what it is for goes on', async (t) => {
  const right = RIGHTS.find((one) => nameOf(one) === 'get leases.coordination.k8s.io') as Right;
  const { fake, flags } = await townFor(t, right);
  const controller = await startController(t, fake, flags);
  await until(() => controller.said(MISSING).length > 0, controller.everything, WAIT_MS);
  fake.denied.clear();
  const there = (): number => controller.said('a right that was missing is there').length;
  await until(() => there() > 0, controller.everything, WAIT_MS);
  t.equal(await controller.value('missing_right', { verb: 'get', resource: resourceOf(right) }), 0);
  await until(() => SEEN[MARKED](fake), controller.everything, WAIT_MS);
  t.equal(there(), 1);
});
