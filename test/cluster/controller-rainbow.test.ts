/**
 * Rainbow deploys with the controller: three colours, and nobody who types a command but to promote. Old
 * ones burn down, shrink, are scaled to zero and deleted; one that is paused is not; one that traffic is
 * moved back to in the middle of its drain has all it had. Clients of the live colour notice none of it.
 */
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { PAUSE_ANNOTATION } from '../../src/kubernetes/keys.js';
import type { Values } from '../charts/render.js';
import { Controllers, polled } from './controllers.js';
import { isNothingLost } from './goodbyes.js';
import { type Held, hold } from './held.js';
import { isReady, type Namespace, type Pod } from './namespace.js';
import { clientsOfTheLive, noticedNothing, THROUGH_PLAN } from './rainbow-clients.js';
import { GROUP, Rainbow } from './rainbows.js';
import { testWithHelm } from './release.js';

/** As commits are abbreviated; one may be digits alone. */
const [FIRST, SECOND, THIRD] = ['5fd0a1c', '0b7e42d', '1234567'];
const REPLICAS = 2;
const DONE_MS_MAX = 60_000;
/** The kubelet writes such files anew when it hears of the change, or a minute later. */
const HEEDED_MS_MAX = 120_000;
const POLICY = {
  ...{ enabled: true, every: '5s', keep: 0, minAge: '0s', drainedFor: '3s', deleteAfter: '3s' },
  ...{ maxAge: 'off', lightlyUsed: 'off' },
};
const CLEANS: Values = { rainbow: POLICY };
/** Asks the old ones to leave. */
const HURRIES: Values = { rainbow: { ...POLICY, maxAge: '1s' } };
const SWEEPS = 3;
const COLOURS = 'tidegate_controller_colours';
const SWEPT = 'tidegate_controller_last_sweep_timestamp_seconds';

interface Stage {
  readonly rainbow: Rainbow;
  readonly namespace: Namespace;
  readonly controllers: Controllers;
  /** One of the pods of the first colour, and what its client holds; the other one's. */
  readonly pods: readonly Pod[];
  readonly held: readonly Held[];
}

testWithHelm(
  'three colours are looked after, and only promoted by hand',
  async (t, cluster, helm) => {
    const rainbow = await Rainbow.create(t, cluster, FIRST, REPLICAS);
    const { namespace } = rainbow;
    const [controllers, through] = await Promise.all([
      Controllers.install(t, namespace, helm[4], CLEANS),
      namespace.load(t),
    ]);
    const target = await namespace.serves(GROUP);
    await through.start(target, THROUGH_PLAN);
    const pods = await rainbow.pods(FIRST);
    const held = await Promise.all(
      pods.map(({ status }) => hold(t, namespace, [`${status.podIP}:8080`])),
    );
    const stage = { rainbow, namespace, controllers, pods, held };
    await isPromoted(t, stage, SECOND);
    await isPromoted(t, stage, THIRD);
    const live = await clientsOfTheLive(t, namespace, target);
    await deletesTheDrained(t, stage);
    await shrinks(t, stage);
    // By hand nobody waits until pods are ready: new requests find none for a moment, with or without us.
    isNothingLost(t, await through.stop());
    await givesBackInDrain(t, stage);
    const again = await namespace.load(t);
    await again.start(target, THROUGH_PLAN);
    await heedsPause(t, stage);
    await endsWithOne(t, stage);
    const seen = await live.report();
    await live.stop();
    noticedNothing(t, await again.stop(), seen);
  },
);

async function isPromoted(t: Test, { rainbow }: Stage, colour: string): Promise<void> {
  const from = await rainbow.live();
  await rainbow.brings(colour, REPLICAS);
  t.equal(await rainbow.live(), from, `${colour} is there, and not live`);
  t.comment(await rainbow.does('promote', GROUP, colour, '--yes'));
  t.equal(await rainbow.live(), colour, `${colour} is promoted`);
}

/** The second colour has no clients; the first one has two. */
async function deletesTheDrained(t: Test, { rainbow }: Stage): Promise<void> {
  const isDeleted = async (): Promise<boolean> => !(await rainbow.colours()).includes(SECOND);
  const fromMs = performance.now();
  await polled(isDeleted, `${SECOND} is deleted`, DONE_MS_MAX);
  t.comment(`${SECOND} was gone after ${Math.round(performance.now() - fromMs)} ms`);
  t.same(await rainbow.colours(), [THIRD, FIRST].sort(), 'the drained one is deleted, no other');
  t.equal((await rainbow.deployment(FIRST))?.spec.replicas, REPLICAS, 'what is used stays');
}

