/**
 * Lets go of what is open: takes no more connections, waits until nothing is active or the
 * deadline has come, then ends what is left and reports. It never ends anything at work before.
 */
import type { Clock, Timer } from '../clock.js';
import type { Tracker } from '../tracker.js';

/** What a drain came to. */
export interface DrainReport {
  readonly reason: string;
  /** Milliseconds from its beginning to its end. */
  readonly tookMs: number;
  /** Connections at work when it began, and how many were still at work when they were cut. */
  readonly active: number;
  readonly cut: number;
}

/** How long nothing may be active before it counts: bytes may have arrived that nobody has read. */
const QUIET_MS = 100;

export class DrainController {
  readonly drained: Promise<DrainReport>;
  private readonly tracker: Tracker;
  private readonly clock: Clock;
  private readonly stopAccepting: () => void;
  private finish: (report: DrainReport) => void = () => undefined;
  private running: { reason: string; startMs: number; active: number } | undefined;
  private deadline: Timer | undefined;
  private quiet: Timer | undefined;

  constructor(tracker: Tracker, clock: Clock, stopAccepting: () => void) {
    this.tracker = tracker;
    this.clock = clock;
    this.stopAccepting = stopAccepting;
    this.drained = new Promise((resolve) => (this.finish = resolve));
  }

  get isDraining(): boolean {
    return this.running !== undefined;
  }

  /** Starts the drain; only the first call counts. What is active `budgetMs` later is cut. */
  begin(reason: string, budgetMs: number): void {
    if (this.isDraining) return;
    this.running = { reason, startMs: this.clock.now(), active: this.tracker.activeTotal };
    this.stopAccepting();
    this.deadline = this.clock.after(budgetMs, () => this.end());
    if (this.tracker.activeTotal === 0) this.nothingActive();
  }

  /** Nothing is active at this moment; it has to stay so for a while. */
  nothingActive(): void {
    if (this.deadline === undefined || this.quiet !== undefined) return;
    this.quiet = this.clock.after(QUIET_MS, () => {
      this.quiet = undefined;
      if (this.tracker.activeTotal === 0) this.end();
    });
  }

  /** Waits no longer. */
  end(): void {
    const { running, tracker } = this;
    if (running === undefined || this.deadline === undefined) return;
    this.deadline.cancel();
    this.quiet?.cancel();
    this.deadline = undefined;
    const cut = tracker.activeTotal;
    for (const tunnel of tracker.tunnels) tunnel.cut(tunnel.active ? 'deadline' : 'drain');
    const tookMs = this.clock.now() - running.startMs;
    this.finish({ reason: running.reason, active: running.active, cut, tookMs });
  }
}
