/**
 * Rainbow and a Marking on the same pods of a cluster made up: looked at and marked three times a
 * minute, and swept in between.
 */
import { Marking } from '../../src/controller/marking.js';
import { readWatchedPod } from '../../src/controller/watched-pod.js';
import { readAnswer } from '../../src/rainbow/answers.js';
import { HandClock } from '../peers/clock.js';
import type { RainbowGroup } from '../peers/rainbow-group.js';
import { NAMESPACE, quiet } from '../peers/rainbow-stage.js';

export class BothAtWork {
  readonly clock = new HandClock();
  readonly group: RainbowGroup;
  readonly foreign: string[] = [];
  private readonly marking: Marking;
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(group: RainbowGroup) {
    this.group = group;
    const { clock } = this;
    const { api } = group;
    this.marking = new Marking({
      clock,
      api: {
        patch: (...call) => {
          const patch = api.patch(...call);
          this.underWay.add(patch);
          return patch.finally(() => this.underWay.delete(patch));
        },
      },
      may: () => true,
      settings: { marks: true, deletionCost: true, safeToEvict: 'veto' },
      lookAt: (uid) => {
        const pod = this.pods.find((one) => one.metadata.uid === uid);
        if (pod === undefined) return undefined;
        const body = JSON.stringify(group.says.get(pod.metadata.name) ?? quiet());
        const answer = readAnswer({ status: 200, body, atMs: undefined });
        return { answer, atMs: clock.now() };
      },
      lookEveryMs: 20_000,
      ownerOf: (pod) => pod,
      blind: () => undefined,
      hurry: () => undefined,
      told: () => undefined,
      foreign: (_, mark, value) => this.foreign.push(`${mark} ${value}`),
    });
    this.marking.start();
  }

  private get pods(): ReturnType<RainbowGroup['podsOf']> {
    return this.group.fake.objects.list('Pod', NAMESPACE);
  }

  /** What was written in these rounds of a minute. */
  async rounds(count: number): Promise<string[]> {
    const before = this.group.writes.length;
    for (let round = 0; round < count; round += 1) {
      for (const third of [1, 2, 3]) {
        this.group.nowMs += 20_100;
        this.clock.advance(20_100);
        const pods = this.pods.map(readWatchedPod);
        for (const pod of pods) this.marking.see(pod);
        for (const pod of pods) this.marking.looked(pod);
        await this.written();
        if (third === 2) await this.group.sweep();
      }
    }
    return this.group.writes.slice(before);
  }

  private async written(): Promise<void> {
    for (let turn = 0; turn < 100; turn += 1) {
      await Promise.allSettled(this.underWay);
      await Promise.resolve();
      this.clock.advance(1);
    }
  }

  costs(colour: string): (string | undefined)[] {
    return this.group.annotationsOf(colour, 'controller.kubernetes.io/pod-deletion-cost');
  }
}
