/**
 * The clean-up with the rights that the chart gives it, and with each of them taken away: it is done
 * with all of them, and says which one is missing; where pods are asked through the API server, too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { DRAIN_ANNOTATION } from '../../src/kubernetes/keys.js';
import {
  BY_PROXY,
  CHANGING,
  LOOKING,
  type Right,
  rightName,
  RIGHTS,
  rulesFor,
} from '../charts/rainbow-rights.js';
import { chartFor } from '../charts/render.js';
import { until } from '../peers/until.js';
import { cleanUp, cleanUpOtherwise, type Ended, imageValues, NEVER } from './clean-ups.js';
import { type Deployment, manifest } from './manifest.js';
import { Namespace, type Pod } from './namespace.js';
import { Release, testWithHelm } from './release.js';

const RELEASE = 'tidegate';
const CRON_JOB = 'tidegate-rainbow';
const GROUP = 'web';
const RBAC = 'rbac.authorization.k8s.io';
/** Whatever is due is due at once. */
const POLICY = { keep: 0, minAge: 0, drainedFor: 0, deleteAfter: 0, maxAge: 0, lightlyUsed: false };
/** A pod is safe once it has been quiet for so long. */
const QUIET_FOR = { green: '1s', red: '1h', blue: '1s' } as const;
const SETTLED_SOON = { TIDEGATE_SETTLE_MIN: '1s', TIDEGATE_SETTLE_QUIET: '1s' };
type Colour = keyof typeof QUIET_FOR;
/** The oldest first. */
const COLOURS: readonly Colour[] = ['green', 'red', 'blue'];
/** An account without a right to change anything. */
const LOOKS = 'only-looks';
const SAFE_MS_MAX = 60_000;
const GONE_MS_MAX = 180_000;
const POLL_MS = 300;
const AGES_MS = 1_100;

/** What the Service selects is live. */
async function colours(namespace: Namespace): Promise<void> {
  for (const colour of COLOURS) {
    await namespace.apply(ofColour(namespace, colour));
    // Kubernetes tells ages in whole seconds, and one as young as the live colour waits for its turn.
    await sleep(AGES_MS);
  }
  const { service } = manifest(namespace.cluster, 'native');
  service.spec.selector = { app: 'web', 'tidegate.dev/colour': 'blue' };
  await namespace.apply(service);
}

function ofColour(namespace: Namespace, colour: Colour): Deployment {
  const settings = { ...SETTLED_SOON, TIDEGATE_QUIET_FOR: QUIET_FOR[colour] };
  const { deployment, sidecar } = manifest(namespace.cluster, 'native', {
    replicas: 1,
    graceS: 30,
    settings,
  });
  const labels = { app: 'web', 'tidegate.dev/colour': colour };
  const { metadata, spec } = deployment;
  Object.assign(metadata, { name: colour, labels: { 'tidegate.dev/rainbow': GROUP } });
  spec.selector = { matchLabels: labels };
  spec.template.metadata.labels = labels;
  // A busy machine makes nobody unready.
  Object.assign(sidecar?.readinessProbe ?? {}, { timeoutSeconds: 10 });
  return deployment;
}

const without = (missing: Right): readonly Right[] => RIGHTS.filter((right) => right !== missing);
const accountWithout = ({ verb, resource }: Right): string =>
  `without-${verb}-${resource.replace('/', '-')}`;

