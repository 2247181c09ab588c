/**
 * The NetworkPolicy as rendered, read as Kubernetes reads one: the admin port is for those who are named,
 * every other port for everybody.
 */
import type { Test } from 'tap';
import { chartFor, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

type Labels = Readonly<Record<string, string>>;
interface Selector {
  readonly matchLabels?: Labels;
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}
interface Port {
  readonly protocol: string;
  readonly port?: number;
  readonly endPort?: number;
}
interface Policy {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress: readonly { readonly ports: readonly Port[]; readonly from?: readonly Peer[] }[];
}
interface Asker {
  readonly namespace: string;
  readonly labels: Labels;
}

const STRANGER: Asker = { namespace: 'web', labels: { app: 'web' } };
const PROMETHEUS: Asker = {
  namespace: 'monitoring',
  labels: { 'app.kubernetes.io/name': 'prometheus', 'app.kubernetes.io/instance': 'k8s' },
};
const cleanUp = (namespace: string, instance: string): Asker => ({
  namespace,
  labels: { 'app.kubernetes.io/name': 'tidegate', 'app.kubernetes.io/instance': instance },
});

function selects({ matchLabels = {} }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

/** Whether a peer stands for this pod; one without a namespaceSelector means the policy's own. */
function means(peer: Peer, own: string, { namespace, labels }: Asker): boolean {
  if (peer.ipBlock !== undefined) return false;
  const isThere =
    peer.namespaceSelector === undefined
      ? namespace === own
      : selects(peer.namespaceSelector, { 'kubernetes.io/metadata.name': namespace });
  return isThere && selects(peer.podSelector ?? {}, labels);
}

interface Rendered {
  readonly namespace: string;
  readonly spec: Policy;
  lets(asker: Asker, port: number, protocol?: string): boolean;
}

async function policies(t: Test, helm: string, values: Values = {}, others: Values = {}): Promise<Rendered[]> {
  const networkPolicy = { enabled: true, ...values };
  const { objects } = await render(helm, chartFor(t, 'charts/tidegate'), { networkPolicy, ...others }, {
    release: 'tidegate',
    namespace: 'monitoring',
  });
  return objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata: { namespace = '' }, spec }) => ({
    namespace,
    spec: spec as Policy,
    lets: (asker, port, protocol = 'TCP') =>
      (spec as Policy).ingress.some(
        ({ ports, from }) =>
          ports.some((one) => includes(one, port, protocol)) &&
          (from === undefined || from.some((peer) => means(peer, namespace, asker))),
      ),
  }));
}

function includes({ protocol, port, endPort = port }: Port, asked: number, by: string): boolean {
  return protocol === by && (port === undefined || (asked >= port && asked <= (endPort ?? port)));
}

testWithTools('the admin port is for Prometheus and the clean-up, the others for everybody', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const [policy] = await policies(t, program);
    t.same(policy.spec.podSelector, { matchLabels: { 'tidegate.dev/sidecar': 'true' } });
    t.same(policy.spec.policyTypes, ['Ingress'], 'what a pod sends is not its matter');
    for (const port of [1, 80, 8080, 9179, 9181, 65535]) t.ok(policy.lets(STRANGER, port), `${port}`);
    t.ok(policy.lets(STRANGER, 9180, 'UDP'));
    t.notOk(policy.lets(STRANGER, 9180));
    t.ok(policy.lets(PROMETHEUS, 9180));
    t.ok(policy.lets(cleanUp('monitoring', 'tidegate'), 9180));
    t.notOk(policy.lets(cleanUp('web', 'tidegate'), 9180), 'not any pod that calls itself so');
    t.notOk(policy.lets(cleanUp('monitoring', 'chat'), 9180), 'nor of another release');
  }
});

testWithTools('whoever is named is let in, and nobody else', async (t, { helm }) => {
  const [policy] = await policies(t, helm[3], {
    prometheus: [],
    cleanUp: [{ podSelector: { matchLabels: { app: 'sweeper' } } }],
    others: [{ ipBlock: { cidr: '10.0.0.10/32' } }],
  });
  t.notOk(policy.lets(PROMETHEUS, 9180));
  t.notOk(policy.lets(cleanUp('monitoring', 'tidegate'), 9180));
  t.ok(policy.lets({ namespace: 'monitoring', labels: { app: 'sweeper' } }, 9180));
  const peers = policy.spec.ingress.flatMap(({ from = [] }) => from);
  t.ok(peers.some(({ ipBlock }) => ipBlock?.cidr === '10.0.0.10/32'));
});

testWithTools('every other port can be left to the policies that are there', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const [policy] = await policies(t, program, { otherPorts: 'untouched' });
    for (const port of [1, 8080, 9180, 65535]) t.notOk(policy.lets(STRANGER, port), `${port}`);
    t.notOk(policy.lets(STRANGER, 8080, 'UDP'));
    t.ok(policy.lets(PROMETHEUS, 9180));
    t.notOk(policy.lets(PROMETHEUS, 8080));
  }
});

testWithTools('every namespace that is named has one, and an admin port at either end is closed', async (t, { helm }) => {
  const all = await policies(t, helm[4], { namespaces: ['web', 'chat'], adminPort: 1 });
  t.same(all.map(({ namespace }) => namespace), ['web', 'chat']);
  const [last] = await policies(t, helm[4], { adminPort: 65535 });
  for (const policy of all) {
    t.notOk(policy.lets(STRANGER, 1));
    t.ok(policy.lets(STRANGER, 2));
    t.ok(policy.lets(cleanUp('monitoring', 'tidegate'), 1), 'from where the release is');
  }
  t.notOk(last.lets(STRANGER, 65535));
  t.ok(last.lets(STRANGER, 65534));
});

testWithTools('a controller may ask the pods, and is asked by Prometheus alone', async (t, { helm }) => {
  const labels = {
    'app.kubernetes.io/name': 'tidegate',
    'app.kubernetes.io/instance': 'tidegate',
    'app.kubernetes.io/component': 'controller',
  };
  const controller = { enabled: true, adminPort: 9190 };
  for (const program of Object.values(helm)) {
    const all = await policies(t, program, { namespaces: ['web'] }, { controller });
    const [own] = all.filter(({ spec }) => selects(spec.podSelector, labels));
    const [pods] = all.filter((one) => one !== own);
    t.ok(pods.lets({ namespace: 'monitoring', labels }, 9180));
    t.same(own.spec.podSelector.matchLabels, labels, 'no other pods of the release');
    t.equal(own.namespace, 'monitoring');
    t.ok(own.lets(PROMETHEUS, 9190));
    t.notOk(own.lets(PROMETHEUS, 9180));
    t.notOk(own.lets(STRANGER, 9190));
    const [closed] = (await policies(t, program, { prometheus: [] }, { controller })).filter(
      ({ spec }) => selects(spec.podSelector, labels),
    );
    t.notOk(closed.lets(PROMETHEUS, 9190));
  }
});
