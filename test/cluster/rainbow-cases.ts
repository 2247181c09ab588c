/**
 * A group of colours for each reason that a plan may have, on paper: what its old colour is like, and
 * what is to be done with it and why. All of them are of one namespace, so that one command tells all.
 */
import type { ActionKind, Reason, State } from '../../src/rainbow/contract.js';
import type { Namespace } from './namespace.js';
import { type Paper, paperDeployment } from './paper.js';
import { type Saying, telling } from './stand-in.js';
import type { Says } from './stand-in-program.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Nobody's finalizer: what has it stays until the test is over. */
export const FINALIZER = 'tidegate.dev/of-a-test';

export interface ReasonCase {
  /** Of the group; a label. */
  readonly name: string;
  readonly action: ActionKind;
  readonly code: Reason['code'];
  /** What it may have come to by then, by another's hand. */
  readonly orCode?: Reason['code'];
  /** The sentence has it. */
  readonly words?: string;
  /** The colour that this is about is the live one. */
  readonly isLive?: true;
  readonly hasNoService?: true;
  readonly live?: Partial<Paper>;
  readonly old?: Partial<Paper>;
  /** Of its pods: they are safe. `nobody`: no port is there. */
  readonly says?: Says | 'nobody';
  /** Objects beside them. */
  readonly beside?: (group: string) => readonly object[];
  /** What is done once its pods are there; `pod` is the old colour's. */
  readonly after?: (namespace: Namespace, pod: string) => Promise<unknown>;
}

const nowMs = Date.now();
const ago = (ms: number): number => nowMs - ms;
const memory = (more: Partial<State> = {}): { readonly memory: Partial<State> } => ({
  memory: { wasLive: true, lostTrafficMs: ago(3 * HOUR_MS), ...more },
});
const DUE_AT_ZERO = memory({ drainedSinceMs: ago(HOUR_MS) });
const busy = (saying: Partial<Saying>): Says =>
  telling({ safe: false, reason: 'active', ...saying });
const ownedBy = (apiVersion: string, kind: string): Partial<Paper> => {
  const uid = '8f1c3a52-8c3e-4c5e-9d59-3d9a1a1a0001';
  return { ...DUE_AT_ZERO, metadata: { ownerReferences: [{ ...owner(apiVersion, kind), uid }] } };
};
const owner = (apiVersion: string, kind: string): object => ({
  ...{ apiVersion, kind, name: 'owner', controller: true },
});

/** Whose pods say this are not safe, and nothing else stands against them. */
const UNSAFE: readonly ReasonCase[] = [
  ...(
    [
      ['active', 'has 3 connections at work'],
      ['not-quiet', 'has not been quiet for long enough'],
      ['leases', 'has 1 lease held by its app'],
      ['settling', 'may still be sent new work'],
      ['starting', 'has an app that has not answered yet'],
    ] as const
  ).map(([reason, words]) => ({
    name: `says-${reason}`,
    says: busy({ reason, active: 3, leases: 1 }),
    words,
  })),
  { name: 'unreachable', says: 'nobody' as const, words: 'nothing listens on port' },
  { name: 'unparsable', says: { '/status': '{"phase":"well"}' }, words: 'in another form' },
  { name: 'no-tidegate', says: {}, words: 'as no tidegate does' },
  { name: 'unready', old: { ...memory(), looks: 'unready' as const }, words: 'is not ready' },
].map((one) => ({ action: 'keep', code: 'not-safe', ...one }));

const autoscaler = (group: string, labels: object): readonly object[] => [
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: `hpa-${group}`, labels },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: `${group}-old` },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    },
  },
];

const RIVALS: readonly ReasonCase[] = [
  {
    name: 'hpa',
    words: 'HorizontalPodAutoscaler hpa-hpa',
    old: { ...memory(), replicas: 2, looks: 'half' as const },
    beside: (group: string) => autoscaler(group, {}),
  },
  {
    name: 'keda',
    words: "KEDA's ScaledObject web",
    old: DUE_AT_ZERO,
    beside: (group: string) => autoscaler(group, { 'scaledobject.keda.sh/name': 'web' }),
  },
  {
    name: 'argo-rollouts',
    words: "Argo Rollouts' Rollout owner",
    old: ownedBy('argoproj.io/v1alpha1', 'Rollout'),
  },
  {
    name: 'argo-cd',
    words: "Argo CD's application web",
    old: { ...DUE_AT_ZERO, metadata: { labels: { 'argocd.argoproj.io/instance': 'web' } } },
  },
  {
    name: 'flux',
    words: "Flux's web",
    old: { ...DUE_AT_ZERO, metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'web' } } },
  },
  { name: 'owner', words: 'its owner App owner', old: ownedBy('example.com/v1', 'App') },
].map((one) => ({ action: 'keep', code: 'rival', ...one }));

/** Its new pod is nobody's to start, so that the rollout stands still. */
const ANOTHER_TEMPLATE = JSON.stringify({
  spec: { template: { metadata: { labels: { looks: 'asleep' } } } },
});

