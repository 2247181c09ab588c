/** Where ends are told: a clock driven by hand, and everything that was told, in order. */
import { Departures } from '../../src/controller/departures.js';
import { type FindReplicaSet, Owners } from '../../src/controller/owners.js';
import type { Goodbye, WatchedPod } from '../../src/controller/contract.js';
import type { Occurrence } from '../../src/kubernetes/events.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { HandClock } from '../peers/clock.js';
import type { Random } from '../peers/random.js';
import type { LifeEvent } from './pod-lives.js';

/** The Events of a cluster: what has the same name is there once. */
export class Told {
  readonly events: Occurrence[] = [];
  private readonly names = new Set<string>();

  tell(occurrence: Occurrence): void {
    const { regarding, reason, key } = occurrence;
    const name = JSON.stringify([regarding.uid, reason, key]);
    if (this.names.has(name)) return;
    this.names.add(name);
    this.events.push(occurrence);
  }

  get messages(): readonly string[] {
    return this.events.map(({ reason, message }) => `${reason}: ${message}`);
  }
}

/** One replica. */
export class DepartedStage {
  readonly clock: HandClock;
  readonly told: Told;
  readonly outcomes: Goodbye[] = [];
  readonly said: string[] = [];
  readonly departures: Departures;
  areOwnersKnown = true;
  find: FindReplicaSet = () => undefined;
  private readonly known = new Map<string, WatchedPod>();

  constructor(startMs: number, told = new Told(), clock = new HandClock(new Date(startMs))) {
    this.told = told;
    this.clock = clock;
    this.departures = new Departures({
      clock,
      serverMs: () => clock.wall().getTime(),
      owners: new Owners((uid) => this.find(uid)),
      areOwnersKnown: () => this.areOwnersKnown,
      recorder: told,
      listener: {
        ended: (outcome) => this.outcomes.push(outcome),
        silent: (namespace, words) => this.said.push(`${namespace}: ${words}`),
      },
    });
  }

  /** Time comes to that moment, if it has not yet. */
  until(atMs: number): void {
    this.clock.advance(Math.max(0, atMs - this.clock.wall().getTime()));
  }

  /** As an informer tells it. */
  hear({ pod, isGone, atMs }: LifeEvent): void {
    this.until(atMs);
    const before = this.known.get(pod.uid);
    if (isGone) this.known.delete(pod.uid);
    else this.known.set(pod.uid, pod);
    const { departures } = this;
    if (isGone) departures.heard({ type: 'gone', last: pod });
    else if (before === undefined) departures.heard({ type: 'added', now: pod });
    else departures.heard({ type: 'changed', now: pod, before });
  }

  /** It is asked. */
  look(pod: WatchedPod, answer: PodAnswer): void {
    this.departures.looked(pod, { answer, atMs: this.clock.now() });
  }
}

export function lived(life: readonly LifeEvent[]): DepartedStage {
  const stage = new DepartedStage(life[0].atMs);
  for (const event of life) stage.hear(event);
  return stage;
}

/** Some come twice, some not at all, and all in any order; but the last state is always told. */
export function muddled(life: readonly LifeEvent[], random: Random): readonly LifeEvent[] {
  const last = life[life.length - 1];
  const kept = life.slice(0, -1).filter(() => !random.once(3));
  const twice = [...kept, ...kept.filter(() => random.once(3)), last];
  const events = random.once(2) ? random.shuffle(twice) : twice;
  return [...events, last].map((event) => ({ ...event, atMs: last.atMs }));
}
