/**
 * Lives of pods as a real API server told them (Kubernetes 1.34.4, containerd 1.6), of native and of
 * classic sidecars, ended in all manners: pod-lives.jsonl has the events of each in order, cut down
 * to what is read of them. Those of a node that lost a container are put together after the
 * kubelet's source, since that takes a broken node.
 */
import { readFileSync } from 'node:fs';
import type { WatchedPod } from '../../src/controller/contract.js';
import { readWatchedPod } from '../../src/controller/watched-pod.js';

export interface LifeEvent {
  /** When it was heard: the time of day. */
  readonly atMs: number;
  readonly isGone: boolean;
  readonly pod: WatchedPod;
}

interface Line {
  readonly life: string;
  readonly atMs: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: object;
}

/** By what was done to the pod, and how its sidecar was run: `kill (native)`. */
export const LIVES: ReadonlyMap<string, readonly LifeEvent[]> = readLives();

function readLives(): ReadonlyMap<string, readonly LifeEvent[]> {
  const lives = new Map<string, LifeEvent[]>();
  const text = readFileSync(new URL('pod-lives.jsonl', import.meta.url), 'utf8');
  for (const line of text.trimEnd().split('\n')) {
    const { life, atMs, type, object } = JSON.parse(line) as Line;
    const events = lives.get(life) ?? [];
    events.push({ atMs, isGone: type === 'DELETED', pod: readWatchedPod(object) });
    lives.set(life, events);
  }
  return lives;
}

export function lifeOf(name: string): readonly LifeEvent[] {
  const life = LIVES.get(name);
  if (life === undefined) throw new Error(`no pod lived as ${name}`);
  return life;
}

export const mannerOf = (life: string): string => life.split(' ')[0];

const NOTHING: readonly string[] = [];
const IDLE = /^Drained: \S+ drained in [\d.]+s: nothing was at work \(preStop\)$/;
const FAREWELL =
  /^Drained: \S+ drained in \d+s: 0 finished, 1 got a farewell, none was cut \(preStop\)$/;
const UNSEEN = /^DiedWithoutGoodbye: \S+ is gone, and nobody has seen its tidegate end: nobody/;
const KILLED =
  /^DiedWithoutGoodbye: tidegate in \S+ was killed \(exit code 137\) without a goodbye: nobody/;
const OOM =
  /^DiedWithoutGoodbye: tidegate in \S+ was killed \(OOMKilled, exit code 137\) without a goodbye: /;
const CUT =
  /^DrainCut: \S+ was cut at its deadline after 14s: 1 of 1 was cut, 0 finished, 0 got a farewell \(preStop\)$/;
/** SIGTERM to tidegate alone: its clients had a farewell, its successor nothing to do. */
const RESTARTED =
  /^Drained: \S+ drained in [\d.]+s: 0 finished, 1 got a farewell, none was cut \(SIGTERM\)$/;

/** What each manner comes to; native and classic alike, where both have been seen. */
export const ENDS: Readonly<Record<string, readonly RegExp[] | readonly string[]>> = {
  idle: [IDLE],
  early: [IDLE],
  farewell: [FAREWELL],
  short: [/^Drained: \S+ drained in 1s: 0 finished, 1 got a farewell, none was cut \(preStop\)$/],
  cut: [CUT],
  force: [UNSEEN],
  forcedrain: [UNSEEN],
  ghost: [UNSEEN],
  kill: [KILLED, IDLE],
  killdrain: [KILLED],
  oom: [OOM, IDLE],
  term: [RESTARTED, IDLE],
  badsetting: NOTHING,
  startfault: NOTHING,
  unscheduled: NOTHING,
  unpulled: NOTHING,
  job: NOTHING,
};
