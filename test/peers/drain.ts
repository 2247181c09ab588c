/**
 * A drain without a network: the real controller, tracker and waits over staged traffic, by a clock
 * that is driven by hand; and ways to bring it into each of its phases.
 */
import {
  DrainController,
  type DrainSettings,
  IDLE_CONFIRM_MS,
} from '../../src/drain/controller.js';
import { type Lease, Leases, TTL_MS_MAX } from '../../src/drain/leases.js';
import type { Phase } from '../../src/drain/phase.js';
import type { DrainReport } from '../../src/drain/report.js';
import { Waits } from '../../src/drain/waits.js';
import { HandClock } from './clock.js';
import { Random } from './random.js';
import { Traffic } from './traffic.js';

export const NOTICE_MS = 10_000;
const CHANCES = 1_000_000;

/** A budget of 100 s; settling ends from 10 s on, at 20 s at the latest; closing begins at 75 s. */
export const DRAIN_SETTINGS: DrainSettings = {
  deadlineMs: 100_000,
  settleMinMs: 10_000,
  settleQuietMs: 5_000,
  settleMaxMs: 20_000,
  closeWindowMs: 25_000,
  closeRate: 1_000,
  idleFarewellMs: 5_000,
  lateUpgrades: 'accept',
  quietForMs: 60_000,
};

export class StagedDrain {
  readonly clock: HandClock;
  readonly traffic: Traffic;
  readonly waits: Waits;
  readonly leases: Leases;
  readonly drain: DrainController;
  /** What the drain said of itself, in order. */
  readonly told: string[] = [];
  readonly reports: DrainReport[] = [];

  constructor(settings: Partial<DrainSettings> = {}, clock = new HandClock()) {
    this.clock = clock;
    this.traffic = new Traffic(clock, {
      idle: () => this.drain.step(),
      busy: () => this.drain.step(),
    });
    this.waits = new Waits(clock, NOTICE_MS);
    this.leases = new Leases(clock, {
      changed: () => this.drain.step(),
      expired: ({ name }) => void this.told.push(`expired ${name}`),
      moreExpired: (count) => void this.told.push(`expired ${count} more`),
    });
    const all = { ...DRAIN_SETTINGS, ...settings };
    const random = new Random(7);
    const parts = {
      clock,
      tracker: this.traffic.tracker,
      waits: this.waits,
      leases: this.leases,
      policy: this.traffic.policy,
      random: () => random.int(CHANCES) / CHANCES,
    };
    this.drain = new DrainController(parts, all, {
      began: (reason, active) => void this.told.push(`began ${reason} ${active}`),
      recalled: () => void this.told.push('recalled'),
      drained: (report) => {
        this.told.push(`drained ${report.ended}`);
        this.reports.push(report);
        this.drained();
      },
    });
    this.drain.appSeen = true;
  }

  /** For those who listen, too. */
  protected drained(): void {
    // nobody does
  }

  get phase(): Phase {
    return this.drain.phase;
  }

  get report(): DrainReport | undefined {
    return this.reports.at(-1);
  }

  /** A lease that outlasts the test unless told, or it throws. */
  lease(name = 'job', ttlMs = TTL_MS_MAX): Lease {
    const lease = this.leases.take({ name, holder: undefined, ttlMs });
    if (lease === undefined) throw new Error('there are too many leases');
    return lease;
  }

  /** How long it takes to come to `phase`; throws if that is longer than a day. */
  msUntil(phase: Phase): number {
    const from = this.clock.now();
    while (this.phase !== phase) {
      this.clock.advance(1);
      if (this.clock.now() > from + 86_400_000) throw new Error(`never ${phase}: ${this.phase}`);
    }
    return this.clock.now() - from;
  }
}

/** A drain by hand that has come to `phase` in the ordinary way; work keeps it from going on. */
export function drainIn(phase: Phase, settings: Partial<DrainSettings> = {}): StagedDrain {
  const staged = new StagedDrain(settings);
  if (phase === 'serving') return staged;
  const work = staged.traffic.websocket();
  staged.drain.ask('by hand');
  if (phase === 'settling') return staged;
  staged.clock.advance(DRAIN_SETTINGS.settleMinMs);
  if (phase === 'drained') {
    staged.traffic.end(work);
    staged.clock.advance(IDLE_CONFIRM_MS);
  }
  if (phase === 'closing') {
    staged.clock.advance(DRAIN_SETTINGS.deadlineMs - DRAIN_SETTINGS.closeWindowMs);
  }
  if (staged.phase !== phase) throw new Error(`it is ${staged.phase}, not ${phase}`);
  staged.told.length = 0;
  return staged;
}
