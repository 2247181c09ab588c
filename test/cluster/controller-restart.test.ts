/**
 * The API server is killed under the controller and starts again, at once or after longer than a Lease
 * lasts. All watches are broken and nobody leads for a while; soon after it answers again, what has changed
 * since is seen, and what is due is done, and once.
 */
import type { Test } from 'tap';
import { SAFE_TO_DELETE_LABEL } from '../../src/kubernetes/keys.js';
import { Audit } from './audited.js';
import { Controllers, polled } from './controllers.js';
import { Namespace } from './namespace.js';
import { AT_ONCE, OldColours } from './old-colours.js';
import { type Paper, putOnPaper } from './paper.js';
import { testWithHelm } from './release.js';
import { StandIn, telling } from './stand-in.js';

const GOES_ON_MS_MAX = 30_000;
const GROUPS = 3;
/** How long it is down, beside the seconds that it takes to start. */
const DOWN_S = [0, 15];

interface Stage {
  readonly namespace: Namespace;
  readonly standIn: StandIn;
  readonly controllers: Controllers;
  readonly audit: Audit;
}

async function isRestarted(t: Test, stage: Stage, due: OldColours, downS: number): Promise<void> {
  const { namespace, standIn, controllers, audit } = stage;
  const { kit } = namespace.cluster;
  await Promise.all([kit?.restartApiServer(downS), due.areLeft()]);
  const fromMs = performance.now();
  const took = (): number => Math.round(performance.now() - fromMs);
  const port = await standIn.open(telling({ safe: true }));
  const fresh: Paper = { group: `fresh${downS}`, colour: 'only', port };
  const isMarked = async (): Promise<void> => {
    await putOnPaper(namespace, standIn, [fresh]);
    const asked = async (): Promise<boolean> => {
      const [{ metadata }] = await namespace.pods(`app=${fresh.group}`);
      return metadata.labels?.[SAFE_TO_DELETE_LABEL] === 'true';
    };
    await polled(asked, 'a new pod is marked', 2 * GOES_ON_MS_MAX);
    t.ok(took() < GOES_ON_MS_MAX, `down for ${downS} s: a new pod is marked after ${took()} ms`);
  };
  const isDone = async (): Promise<void> => {
    await due.areGone();
    t.ok(took() < GOES_ON_MS_MAX, `down for ${downS} s: what is due is done after ${took()} ms`);
  };
  await Promise.all([isMarked(), isDone()]);
  due.wentOnce(t, audit);
  await due.deathsAreToldOnce(t);
  t.comment(`who leads: ${await controllers.leader()}`);
}

testWithHelm(
  'an API server that is killed, and comes again',
  async (t, cluster, helm) => {
    const [namespace, standIn] = await Promise.all([
      Namespace.create(t, cluster),
      StandIn.start(t, cluster),
    ]);
    const groups = await Promise.all(
      DOWN_S.map((downS) => OldColours.create(namespace, standIn, `g${downS}-`, GROUPS)),
    );
    const controllers = await Controllers.install(t, namespace, helm[4], AT_ONCE);
    const stage = { namespace, standIn, controllers, audit: new Audit(namespace) };
    for (const [at, downS] of DOWN_S.entries()) await isRestarted(t, stage, groups[at], downS);
    for (const { metadata, status } of await controllers.pods()) {
      const restarts = status.containerStatuses?.map(({ restartCount }) => restartCount);
      t.same(restarts, [0], `${metadata.name} was there all the time`);
    }
  },
  { own: true },
);
