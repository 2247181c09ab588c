/**
 * What the clean-up may do in a namespace of colours, right by right: what the chart's Role is held to,
 * and what the cluster's tests give it and take from it. Nothing here is rendered.
 */
import type { KubernetesObject } from './render.js';

export interface Right {
  /** Of the API; empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

const list = (group: string, resource: string): Right => ({ group, resource, verb: 'list' });

/** What it takes to see what there is. */
export const LOOKING: readonly Right[] = [
  list('apps', 'deployments'),
  list('apps', 'replicasets'),
  list('', 'pods'),
  list('', 'services'),
  list('discovery.k8s.io', 'endpointslices'),
  list('autoscaling', 'horizontalpodautoscalers'),
];
/** And to do something about it. */
export const CHANGING: readonly Right[] = [
  { group: 'apps', resource: 'deployments', verb: 'patch' },
  { group: 'apps', resource: 'deployments', verb: 'delete' },
  { group: '', resource: 'pods', verb: 'patch' },
];
/** And to ask pods through the API server. */
export const BY_PROXY: readonly Right[] = [{ group: '', resource: 'pods/proxy', verb: 'get' }];

/** What `cleanup` needs as the chart runs it. */
export const RIGHTS: readonly Right[] = [...LOOKING, ...CHANGING];

/** As the program names one: `list on deployments.apps`. */
export function rightName({ group, resource, verb }: Right): string {
  return `${verb} on ${resource}${group === '' ? '' : `.${group}`}`;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role's, one by one. */
export function rightsOf(role: KubernetesObject): readonly Right[] {
  return (role['rules'] as readonly Rule[]).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
    ),
  );
}

/** A Role's rules, from rights. */
export function rulesFor(rights: readonly Right[]): readonly Rule[] {
  return rights.map(({ group, resource, verb }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [verb],
  }));
}
