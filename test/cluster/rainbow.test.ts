/**
 * Rainbow deploys as a user has them, by the command line: three colours, a promotion each, old ones
 * that burn down, a rollback to one that is being drained, and clean-ups that delete what nobody uses and
 * nothing else. Clients of the live colour, and requests through the Service, notice none of it.
 */
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { until } from '../peers/until.js';
import { testOnCluster } from './cluster.js';
import { type Held, hold } from './held.js';
import { isReady, type Namespace, type Pod } from './namespace.js';
import { clientsOfTheLive, noticedNothing, THROUGH_PLAN } from './rainbow-clients.js';
import { cleaning, GROUP, Rainbow } from './rainbows.js';

/** As commits are abbreviated; one may be digits alone. */
const [FIRST, SECOND, THIRD] = ['5fd0a1c', '0b7e42d', '1234567'];
const REPLICAS = 2;
const OPEN_MS_MAX = 30_000;
/** The kubelet writes such files anew when it hears of the change, or a minute later. */
const HEEDED_MS_MAX = 120_000;
/** Asks the old ones to leave. */
const AGED = cleaning({ maxAge: '1s' });

interface Stage {
  readonly rainbow: Rainbow;
  readonly namespace: Namespace;
  /** One of the pods of the first colour, and what its client holds; the other one's. */
  readonly pods: readonly Pod[];
  readonly held: readonly Held[];
}

testOnCluster(
  'three colours: promoted, burnt down, rolled back to, cleaned up',
  async (t, cluster) => {
    const rainbow = await Rainbow.create(t, cluster, FIRST, REPLICAS);
    const { namespace } = rainbow;
    const through = await namespace.load(t);
    const target = await namespace.serves(GROUP);
    await through.start(target, THROUGH_PLAN);
    const pods = await rainbow.pods(FIRST);
    const held = await Promise.all(
      pods.map(({ status }) => hold(t, namespace, [`${status.podIP}:8080`])),
    );
    const stage = { rainbow, namespace, pods, held };
    await isPromoted(t, stage, SECOND);
    await isPromoted(t, stage, THIRD);
    const live = await clientsOfTheLive(t, namespace, target);
    await deletesTheDrained(t, stage);
    await shrinks(t, stage);
    await rollsBackFromDrain(t, stage);
    await rollsForth(t, stage);
    await endsWithOne(t, stage);
    const seen = await live.report();
    await live.stop();
    noticedNothing(t, await through.stop(), seen);
  },
);

async function isPromoted(t: Test, { rainbow, namespace }: Stage, colour: string): Promise<void> {
  const { image } = namespace.cluster;
  const from = await rainbow.live();
  await rainbow.does('deploy', GROUP, colour, `--image=app=${image}`, `--image=tidegate=${image}`);
  t.equal(await rainbow.live(), from, `${colour} is deployed, and not live`);
  t.comment(await rainbow.does('promote', GROUP, colour, '--yes'));
  t.equal(await rainbow.live(), colour, `${colour} is promoted`);
  const pods = await rainbow.pods(colour);
  t.equal(pods.filter(isReady).length, REPLICAS, 'all of its pods are ready');
}

/** The second colour has no clients; the first one has two. */
async function deletesTheDrained(t: Test, { rainbow }: Stage): Promise<void> {
  const kept = await rainbow.does('cleanup', GROUP, '--yes', ...cleaning({ minAge: '1h' }));
  t.match(kept, SECOND, 'what is young is told of');
  const planned = await rainbow.does('cleanup', GROUP, '--dry-run=client', ...cleaning());
  t.comment(planned);
  t.same(await rainbow.colours(), [SECOND, THIRD, FIRST].sort(), 'and nothing is done to it');
  const isDeleted = async (): Promise<boolean> => !(await rainbow.colours()).includes(SECOND);
  await rainbow.cleansUntil(isDeleted, `${SECOND} is deleted`);
  t.same(await rainbow.colours(), [THIRD, FIRST].sort(), 'the drained one is deleted, no other');
  t.equal((await rainbow.deployment(FIRST))?.spec.replicas, REPLICAS, 'what is used stays');
  const { code, stdout } = await rainbow.run('status', GROUP, FIRST);
  t.equal(code, 3, 'and is not safe to delete');
  t.comment(stdout);
}

