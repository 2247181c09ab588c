/**
 * What a Prometheus has of the replicas of a controller, as series for `promtool test rules`: of the
 * release that rules are rendered for.
 */
import { type Series, steady } from './lives.js';
import type { Values } from './render.js';

export type Parts = readonly (readonly [untilMinute: number, value: number | undefined])[];
type Labels = Readonly<Record<string, string>>;
export type Replica = (name: string, labels: Labels, ...parts: Parts) => Series;

/** As render.ts installs it, and the rules have it. */
export const CONTROLLER = 'default/web';
export const CONTROLLED: Values = { controller: { enabled: true } };

/** What a replica tells of one thing: a value until each of these minutes. */
export function replica(pod: string): Replica {
  const target = { job: 'tidegate-controller', namespace: 'default', controller: CONTROLLER };
  return (name, labels, ...parts) =>
    steady(`tidegate_controller_${name}`, { ...target, pod, instance: `${pod}:9180`, ...labels }, ...parts);
}

export const [a, b] = ['a', 'b'].map(replica);
/** `a` does all the time. */
export const LEADS: readonly Series[] = [a('leader', {}, [200, 1]), b('leader', {}, [200, 0])];
/** `a` is killed at 30, and `b` has been told of as its successor half a minute later. */
export const SUCCEEDS: readonly Series[] = [
  a('leader', {}, [30, 1], [30.25, undefined]),
  b('leader', {}, [30.5, 0], [200, 1]),
];
/** `b` takes over at 30; both are there all the time. */
export const TURNS: readonly Series[] = [
  a('leader', {}, [30, 1], [200, 0]),
  b('leader', {}, [30, 0], [200, 1]),
];
