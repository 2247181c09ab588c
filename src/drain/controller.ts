/**
 * Decides when the pod may let go. Every change of phase goes through one `step()`, which asks the
 * clock and the tracker what is due and the phase table where that leads. It ends no connection
 * itself, and speaks only through its listener.
 */
import type { Timer } from '../clock.js';
import { Account } from './account.js';
import { type Budget, type BudgetSettings, budgetFrom } from './budget.js';
import { Endings, type EndingsParts, type EndingsSettings } from './endings.js';
import { type Ended, endedIn } from './forced.js';
import type { Leases } from './leases.js';
import { next, type Phase, type PhaseEvent } from './phase.js';
import type { DrainReport } from './report.js';
import { Settling } from './settling.js';
import { type Verdict, verdictOf } from './verdict.js';
import type { Waits } from './waits.js';
import { Work } from './work.js';

export interface DrainSettings extends BudgetSettings, EndingsSettings {
  readonly quietForMs: number;
  /** Where requests go that the app does not take; here it only matters whether there is such a place. */
  readonly secondChance?: object | undefined;
}

/** What a drain decides about. */
export interface DrainParts extends EndingsParts {
  readonly waits: Waits;
  readonly leases: Leases;
}

export interface DrainListener {
  began(reason: string, active: number): void;
  recalled(): void;
  drained(report: DrainReport): void;
}

export type Recall = 'recalled' | 'not-draining' | 'terminating' | 'too-late';

/** How long nothing may be active before it counts: bytes may have arrived that nobody has read. */
export const IDLE_CONFIRM_MS = 20;
/** How often settling looks whether clients still come. */
export const SETTLE_LOOK_MS = 250;
/** How often draining looks whether as many have come as need an earlier close window. */
export const WINDOW_LOOK_MS = 1_000;

interface Running {
  readonly budget: Budget;
  readonly account: Account;
  /** Nothing moves it on or back any more. */
  over: boolean;
  /** What is left is being ended by force; the drain is over when all of that is done. */
  ending: boolean;
}

export class DrainController {
  phase: Phase = 'serving';
  /** Clock time since when the phase holds. */
  sinceMs: number;
  /** Since when the pod has been told to go: there is no way back. */
  terminatingMs: number | undefined;
  appSeen = false;
  /** How often a drain has been asked for, also while one went on. */
  asks = 0;
  /** A drain by hand, of a pod that stays: readiness tells balancers to go elsewhere. */
  failsReadiness = false;
  private readonly clock: DrainParts['clock'];
  private readonly tracker: DrainParts['tracker'];
  private readonly waits: Waits;
  private readonly held: Leases;
  private readonly work: Work;
  private readonly settling: Settling;
  private readonly endings: Endings;
  private readonly settings: DrainSettings;
  private readonly listener: DrainListener;
  private running: Running | undefined;
  private timer: Timer | undefined;

  constructor(parts: DrainParts, settings: DrainSettings, listener: DrainListener) {
    this.clock = parts.clock;
    this.tracker = parts.tracker;
    this.waits = parts.waits;
    this.held = parts.leases;
    this.work = new Work(parts.tracker, parts.leases);
    this.settling = new Settling(parts.tracker, settings.settleQuietMs);
    this.endings = new Endings(parts, settings);
    this.settings = settings;
    this.listener = listener;
    this.sinceMs = this.clock.now();
  }

  get terminating(): boolean {
    return this.terminatingMs !== undefined;
  }

  get budget(): Budget | undefined {
    return this.running?.budget;
  }

  get reason(): string | undefined {
    return this.running?.account.reason;
  }

  /** How many leases hold the drain. */
  get leases(): number {
    return this.held.size;
  }

  /** Whether further work may begin on a lease: not where what is left is being ended. */
  get takesLeases(): boolean {
    const isOver = this.phase === 'drained' && this.terminating;
    return this.phase !== 'closing' && !isOver && this.running?.ending !== true;
  }

  /** Clock time since when nothing has been at work; undefined while something is. */
  get quietSinceMs(): number | undefined {
    return this.work.quietSinceMs;
  }

  /**
   * Starts a drain. One that is going on keeps its budget and its reason. A pod that is terminating
   * stays ready: Kubernetes has withdrawn it, and falls back to it where nothing else is left.
   */
  ask(reason: string, failsReadiness = false): void {
    this.asks++;
    this.failsReadiness ||= failsReadiness && !this.terminating;
    if (this.running !== undefined) return;
    const { clock, tracker } = this;
    this.running = {
      budget: budgetFrom(clock.now(), this.settings),
      account: new Account(reason, clock, tracker),
      over: false,
      ending: false,
    };
    this.settling.begin(clock.now());
    tracker.isLate = true;
    this.move('asked');
    this.listener.began(reason, tracker.activeTotal);
    this.step();
  }

  /** As `ask`, by one who knows that the pod is going away. */
  terminate(reason: string): void {
    this.terminatingMs ??= this.clock.now();
    this.waits.hold();
    this.ask(reason);
  }

  /** Takes a drain back, if nobody has been sent away yet. */
  recall(): Recall {
    if (this.running === undefined) return 'not-draining';
    if (this.terminating) return 'terminating';
    if (this.running.ending || next(this.phase, 'recalled') !== 'serving') return 'too-late';
    this.timer?.cancel();
    this.move('recalled');
    this.running = undefined;
    this.failsReadiness = false;
    this.tracker.isLate = false;
    this.listener.recalled();
    return 'recalled';
  }