/** One of the first colour's pods has no client any more. */
async function shrinks(t: Test, { rainbow, pods, held }: Stage): Promise<void> {
  const [idle, used] = pods.map(({ metadata: { name } }) => name);
  held[0].leave();
  const isShrunk = async (): Promise<boolean> =>
    (await rainbow.deployment(FIRST))?.spec.replicas === 1;
  await rainbow.cleansUntil(isShrunk, `${FIRST} has one pod less`);
  const left = async (): Promise<boolean> =>
    (await rainbow.pods(FIRST)).every(({ metadata: { name } }) => name !== idle);
  await until(left, `${idle} is gone`, OPEN_MS_MAX);
  const names = (await rainbow.pods(FIRST)).map(({ metadata: { name } }) => name);
  t.same(names, [used], 'the idle pod went');
  t.equal(held[1].endings.size, 0, "and the other's client is still there");
}

/** Asked to drain, then live again: all that was begun is taken back. */
async function rollsBackFromDrain(
  t: Test,
  { rainbow, namespace, pods, held }: Stage,
): Promise<void> {
  const { name } = pods[1].metadata;
  const phase = async (): Promise<string> => (await namespace.admin<Status>(name, '/status')).phase;
  const isAsked = async (): Promise<boolean> => (await rainbow.drain(name)) === 'true';
  await rainbow.cleansUntil(isAsked, `${name} is asked to drain`, AGED);
  await until(async () => (await phase()) !== 'serving', `${name} drains`, HEEDED_MS_MAX);
  t.comment(await rainbow.does('cleanup', GROUP, '--yes', ...AGED));
  t.ok((await rainbow.memory(FIRST))['lostTraffic'], 'when it lost its traffic is remembered');
  t.comment(await rainbow.does('rollback', GROUP, FIRST, '--yes'));
  t.equal(await rainbow.live(), FIRST, 'it is live again');
  t.equal(await rainbow.drain(name), undefined, 'its drain is taken back');
  t.equal(await phase(), 'serving', 'so that it serves');
  const ready = (await rainbow.pods(FIRST)).filter(isReady);
  t.equal(ready.length, REPLICAS, 'with as many pods as it had, all ready');
  const { lostTraffic, drainAsked, drainedSince, replicas } = await rainbow.memory(FIRST);
  t.same(
    [lostTraffic, drainAsked, drainedSince, replicas],
    Array(4).fill(undefined),
    'timers are reset',
  );
  t.equal(held[1].endings.size, 0, 'and its client has not noticed');
}

async function rollsForth(t: Test, { rainbow }: Stage): Promise<void> {
  t.comment(await rainbow.does('rollback', GROUP, '--yes'));
  t.equal(await rainbow.live(), THIRD, 'without a colour it goes to the one that was live before');
  t.ok((await rainbow.memory(FIRST))['lostTraffic'], 'and the timers of the other begin anew');
}

async function endsWithOne(t: Test, { rainbow, held }: Stage): Promise<void> {
  t.comment(await rainbow.does('list'));
  held[1].leave();
  const isLast = async (): Promise<boolean> => (await rainbow.colours()).length === 1;
  await rainbow.cleansUntil(isLast, `${FIRST} is deleted`);
  t.same(await rainbow.colours(), [THIRD], 'the live one is left');
  t.equal((await rainbow.pods(THIRD)).filter(isReady).length, REPLICAS, 'with all of its pods');
  t.comment(await rainbow.does('status', GROUP));
}
