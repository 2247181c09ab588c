/**
 * What `tidegate controller` may do where it watches, right by right, with each of its parts on or off:
 * what the chart's Roles are held to. Nothing here is rendered.
 */
import { BY_PROXY, type Right } from './rainbow-rights.js';

const each = (group: string, resource: string, ...verbs: readonly string[]): readonly Right[] =>
  verbs.map((verb) => ({ group, resource, verb }));
const seen = (group: string, resource: string): readonly Right[] => each(group, resource, 'list', 'watch');

/** What it takes to know what there is, and to tell of it. */
export const WATCHING: readonly Right[] = [
  ...seen('', 'pods'),
  ...seen('apps', 'deployments'),
  ...seen('apps', 'replicasets'),
  ...seen('', 'services'),
  ...seen('discovery.k8s.io', 'endpointslices'),
  ...seen('autoscaling', 'horizontalpodautoscalers'),
  ...each('', 'events', 'create', 'patch'),
];
/** To write on pods what they hold. */
export const MARKING: readonly Right[] = each('', 'pods', 'patch');
/** To clean up old colours, beside `MARKING`. */
export const CLEANING: readonly Right[] = each('apps', 'deployments', 'patch', 'delete');
export const ASKING_BY_PROXY = BY_PROXY;
/** Where the release is. */
export const LEADING: readonly Right[] = each('coordination.k8s.io', 'leases', 'get', 'create', 'patch');
