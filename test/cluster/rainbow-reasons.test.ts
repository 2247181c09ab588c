/**
 * Every reason that a clean-up gives for what it does with a colour, or does not, on objects as the
 * real controllers keep them: one command tells all of them, and changes nothing.
 */
import type { Test } from 'tap';
import type { KubernetesObject } from '../charts/render.js';
import { testOnCluster } from './cluster.js';
import { Namespace } from './namespace.js';
import { paperService, putOnPaper } from './paper.js';
import { FINALIZER, papersOf, REASON_CASES, type ReasonCase } from './rainbow-cases.js';
import { Rainbow } from './rainbows.js';
import { StandIn, telling } from './stand-in.js';

/** Nobody listens there. */
const NOBODY = 1;
/** No previous colour is kept; all else is as users have it. */
const ALL_OLD = '--keep=0';

interface Told {
  readonly colour: string;
  readonly action: string;
  readonly reason: string;
  readonly sentence: string;
}

interface Group {
  readonly group: string;
  readonly steps: readonly Told[];
}

testOnCluster(
  'each reason of a clean-up is seen',
  async (t, cluster) => {
    const [namespace, standIn] = await Promise.all([
      Namespace.create(t, cluster),
      StandIn.start(t, cluster),
    ]);
    const rainbow = new Rainbow(namespace);
    t.teardown(() => letGo(namespace));
    await stage(namespace, standIn);
    const before = await changeable(namespace);
    const text = await rainbow.does('cleanup', '--dry-run=client', ALL_OLD, '--output=json');
    const { items } = JSON.parse(text) as { readonly items: readonly Group[] };
    for (const one of REASON_CASES) isTold(t, one, items);
    t.same(await changeable(namespace), before, 'nothing was changed');
  },
  { kit: true },
);

function isTold(t: Test, one: ReasonCase, groups: readonly Group[]): void {
  const colour = one.isLive === true ? 'live' : 'old';
  const found = groups
    .find(({ group }) => group === one.name)
    ?.steps.find((step) => step.colour === colour);
  const { action, reason, sentence = '' } = found ?? {};
  const code = reason === one.orCode ? one.orCode : one.code;
  t.same([action, reason], [one.action, code], `${one.name}: ${sentence}`);
  if (one.words !== undefined) t.match(sentence, one.words, 'in the words that say which');
}

/** The live colours first: who comes later and never was live has yet to be promoted. */
async function stage(namespace: Namespace, standIn: StandIn): Promise<void> {
  const papers = await Promise.all(
    REASON_CASES.map(async (one) => papersOf(one, await portOf(standIn, one))),
  );
  await putOnPaper(
    namespace,
    standIn,
    papers.map(([live]) => live),
  );
  const services = REASON_CASES.filter(({ hasNoService }) => hasNoService !== true);
  await namespace.apply(...services.map(({ name }) => paperService(name, 'live')));
  await putOnPaper(
    namespace,
    standIn,
    papers.map(([, old]) => old),
  );
  await namespace.apply(...REASON_CASES.flatMap(({ name, beside }) => beside?.(name) ?? []));
  const podOf = async (group: string): Promise<string> =>
    (await namespace.pods(`app=${group},tidegate.dev/colour=old`))[0].metadata.name;
  const after = REASON_CASES.flatMap(({ name, after }) =>
    after === undefined ? [] : { name, after },
  );
  await Promise.all(after.map(async (one) => one.after(namespace, await podOf(one.name))));
}

async function portOf(standIn: StandIn, { says }: ReasonCase): Promise<number> {
  return says === 'nobody' ? NOBODY : standIn.open(says ?? telling({ safe: true }));
}

/** What a clean-up might have changed, and nobody else. */
async function changeable(namespace: Namespace): Promise<readonly string[]> {
  const objects = await namespace.kubectl(['get', 'deployments,services,pods', '-o', 'json']);
  const { items } = JSON.parse(objects) as { items: readonly KubernetesObject[] };
  return items.flatMap(({ kind, metadata, spec }) => {
    const { name, annotations = {} } = metadata;
    const said = Object.entries(annotations).filter(([key]) => key.includes('tidegate.dev/'));
    const { replicas, selector } = spec as { replicas?: number; selector?: object };
    if (kind === 'Pod') return said.map((one) => JSON.stringify([name, one]));
    return [JSON.stringify([kind, name, replicas, selector, said])];
  });
}

/** Finalizers would hold the namespace for ever. */
async function letGo(namespace: Namespace): Promise<void> {
  const objects = await namespace.kubectl(['get', 'deployments,pods', '-o', 'json']);
  const { items } = JSON.parse(objects) as { items: readonly Held[] };
  const held = items.filter(({ metadata }) => metadata.finalizers?.includes(FINALIZER));
  for (const { kind, metadata } of held) {
    const none = JSON.stringify({ metadata: { finalizers: null } });
    await namespace.kubectl([
      'patch',
      kind.toLowerCase(),
      metadata.name,
      '--type=merge',
      '-p',
      none,
    ]);
  }
}

interface Held {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly finalizers?: readonly string[] };
}
