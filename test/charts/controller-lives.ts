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
