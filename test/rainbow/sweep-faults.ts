/**
 * Sweeps that something goes wrong with: a group on which every action is due, faults to be had at any
 * of its calls, and what must hold whatever happens.
 */
import type { Test } from 'tap';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import { DRAIN_ANNOTATION } from '../../src/kubernetes/keys.js';
import { type Call, type Said, status } from '../peers/fake-calls.js';
import type { Mischief } from '../peers/fake-cluster.js';
import { HOUR_MS, NOW_MS, type RainbowGroup, startRainbowGroup } from '../peers/rainbow-group.js';
import { busy } from '../peers/rainbow-stage.js';

/** It lost its traffic so many hours ago. */
export const lost = (hours: number): { wasLive: true; lostTrafficMs: number } => ({
  wasLive: true,
  lostTrafficMs: NOW_MS - hours * HOUR_MS,
});

/** A live colour, and beside it what a test puts there. */
export async function withLive(t: Test): Promise<RainbowGroup> {
  const group = await startRainbowGroup(t);
  group.old('live', 30, { wasLive: true, liveSinceMs: NOW_MS - 30 * HOUR_MS });
  group.select('web', 'live');
  return group;
}

export const DUE = {
  delete: { state: { ...lost(40), scaledToZeroMs: NOW_MS - 25 * HOUR_MS }, replicas: 0 },
  zero: { state: { ...lost(30), drainedSinceMs: NOW_MS - HOUR_MS }, replicas: 2 },
} as const;

/** Every action at once: what a run of faults is made on. */
export async function everyAction(t: Test): Promise<RainbowGroup> {
  const group = await withLive(t);
  group.policy = { keep: '1' };
  group.old('deleted', 90, DUE.delete.state, { replicas: 0 });
  group.old('zeroed', 80, DUE.zero.state);
  group.old('shrunk', 70, lost(20), { replicas: 3 });
  group.says.set('shop-shrunk-1-0', busy(3));
  group.old('drained', 95, lost(60));
  for (const at of [0, 1]) group.says.set(`shop-drained-1-${at}`, busy(3));
  group.old('kept', 60, lost(2));
  return group;
}

export type Fault = (call: Call) => Said | Mischief;

export const FAULTS: Readonly<Record<string, Fault>> = {
  'a lost connection': () => 'kill',
  'a refusal (403)': () => status(403, 'Forbidden', 'User "jane" cannot do this'),
  'a conflict (409)': () => status(409, 'Conflict', 'the object has been modified'),
  'too many requests (429)': () =>
    status(429, 'TooManyRequests', 'slow down', { 'retry-after': '1' }),
  'an error (500)': () => status(500, 'InternalError', 'etcd is gone'),
};

/** What must hold whatever goes wrong. */
export function nothingWrong(t: Test, group: RainbowGroup, fault: string): void {
  t.equal(group.replicas('live'), 2, `${fault}: the live colour is as it was`);
  t.equal(group.replicas('kept'), 2, `${fault}: so is the one that is kept`);
  t.equal(group.replicas('drained'), 2, `${fault}: so is one whose pods are at work`);
  const shrunk = group.podsOf('shrunk').map(({ metadata }) => metadata.name);
  t.ok(shrunk.includes('shop-shrunk-1-0'), `${fault}: no pod went that is at work`);
}

export function isDone(group: RainbowGroup): boolean {
  const drained = group.annotationsOf('drained', DRAIN_ANNOTATION);
  return (
    group.deployment('deleted') === undefined &&
    group.replicas('zeroed') === 0 &&
    group.replicas('shrunk') === 1 &&
    drained.filter((value) => value === 'true').length === 1
  );
}

/** A run with a fault at its `n`-th call, and one without; false if the run had fewer calls. */
export async function withFaultAt(
  t: Test,
  n: number,
  name: string,
  fault: Fault,
): Promise<boolean> {
  const group = await everyAction(t);
  let calls = 0;
  const where = `${name} at call ${n}`;
  const act = (call: Call): Said | Mischief | undefined =>
    ++calls === n ? fault(call) : undefined;
  group.fake.before = act;
  const outcomes = await group.sweep().catch((error: unknown) => error);
  if (calls < n) return false;
  if (outcomes instanceof Error)
    t.ok(outcomes instanceof KubernetesError, `${where}: ${String(outcomes)}`);
  nothingWrong(t, group, where);
  group.fake.before = () => undefined;
  await group.sweep();
  nothingWrong(t, group, `${where}, and again`);
  t.ok(isDone(group), `${where}: the next run does the rest`);
  return true;
}
