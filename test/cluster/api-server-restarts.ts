/**
 * The API server is killed under the controller and starts again, at once or later: all watches are broken,
 * and nobody leads if it takes longer than a Lease lasts. Soon after it answers again, what has changed since
 * is seen, and what is due is done, and once.
 */
import type { Test } from 'tap';
import { SAFE_TO_DELETE_LABEL } from '../../src/kubernetes/keys.js';
import { Audit } from './audited.js';
import { Controllers, polled } from './controllers.js';
import { Namespace, type Pod } from './namespace.js';
import { AT_ONCE, OldColours } from './old-colours.js';
import { born, paperDeployment } from './paper.js';
import type { Cluster } from './cluster.js';
import { StandIn, telling } from './stand-in.js';

const GOES_ON_MS_MAX = 30_000;
const GROUPS = 3;

interface Stage {
  readonly namespace: Namespace;
  readonly standIn: StandIn;
  readonly controllers: Controllers;
  readonly audit: Audit;
}

/** A pod by itself: whoever makes those of Deployments has lost its watches, too. */
async function isMarked(t: Test, { namespace, standIn }: Stage, name: string): Promise<void> {
  const port = await standIn.open(telling({ safe: true }));
  const { spec } = paperDeployment({ group: name, colour: name, port }) as Templated;
  const metadata = { name, labels: spec.template.metadata.labels };
  const path = `/api/v1/namespaces/${namespace.name}/pods`;
  await standIn.make([{ path, object: { metadata, spec: spec.template.spec } }]);
  const made = await namespace.pod(name);
  await standIn.patch(born(namespace.name, made as Pod, 0, standIn.address));
  // What came before is none of the controller's.
  const fromMs = performance.now();
  const asked = async (): Promise<boolean> =>
    (await namespace.pod(name))?.metadata.labels?.[SAFE_TO_DELETE_LABEL] === 'true';
  await polled(asked, 'a new pod is marked', 2 * GOES_ON_MS_MAX);
  const tookMs = Math.round(performance.now() - fromMs);
  t.ok(tookMs < GOES_ON_MS_MAX, `${name}: a new pod is marked after ${tookMs} ms`);
}

interface Templated {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: object;
    };
  };
}

async function isRestarted(t: Test, stage: Stage, due: OldColours, downS: number): Promise<void> {
  const { namespace, controllers, audit } = stage;
  const { kit } = namespace.cluster;
  await Promise.all([kit?.restartApiServer(downS), due.areLeft()]);
  const fromMs = Date.now();
  const name = `down-for-${downS}-s`;
  const isZeroed = (): Promise<boolean> => Promise.resolve(!Number.isNaN(due.zeroedMs(audit)));
  await Promise.all([
    isMarked(t, stage, name),
    polled(isZeroed, 'what is due is done', 2 * GOES_ON_MS_MAX),
  ]);
  const zeroedMs = due.zeroedMs(audit) - fromMs;
  t.ok(zeroedMs < GOES_ON_MS_MAX, `${name}: what is due is done after ${zeroedMs} ms`);
  t.comment(`who leads: ${await controllers.leader()}`);
}

/** `downsS`: how long it is down each time, beside the seconds that it takes to start. */
export async function survivesRestarts(
  t: Test,
  cluster: Cluster,
  helm: string,
  downsS: readonly number[],
): Promise<void> {
  const [namespace, standIn] = await Promise.all([
    Namespace.create(t, cluster),
    StandIn.start(t, cluster),
  ]);
  const groups = await Promise.all(
    downsS.map((downS) => OldColours.create(namespace, standIn, `g${downS}-`, GROUPS)),
  );
  const controllers = await Controllers.install(t, namespace, helm, AT_ONCE);
  const stage = { namespace, standIn, controllers, audit: new Audit(namespace) };
  for (const [at, downS] of downsS.entries()) await isRestarted(t, stage, groups[at], downS);
  // Kubernetes' own controllers come back later than ours.
  for (const due of groups) {
    await due.areGone(2 * GOES_ON_MS_MAX);
    due.wentOnce(t, stage.audit);
    await due.deathsAreToldOnce(t);
  }
  for (const { metadata, status } of await controllers.pods()) {
    const restarts = status.containerStatuses?.map(({ restartCount }) => restartCount);
    t.same(restarts, [0], `${metadata.name} was there all the time`);
  }
}
