/**
 * What is ended in which phase: tells the tunnels' policy and starts and stops those who end
 * connections. Knows what is still on its way out when nothing is at work any more.
 */
import type { Clock } from '../clock.js';
import type { Tracker } from '../tracker.js';
import type { Tunnel } from '../tunnel/tunnel.js';
import type { Policy } from '../tunnel/policy.js';
import { type Budget, farewellsEndMs, windowOpensMs } from './budget.js';
import { Farewells } from './farewells.js';
import { type Ended, endByForce, type Force } from './forced.js';
import { IdleEnds } from './idle-ends.js';
import type { Phase } from './phase.js';
import type { Chance } from './schedule.js';

export interface EndingsSettings {
  /** Goodbyes per second, at most. */
  readonly closeRate: number;
  /** For how long a connection may stay quiet once balancers have settled. */
  readonly idleFarewellMs: number;
  /** Upgrades that come in draining; later ones are refused. */
  readonly lateUpgrades: 'accept' | 'refuse';
}

/** What endings act on. */
export interface EndingsParts {
  readonly clock: Clock;
  readonly tracker: Tracker;
  /** What the drain sets of it: that there is one, and what becomes of upgrades. */
  readonly policy: Pick<Policy, 'isDraining' | 'refusesUpgrades'>;
  readonly random: Chance;
}

/** Tunnels that part have limits of their own; a drain waits no longer than the longest of them. */
export const PARTING_MS_MAX = 6_000;

export class Endings {
  private readonly parts: EndingsParts;
  private readonly settings: EndingsSettings;
  private readonly farewells: Farewells;
  private readonly idleEnds: IdleEnds;
  private settledMs: number | undefined;
  /** Since when, in this phase, nothing but parting has been left. */
  private partingMs: number | undefined;

  constructor(parts: EndingsParts, settings: EndingsSettings) {
    const { clock, tracker, random } = parts;
    this.parts = parts;
    this.settings = settings;
    this.farewells = new Farewells(clock, tracker, settings.closeRate, random);
    this.idleEnds = new IdleEnds(clock, tracker, settings.idleFarewellMs);
  }

  /** The drain has come to `phase`. */
  enter(phase: Phase, budget: Budget): void {
    const { policy } = this.parts;
    this.partingMs = undefined;
    policy.isDraining = phase !== 'serving';
    if (phase === 'draining' || phase === 'closing') this.goOn(phase, budget);
    else this.stop();
    if (phase === 'drained') return; // what was refused before is refused
    const isLate = phase === 'draining' && this.settings.lateUpgrades === 'refuse';
    policy.refusesUpgrades = isLate || phase === 'closing';
    if (phase === 'serving') this.settledMs = undefined;
  }

  /** When the close window has to open for as many as there are now. */
  windowOpensMs(budget: Budget): number {
    return windowOpensMs(budget, this.farewells.count, this.settings.closeRate);
  }

  /**
   * Nothing is at work, but somebody is still on the way out: an idle connection that may yet
   * speak, a slow reader who has not got the end of an answer, a tunnel that is being ended, a probe
   * that has yet to be answered.
   */
  areUnderWay(): boolean {
    if (this.idleEnds.isUnderWay) return true;
    let isParting = false;
    for (const tunnel of this.parts.tracker.tunnels()) {
      if (tunnel.owesClient) return true;
      isParting ||= tunnel.isParting || tunnel.isBusy;
    }
    const { clock, tracker } = this.parts;
    if (!isParting) this.partingMs = undefined;
    else this.partingMs = Math.max(this.partingMs ?? clock.now(), tracker.quietSinceMs);
    return this.partingMs !== undefined && clock.now() < this.partingMs + PARTING_MS_MAX;
  }

  /** What the app took is at work with it, or on its way out; who has parted only lingers. */
  hasWorkWithApp(): boolean {
    if (this.hasWorkInApp()) return true;
    return this.some(({ owesClient, isParting, hasParted }) => {
      return owesClient || (isParting && !hasParted);
    });
  }

  /** The app itself is at it, and its socket open: its container lives. */
  hasWorkInApp(): boolean {
    return this.some(({ active, hasApp, isOther }) => active && hasApp && !isOther);
  }

  /** Whoever never got the app is answered elsewhere, and an idle connection may yet ask for that. */
  hasWorkElsewhere(): boolean {
    if (this.idleEnds.isUnderWay) return true;
    return this.some(({ active, app, client, hasApp, isOther }) => {
      // Checks of TCP come and go without a word: nobody is asked anything.
      if (app === undefined) return active && client.bytesRead > 0;
      return active && isOther && hasApp;
    });
  }

  /** Ends everything, and tells `done` what that comes to. */
  byForce(force: Force, done: (ended: Ended) => void): void {
    const { clock, tracker, policy } = this.parts;
    this.stop();
    policy.refusesUpgrades = true;
    endByForce(clock, tracker, force, done);
  }

  private goOn(phase: 'draining' | 'closing', budget: Budget): void {
    if (this.settledMs === undefined) {
      this.settledMs = this.parts.clock.now();
      this.farewells.settled();
    }
    this.idleEnds.begin(this.settledMs);
    const { deadlineMs } = budget;
    if (phase === 'closing') this.farewells.open({ untilMs: farewellsEndMs(budget), deadlineMs });
  }

  private some(holds: (tunnel: Tunnel) => boolean): boolean {
    for (const tunnel of this.parts.tracker.tunnels()) if (holds(tunnel)) return true;
    return false;
  }

  private stop(): void {
    this.farewells.stop();
    this.idleEnds.stop();
  }
}
