/**
 * Tells what becomes of one group's colours: as Events, and to whoever listens. What stands for long,
 * a rival or a standstill, is told once and not at every look.
 */
import type { Clock } from '../clock.js';
import type { Recorder } from '../kubernetes/events.js';
import type { ColourFacts, Facts, Plan, Policy, Rival, Step } from '../rainbow/contract.js';
import type { Group } from '../rainbow/facts.js';
import { reasonWords, rivalWords } from '../rainbow/sentences.js';
import { standingOf } from '../rainbow/standing.js';
import { type Outcome, wasTried } from '../rainbow/sweep.js';
import {
  type ColourDeed,
  deedOf,
  deedTold,
  planTold,
  plannedDeed,
  rivalTold,
  standstillTold,
} from './colour-words.js';

export interface TellingListener {
  /** `isNews`: not the same as the last one of this colour. */
  acted(deed: ColourDeed, isNews: boolean): void;
  /** Something would undo what is due with a Deployment. */
  rival(group: Group, deployment: string, words: string): void;
  /** Nothing is taken away in a group; and then that is over. */
  standstill(group: Group, words: string): void;
  goesOn(group: Group): void;
}

/** Live pods that are not ready for a moment are nobody's concern. */
const STANDSTILL_MS = 60_000;

interface Standstill {
  readonly words: string;
  readonly sinceMs: number;
  isTold: boolean;
}

export class Telling {
  private readonly group: Group;
  private readonly parts: {
    readonly recorder: Recorder;
    readonly listener: TellingListener;
    readonly clock: Clock;
  };
  private readonly rivals = new Set<string>();
  /** By the Deployment's uid. */
  private readonly last = new Map<string, string>();
  private standstill: Standstill | undefined;

  constructor(group: Group, parts: Telling['parts']) {
    this.group = group;
    this.parts = parts;
  }

  /** What a look has shown that stands against a plan. */
  noticed(facts: Facts, plan: Plan, policy: Policy): void {
    this.noticeStandstill(facts, policy);
    plan.steps.forEach(({ reason }, at) => {
      const colour = facts.colours[at];
      if (reason.code !== 'rival') return;
      const words = rivalWords(reason.rival, reason.fight);
      this.noticeRival(facts, colour, reason.rival, words);
    });
    const uids = new Set(facts.colours.map(({ deployment }) => deployment.uid));
    for (const uid of this.last.keys()) if (!uids.has(uid)) this.last.delete(uid);
  }

  private noticeRival(facts: Facts, colour: ColourFacts, rival: Rival, words: string): void {
    const { uid, name } = colour.deployment;
    const key = `${uid} ${rival.kind} ${rival.name}`;
    if (this.rivals.has(key)) return;
    this.rivals.add(key);
    this.parts.recorder.tell(rivalTold({ facts, colour }, rival, words));
    this.parts.listener.rival(this.group, name, words);
  }

  private noticeStandstill(facts: Facts, policy: Policy): void {
    const { standstill: reason } = standingOf(facts, policy);
    const now = this.parts.clock.now();
    const words = reason === undefined ? undefined : reasonWords(reason, facts.nowMs);
    if (words !== this.standstill?.words) {
      if (words === undefined && this.standstill?.isTold === true) {
        this.parts.listener.goesOn(this.group);
      }
      this.standstill = words === undefined ? undefined : { words, sinceMs: now, isTold: false };
    }
    const { standstill } = this;
    if (standstill === undefined || standstill.isTold) return;
    if (now - standstill.sinceMs < STANDSTILL_MS) return;
    standstill.isTold = true;
    const colour = facts.colours.find(({ isOdd }) => isOdd) ?? facts.colours.at(-1);
    if (colour !== undefined) {
      this.parts.recorder.tell(standstillTold({ facts, colour }, standstill.words));
    }
    this.parts.listener.standstill(this.group, standstill.words);
  }

  /** A step is over. */
  done(facts: Facts, colour: ColourFacts, outcome: Outcome): void {
    if (!wasTried(outcome)) return;
    const place = { facts, colour };
    const occurrence = deedTold(place, outcome);
    if (occurrence !== undefined) this.parts.recorder.tell(occurrence);
    this.tell(colour, deedOf(place, outcome));
  }

  /** A step would be done. */
  planned(facts: Facts, colour: ColourFacts, step: Step, target: string): void {
    const place = { facts, colour };
    this.parts.recorder.tell(planTold(place, step, target));
    this.tell(colour, plannedDeed(place, step));
  }

  private tell({ deployment: { uid } }: ColourFacts, deed: ColourDeed | undefined): void {
    if (deed === undefined) return;
    const { action, result, reason } = deed;
    const text = `${action} ${result} ${reason}`;
    const isNews = result === 'done' || this.last.get(uid) !== text;
    this.last.set(uid, text);
    this.parts.listener.acted(deed, isNews);
  }
}