  /** Waits no longer, for whatever `reason`. */
  now(reason: string): void {
    this.terminatingMs ??= this.clock.now();
    this.ask(reason);
    this.finish('now');
  }

  /**
   * The app's port refuses. If nothing it ever took is at work either, and no lease says that it
   * is, its container is dead and nothing is left to wait for but those who are answered elsewhere;
   * else it has only stopped listening, and finishes what it has.
   */
  appRefuses(): void {
    if (this.running === undefined || this.phase === 'drained' || this.servesElsewhere) return;
    if (this.leases === 0 && !this.endings.hasWorkWithApp()) this.finish('app-gone');
  }

  /**
   * Without its app it is still of use: to those who come, or are being answered elsewhere. Only
   * where the pod's end was told before: else nobody knows how much of the grace is left.
   */
  get outlivesApp(): boolean {
    const { running } = this;
    if (running === undefined || running.ending || !this.terminating) return false;
    if (this.clock.now() >= running.budget.deadlineMs || this.endings.hasWorkInApp()) return false;
    return this.servesElsewhere;
  }

  /** As `terminate`, where the app is gone, and whoever held a lease with it. */
  outlive(reason: string): void {
    this.terminate(reason);
    if (this.running !== undefined) this.running.account.leasesLost += this.held.endAll();
  }

  /** The clock or the tracker may have made something due. */
  step(): void {
    if (this.running === undefined || this.running.ending) return;
    for (let event = this.due(); event !== undefined; event = this.due()) {
      // An end by force takes a while: until it is over, the deadline would be due again and again.
      if (event === 'deadline') return this.finishSoon();
      this.move(event);
      if (this.phase === 'drained') this.report('finished');
    }
    this.arm();
  }

  verdict(): Verdict {
    const { phase, terminating, leases, appSeen } = this;
    const active = this.tracker.activeTotal;
    const now = this.clock.now();
    const quietMs = now - (this.quietSinceMs ?? now);
    const { quietForMs } = this.settings;
    return verdictOf({ phase, appSeen, active, leases, terminating, quietMs, quietForMs });
  }

  private get servesElsewhere(): boolean {
    if (this.settings.secondChance === undefined) return false;
    if (this.phase === 'serving' || this.phase === 'settling') return true;
    return this.endings.hasWorkElsewhere();
  }

  private due(): PhaseEvent | undefined {
    const { running, work } = this;
    if (running === undefined) return undefined;
    const now = this.clock.now();
    const { budget } = running;
    const isIdle = !work.isGoingOn && now >= work.lastMs + IDLE_CONFIRM_MS;
    if (this.phase === 'drained') {
      return !running.over && work.isKnown && now < budget.deadlineMs ? 'work' : undefined;
    }
    if (now >= budget.deadlineMs) return 'deadline';
    if (this.phase === 'settling') return this.settling.isOver(budget, now) ? 'settled' : undefined;
    if (isIdle && !this.endings.areUnderWay()) return 'idle';
    const isOpen = this.phase === 'draining' && now >= this.endings.windowOpensMs(budget);
    return isOpen ? 'window' : undefined;
  }

  private move(event: PhaseEvent): void {
    const phase = next(this.phase, event);
    if (phase === this.phase || this.running === undefined) return;
    this.phase = phase;
    this.sinceMs = this.clock.now();
    this.endings.enter(phase, this.running.budget);
  }

  /** In a turn of its own: who calls `step` may be in the middle of passing what would be ended. */
  private finishSoon(): void {
    this.timer?.cancel();
    this.timer = this.clock.after(0, () => this.finish('deadline'));
  }

  /** Ends the drain before all is over, by force; but where the app is gone nothing can be ended. */
  private finish(ended: Exclude<DrainReport['ended'], 'finished'>): void {
    const { running, tracker } = this;
    if (running === undefined || running.over) return;
    const activeAtEnd = tracker.activeTotal;
    // An app that is gone for good takes no newcomers; other pods may.
    const isForGood = this.terminating && this.settings.secondChance === undefined;
    running.over = ended !== 'app-gone' || isForGood;
    running.account.leasesLost += this.held.size;
    this.timer?.cancel();
    const done = (counts: Ended): void => {
      running.ending = false;
      this.move('deadline');
      this.report(ended, activeAtEnd, counts);
    };
    if (ended === 'app-gone') return done(endedIn(tracker));
    running.ending = true;
    this.held.endAll();
    this.endings.byForce(ended, done);
  }

  private report(ended: DrainReport['ended'], activeAtEnd = 0, counts: Ended = this.tracker): void {
    if (this.running === undefined) return;
    this.waits.releaseAll();
    this.listener.drained(this.running.account.report(ended, activeAtEnd, counts));
  }

  /** Comes back when time alone will have made something due. */
  private arm(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const { running, work, clock } = this;
    if (running === undefined || this.phase === 'drained') return;
    const { budget } = running;
    const now = clock.now();
    let at = budget.deadlineMs;
    if (this.phase === 'settling') at = Math.min(at, now + SETTLE_LOOK_MS, budget.settleUntilMs);
    else if (!work.isGoingOn) {
      const confirmedMs = work.lastMs + IDLE_CONFIRM_MS;
      at = Math.min(at, confirmedMs > now ? confirmedMs : now + IDLE_CONFIRM_MS);
    } else if (this.phase === 'draining') {
      at = Math.min(at, this.endings.windowOpensMs(budget), now + WINDOW_LOOK_MS);
    }
    this.timer = clock.after(Math.max(1, at - now), () => this.step());
  }
}