/** One that only looks, and for each right one that has all others; a Job has the name of its account. */
async function accounts(namespace: Namespace): Promise<void> {
  const all = [
    ...RIGHTS.map((right) => [accountWithout(right), without(right)] as const),
    ...BY_PROXY.map((right) => [accountWithout(right), RIGHTS] as const),
    [LOOKS, LOOKING] as const,
  ];
  const objects = all.flatMap(([name, rights]) => {
    const metadata = { name };
    const apiVersion = `${RBAC}/v1`;
    const roleRef = { apiGroup: RBAC, kind: 'Role', name };
    const subjects = [{ kind: 'ServiceAccount', name, namespace: namespace.name }];
    return [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      { apiVersion, kind: 'Role', metadata, rules: rulesFor(rights) },
      { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
    ];
  });
  await namespace.apply(...objects);
}

/** Each of these runs fails with the name of the right that it misses. */
async function eachIsMissed(
  t: Test,
  missing: readonly Right[],
  run: (account: string) => Promise<Ended>,
): Promise<void> {
  await Promise.all(
    missing.map(async (right) => {
      const { isComplete, message } = await run(accountWithout(right));
      t.notOk(isComplete, `without ${rightName(right)} a run fails`);
      t.match(
        message,
        `it takes the verb ${rightName(right)} in namespace`,
        "and its pod's status says so",
      );
      t.comment(message.trim());
    }),
  );
}

const podsOf = (namespace: Namespace, colour: Colour): Promise<readonly Pod[]> =>
  namespace.pods(`tidegate.dev/colour=${colour}`);

async function areThere(t: Test, namespace: Namespace, wanted: readonly Colour[]): Promise<void> {
  const names = await namespace.kubectl(['get', 'deployments', '-o', 'name']);
  const found = names.trim().split('\n').sort();
  t.same(
    found,
    wanted.map((colour) => `deployment.apps/${colour}`),
  );
}

/** Quiet for as long as its tidegate wants. */
async function isSafe(namespace: Namespace, colour: Colour): Promise<void> {
  const [{ metadata }] = await podsOf(namespace, colour);
  const asked = async (): Promise<boolean> => {
    const { verdict } = await namespace.admin<Status>(metadata.name, '/status');
    if (!verdict.safe) await sleep(POLL_MS);
    return verdict.safe;
  };
  await until(asked, `the pod of ${colour} is safe to delete`, SAFE_MS_MAX);
}

async function eachIsNeeded(t: Test, namespace: Namespace): Promise<void> {
  const run = (account: string, ...args: string[]): Promise<Ended> =>
    cleanUpOtherwise(namespace, CRON_JOB, account, { account, args });
  await eachIsMissed(t, LOOKING, run);
  for (const colour of COLOURS) await namespace.rolledOut(colour);
  await isSafe(namespace, 'green');
  const [looks] = await Promise.all([
    run(LOOKS, '--dry-run=client'),
    eachIsMissed(t, BY_PROXY, (account) => run(account, '--ask=proxy')),
  ]);
  t.ok(looks.isComplete, `whoever only looks needs no right to change anything: ${looks.said}`);
  const [patchDeployments, deleteDeployments, patchPods] = CHANGING;
  // Each leaves to the next what that one may not do: red's pod to drain, then green to delete.
  await eachIsMissed(t, [patchDeployments], (account) => run(account, '--max-age=off'));
  await eachIsMissed(t, [patchPods], run);
  await namespace.allGone('tidegate.dev/colour=green', GONE_MS_MAX);
  await eachIsMissed(t, [deleteDeployments], run);
  await areThere(t, namespace, ['blue', 'green', 'red']);
}

testWithHelm(
  'the clean-up takes each of its rights, and says which is missing',
  async (t, cluster, helm) => {
    const namespace = await Namespace.create(t, cluster);
    const release = new Release(namespace, helm[4], chartFor(t, 'charts/tidegate'), RELEASE);
    const image = imageValues(cluster.image);
    const rainbow = { enabled: true, schedule: NEVER, image, ...POLICY };
    await colours(namespace);
    await release.install({ rainbow });
    await accounts(namespace);
    await eachIsNeeded(t, namespace);
    const done = await cleanUp(namespace, CRON_JOB, 'with-all');
    t.ok(done.isComplete, `with all of them it is done: ${done.said}`);
    await areThere(t, namespace, ['blue', 'red']);
    await release.upgrade({ rainbow: { ...rainbow, ask: 'proxy' } });
    const asked = await cleanUp(namespace, CRON_JOB, 'by-proxy');
    t.ok(asked.isComplete, `and with the one for the proxy it is asked there: ${asked.said}`);
    const [drained] = await podsOf(namespace, 'red');
    t.match(drained.metadata, { annotations: { [DRAIN_ANNOTATION]: 'true' } });
    t.equal((await podsOf(namespace, 'blue')).length, 1, 'the live one is as it was');
  },
);