/** One of the first colour's pods has no client any more. */
async function shrinks(t: Test, { rainbow, pods, held }: Stage): Promise<void> {
  const [idle, used] = pods.map(({ metadata: { name } }) => name);
  held[0].leave();
  const isShrunk = async (): Promise<boolean> =>
    (await rainbow.deployment(FIRST))?.spec.replicas === 1;
  await polled(isShrunk, `${FIRST} has one pod less`, DONE_MS_MAX);
  const left = async (): Promise<readonly string[]> =>
    (await rainbow.pods(FIRST)).map(({ metadata: { name } }) => name);
  await polled(async () => !(await left()).includes(idle), `${idle} is gone`, DONE_MS_MAX);
  t.same(await left(), [used], 'the idle pod went');
  t.equal(held[1].endings.size, 0, "and the other's client is still there");
}

/** Traffic is moved back, by somebody who knows nothing of drains, to what is asked to leave. */
async function givesBackInDrain(t: Test, stage: Stage): Promise<void> {
  const { rainbow, namespace, controllers, pods, held } = stage;
  const { name } = pods[1].metadata;
  const phase = async (): Promise<string> => (await namespace.admin<Status>(name, '/status')).phase;
  await controllers.upgrade(HURRIES);
  await polled(async () => (await rainbow.drain(name)) === 'true', `${name} is asked`, DONE_MS_MAX);
  await polled(async () => (await phase()) !== 'serving', `${name} drains`, HEEDED_MS_MAX);
  const fromMs = performance.now();
  await rainbow.moves(FIRST);
  const isBack = async (): Promise<boolean> => (await rainbow.drain(name)) === undefined;
  await polled(isBack, `the drain of ${name} is taken back`, DONE_MS_MAX);
  t.comment(`its drain was taken back after ${Math.round(performance.now() - fromMs)} ms`);
  const areAll = async (): Promise<boolean> =>
    (await rainbow.pods(FIRST)).filter(isReady).length === REPLICAS;
  await polled(areAll, `${FIRST} has all its pods again`, DONE_MS_MAX);
  await polled(async () => (await phase()) === 'serving', `${name} serves again`, HEEDED_MS_MAX);
  const { lostTraffic, drainAsked, drainedSince, replicas } = await rainbow.memory(FIRST);
  t.same(
    [lostTraffic, drainAsked, drainedSince, replicas],
    Array(4).fill(undefined),
    'timers are reset',
  );
  t.equal(held[1].endings.size, 0, 'and its client has not noticed');
}

/** One pod is idle, all are too old: everything is due. */
async function heedsPause(t: Test, { rainbow, namespace, controllers }: Stage): Promise<void> {
  const deployment = ['deployment', `${GROUP}-${FIRST}`];
  await namespace.kubectl(['annotate', ...deployment, `${PAUSE_ANNOTATION}=true`]);
  await rainbow.moves(THIRD);
  const isHeld = async (): Promise<boolean> =>
    (await controllers.leaders()).value(COLOURS, { group: GROUP, state: 'held' }) === 1;
  await polled(isHeld, `${FIRST} is held`, DONE_MS_MAX);
  await isSwept(controllers, SWEEPS);
  const pods = await rainbow.pods(FIRST);
  t.equal(pods.filter(isReady).length, REPLICAS, 'nothing is taken from what is paused');
  const asked = await Promise.all(pods.map(({ metadata }) => rainbow.drain(metadata.name)));
  t.same(asked, [undefined, undefined], 'and nobody is asked to leave it');
  await namespace.kubectl(['annotate', ...deployment, `${PAUSE_ANNOTATION}-`]);
}

/** Looked at so often from now on. */
async function isSwept(controllers: Controllers, times: number): Promise<void> {
  const swept = async (): Promise<number> => (await controllers.leaders()).value(SWEPT);
  for (let last = await swept(), time = 0; time < times; time++) {
    await polled(async () => (await swept()) > last, 'all groups are looked at', DONE_MS_MAX);
    last = await swept();
  }
}

async function endsWithOne(t: Test, { rainbow, held }: Stage): Promise<void> {
  const isLess = async (): Promise<boolean> => (await rainbow.pods(FIRST)).length < REPLICAS;
  await polled(isLess, `${FIRST} shrinks, as it is not paused any more`, DONE_MS_MAX);
  t.equal(held[1].endings.size, 0, 'the client of the other pod is still there');
  held[1].leave();
  const isLast = async (): Promise<boolean> => (await rainbow.colours()).length === 1;
  await polled(isLast, `${FIRST} is deleted`, DONE_MS_MAX);
  t.same(await rainbow.colours(), [THIRD], 'the live one is left');
  t.equal((await rainbow.pods(THIRD)).filter(isReady).length, REPLICAS, 'with all of its pods');
}
