/**
 * The rights that the controller can need, verb by verb: what each is for, and what stands still
 * without it. The chart's role, the README and the metric `missing_right` name the same. A right that
 * is missing costs its own work alone.
 */
import {
  AUTOSCALERS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EVENTS,
  LEASES,
  PODS,
  REPLICA_SETS,
  type Resource,
  SERVICES,
} from '../kubernetes/api.js';

export interface Right {
  readonly verb: 'list' | 'watch' | 'get' | 'create' | 'patch' | 'delete';
  /** As a role has it. */
  readonly group: string;
  readonly plural: string;
  /** `own`: in the controller's own namespace; else in each that it looks after. */
  readonly where: 'watched' | 'own';
  /** What takes it; any of them will do. */
  readonly needs: readonly Need[];
  readonly without: string;
}

/**
 * A setting that is on; `proxy` is one of `ask`. `writing`: all but a dry run, since marks that are off
 * are taken away. `counting`: colours have metrics with `rainbow` off, too, and that is all these are
 * then for.
 */
export type Need = 'always' | 'writing' | 'counting' | 'rainbow' | 'proxy';

/** Pods' own ports, through the API server. */
export const PODS_PROXY: Resource = { group: '', version: 'v1', plural: 'pods/proxy' };

const UNKNOWN_PODS = 'no pod is asked, marked or told of, and no colour is changed';
const UNKNOWN_COLOURS = 'groups of colours are not seen, and no colour is changed';
/** By all of them together it is known how a colour stands. */
const COLOURS = ['rainbow', 'counting'] as const;
const LATE = 'what changes is seen half a minute late';
const NO_LEAD = 'no replica leads: nothing is marked, told or changed';

export const RIGHTS: readonly Right[] = [
  right('list', PODS, 'always', UNKNOWN_PODS),
  right('watch', PODS, 'always', LATE),
  right('patch', PODS, 'writing', 'pods are not marked, and none is asked to drain'),
  right(
    'list',
    REPLICA_SETS,
    'always',
    'Events are told of the ReplicaSet and not its Deployment, and no colour is changed',
  ),
  right('watch', REPLICA_SETS, 'always', LATE),
  right('list', DEPLOYMENTS, COLOURS, UNKNOWN_COLOURS),
  right('watch', DEPLOYMENTS, COLOURS, LATE),
  right(
    'patch',
    DEPLOYMENTS,
    'rainbow',
    'no colour is shrunk, scaled to zero or given back its replicas',
  ),
  right('delete', DEPLOYMENTS, 'rainbow', 'no colour is deleted'),
  right('list', SERVICES, COLOURS, 'which colour is live is not known, and no colour is changed'),
  right('watch', SERVICES, COLOURS, LATE),
  right(
    'list',
    ENDPOINT_SLICES,
    COLOURS,
    'which colour gets traffic is not known, and no colour is changed',
  ),
  right('watch', ENDPOINT_SLICES, COLOURS, LATE),
  right('list', AUTOSCALERS, COLOURS, 'autoscalers are not known, and no colour is changed'),
  right('watch', AUTOSCALERS, COLOURS, LATE),
  right('create', EVENTS, 'always', 'no Event is told'),
  right('patch', EVENTS, 'always', 'Events that repeat are not counted'),
  right('get', PODS_PROXY, 'proxy', 'no pod is asked: none is known to be safe'),
  right('get', LEASES, 'always', NO_LEAD, 'own'),
  right('create', LEASES, 'always', NO_LEAD, 'own'),
  right('patch', LEASES, 'always', NO_LEAD, 'own'),
];

function right(
  verb: Right['verb'],
  { group, plural }: Resource,
  needs: Need | readonly Need[],
  without: string,
  where: Right['where'] = 'watched',
): Right {
  return { verb, group, plural, where, needs: [needs].flat(), without };
}

/** `deployments.apps`, as messages of the API server have it. */
export function resourceOf({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** What stands still without it; undefined if it is none of these. */
export function withoutRight(verb: string, resource: string): string | undefined {
  return RIGHTS.find((one) => one.verb === verb && resourceOf(one) === resource)?.without;
}
