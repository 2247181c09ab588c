/**
 * Pods of a cluster made up, what they say, and a Marking on top of them: looked at when a test
 * says so or in rounds, with a watch that tells of each change at once.
 */
import type { Looked, WatchedPod } from '../../src/controller/contract.js';
import { Marking, type MarkingOf } from '../../src/controller/marking.js';
import { recordedOn } from '../../src/controller/marks.js';
import { readWatchedPod } from '../../src/controller/watched-pod.js';
import type { Resource, Writing } from '../../src/kubernetes/api.js';
import { RefusedError } from '../../src/kubernetes/fault.js';
import type { KnownAnswer, PodAnswer } from '../../src/rainbow/contract.js';
import { HandClock } from '../peers/clock.js';
import { FakeObjects, type Given, Refused } from '../peers/fake-objects.js';
import { SAFE } from '../peers/rainbow.js';
import { podObject, type PodObjectGiven } from '../peers/pod-objects.js';

export const LOOK_MS = 20_000;
export const NOT_QUIET: PodAnswer = {
  ...(SAFE as KnownAnswer),
  safe: false,
  reason: 'not-quiet',
};
const HURRY_MS = 1_100;

export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `p${at}`);

export interface Written {
  readonly name: string;
  readonly atMs: number;
  readonly merge: object;
  readonly writing: Writing | undefined;
}

export class Markings {
  readonly clock = new HandClock();
  readonly objects = new FakeObjects(() => this.clock.wall().getTime());
  readonly written: Written[] = [];
  readonly told: string[] = [];
  readonly foreign: string[] = [];
  readonly hurried: string[] = [];
  readonly blind: boolean[] = [];
  /** By uid of their ReplicaSets. */
  readonly deployments = new Map<string, string>();
  /** What each says when it is asked. */
  says: (name: string) => PodAnswer | undefined = () => undefined;
  isLeader = true;
  /** Thrown in the place of a patch. */
  error: ((name: string) => Error | undefined) | undefined;
  /** A patch is answered once this has come true. */
  gate: Promise<void> | undefined;
  isWatched = true;
  readonly marking: Marking;
  private readonly looks = new Map<string, Looked>();

  constructor(settings: Partial<MarkingOf['settings']> = {}) {
    const { clock } = this;
    this.objects.onChange = (change, object) => {
      if (change === 'deleted') this.marking.forget(object.metadata.uid);
      else if (this.isWatched) this.marking.see(readWatchedPod(object));
    };
    this.marking = new Marking({
      api: { patch: (...call) => this.patch(...call) },
      clock,
      may: () => this.isLeader,
      settings: { marks: true, deletionCost: true, safeToEvict: 'veto', ...settings },
      lookAt: (uid) => this.looks.get(uid),
      lookEveryMs: LOOK_MS,
      ownerOf: ({ owner, uid }) => ({
        uid: this.deployments.get(owner?.uid ?? '') ?? owner?.uid ?? uid,
      }),
      blind: (isBlind) => this.blind.push(isBlind),
      hurry: (uid) => {
        this.hurried.push(uid);
        clock.after(HURRY_MS, () => this.look(uid.replace('uid-', '')));
      },
      told: ({ pod, result }) => this.told.push(`${pod.name} ${result}`),
      foreign: (pod, mark, value) => this.foreign.push(`${pod.name} ${mark} ${value}`),
    });
    this.marking.start();
  }

  private async patch(
    _resource: Resource,
    namespace: string,
    name: string,
    merge: object,
    writing?: Writing,
  ): Promise<unknown> {
    this.written.push({ name, atMs: this.clock.now(), merge, writing });
    await this.gate;
    const error = this.error?.(name);
    if (error !== undefined) throw error;
    try {
      return this.objects.patch('Pod', namespace, name, merge);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const isOther = error.code === 422;
      const reason = isOther ? 'Conflict' : error.reason;
      throw new RefusedError(error.message, isOther ? 409 : error.code, reason);
    }
  }

  put(name: string, given: PodObjectGiven = {}): void {
    this.objects.put({ kind: 'Pod', ...podObject(name, given) } as Given);
  }

  pod(name: string, namespace = 'web'): WatchedPod {
    return readWatchedPod(this.objects.get('Pod', namespace, name));
  }

  /** What stands on it: `active some 10 false`. */
  stands(name: string): string {
    const { marks } = this.pod(name);
    const { summary } = recordedOn(marks);
    if (summary === undefined) return 'nothing';
    const { safe, reason, level } = summary;
    const words = [safe ? 'safe' : reason, level, marks.cost, marks.evict];
    return words.filter((word) => word !== undefined).join(' ');
  }

  /** It is asked, and says that, if it is not told by `says`. */
  look(name: string, answer = this.says(name), namespace = 'web'): void {
    const object = this.objects.find('Pod', namespace, name);
    if (object === undefined || answer === undefined) return;
    const pod = readWatchedPod(object);
    this.looks.set(pod.uid, { answer, atMs: this.clock.now() });
    this.marking.looked(pod);
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
  }

  async looked(name: string, answer: PodAnswer): Promise<void> {
    this.look(name, answer);
    await this.settle();
  }

  async pass(ms: number, stepMs = 500): Promise<void> {
    const endMs = this.clock.now() + ms;
    while (this.clock.now() < endMs) {
      this.clock.advance(Math.min(stepMs, endMs - this.clock.now()));
      await this.settle();
    }
  }

  /** Asks them all in rounds, each at its own moment of them. */
  rounds(names: readonly string[]): void {
    names.forEach((name, at) => {
      const round = (): void => {
        this.look(name);
        this.clock.after(LOOK_MS, round);
      };
      this.clock.after((LOOK_MS * (at + 0.5)) / names.length, round);
    });
  }
}