/** A Service that selects nothing, and whose endpoints somebody has written. */
export async function routeTo(namespace: Namespace, pod: string): Promise<void> {
  const targetRef = { kind: 'Pod', name: pod, namespace: namespace.name };
  await namespace.apply(
    { kind: 'Service', metadata: { name: 'by-hand' }, spec: { ports: [{ port: 80 }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'by-hand', labels: { 'kubernetes.io/service-name': 'by-hand' } },
      addressType: 'IPv4',
      ports: [{ port: 80 }],
      endpoints: [{ addresses: ['10.77.0.9'], conditions: { ready: true }, targetRef }],
    },
  );
}

/** Those of an old colour that is kept, for its own sake or for that of its group. */
const KEPT: readonly ReasonCase[] = [
  { name: 'live', action: 'keep', code: 'live', isLive: true },
  { name: 'no-live', action: 'keep', code: 'no-live-colour', hasNoService: true },
  { name: 'live-unready', action: 'keep', code: 'live-not-ready', live: { looks: 'unready' } },
  {
    name: 'odd',
    action: 'keep',
    code: 'odd',
    beside: (group) => [
      paperDeployment({ group, colour: 'old', name: `${group}-again`, replicas: 0 }),
    ],
  },
  { name: 'routed', action: 'keep', code: 'routed', after: routeTo },
  {
    name: 'deleting',
    action: 'keep',
    code: 'deleting',
    old: { ...memory(), metadata: { finalizers: [FINALIZER] } },
    after: (namespace) =>
      namespace.kubectl(['delete', 'deployment', 'deleting-old', '--wait=false']),
  },
  {
    name: 'rolling-out',
    action: 'keep',
    code: 'rolling-out',
    after: (namespace) =>
      namespace.kubectl(['patch', 'deployment', 'rolling-out-old', '-p', ANOTHER_TEMPLATE]),
  },
  {
    name: 'paused',
    action: 'keep',
    code: 'paused',
    old: memory({ drainedSinceMs: ago(HOUR_MS) }),
    after: (namespace) =>
      namespace.kubectl([
        'annotate',
        'deployment',
        'paused-old',
        'tidegate.dev/rainbow-pause=true',
      ]),
  },
  { name: 'not-promoted', action: 'keep', code: 'not-promoted', old: { memory: {} } },
  {
    name: 'emptying',
    action: 'keep',
    code: 'emptying',
    // Every 20 s the pod garbage collector calls terminating pods without a node failed: they have ended.
    orCode: 'at-zero',
    old: { ...memory(), podMetadata: { finalizers: [FINALIZER] } },
    after: (namespace) =>
      namespace.kubectl(['scale', 'deployment', 'emptying-old', '--replicas=0']),
  },
  {
    name: 'too-young',
    action: 'keep',
    code: 'too-young',
    old: memory({ lostTrafficMs: ago(10 * MINUTE_MS) }),
  },
  {
    name: 'drained',
    action: 'keep',
    code: 'drained',
    old: memory({ drainedSinceMs: ago(MINUTE_MS) }),
  },
  {
    name: 'at-zero',
    action: 'keep',
    code: 'at-zero',
    old: { ...memory({ scaledToZeroMs: ago(HOUR_MS) }), replicas: 0 },
  },
  {
    name: 'draining',
    action: 'keep',
    code: 'draining',
    old: {
      ...memory({ lostTrafficMs: ago(50 * HOUR_MS), drainAskedMs: ago(HOUR_MS) }),
      podMetadata: { annotations: { 'tidegate.dev/drain': 'true' } },
    },
    says: busy({ phase: 'draining', active: 2 }),
  },
];

/** Those for which something is done. */
const DONE: readonly ReasonCase[] = [
  {
    name: 're-selected',
    action: 'restore',
    code: 're-selected',
    isLive: true,
    live: memory(),
  },
  {
    name: 'idle-pods',
    action: 'shrink',
    code: 'idle-pods',
    old: { ...memory(), replicas: 2, looks: 'half' },
  },
  {
    name: 'too-old',
    action: 'drain',
    code: 'too-old',
    old: memory({ lostTrafficMs: ago(50 * HOUR_MS) }),
    says: busy({ active: 20 }),
  },
  {
    name: 'lightly-used',
    action: 'drain',
    code: 'lightly-used',
    old: memory({ peak: 1_000, lightlyUsedSinceMs: ago(HOUR_MS) }),
    says: busy({ active: 1 }),
  },
  { name: 'long-drained', action: 'zero', code: 'drained-long-enough', old: DUE_AT_ZERO },
  {
    name: 'long-zero',
    action: 'delete',
    code: 'zero-long-enough',
    old: { ...memory({ scaledToZeroMs: ago(25 * HOUR_MS) }), replicas: 0 },
  },
];

export const REASON_CASES: readonly ReasonCase[] = [...KEPT, ...UNSAFE, ...RIVALS, ...DONE];

/** The old colour of a case, and the live one; `port` is where the old one's pods are asked. */
export function papersOf(one: ReasonCase, port: number): readonly [live: Paper, old: Paper] {
  const group = one.name;
  return [
    { group, colour: 'live', port, ...one.live },
    { group, colour: 'old', port, ...memory(), ...one.old },
  ];
}
