/**
 * What signals mean. `classic`: the first one starts the drain or goes on with it, the process ends
 * once drained; the second one ends it now, and so does a SIGTERM that the sidecar's own preStop was
 * to hold back. `native`: the kubelet sends SIGTERM when the app is gone already, or the grace is
 * spent, or the sidecar alone is restarted: it means now, unless others can still be answered.
 */
import type { Clock, Timer } from '../clock.js';
import type { DrainController } from './controller.js';
import type { Waits } from './waits.js';

export interface EndingSettings {
  readonly sidecar: 'classic' | 'native';
  readonly lingerMs: number;
}

/** Whom it asks whether the app is gone. */
export interface AppWatch {
  refuses(): Promise<boolean>;
}

/** A port where nobody listens refuses at once; whoever has less than that to live cannot wait. */
export const REFUSAL_MS_MAX = 200;

type Signal = 'SIGTERM' | 'SIGINT';

export class Ending {
  /** Resolves when the process may end. */
  readonly ended: Promise<void>;
  private readonly drain: DrainController;
  private readonly waits: Waits;
  private readonly app: AppWatch;
  private readonly clock: Clock;
  private readonly settings: EndingSettings;
  private end: () => void = () => undefined;
  private asked = false;
  /** Somebody waits no longer: nothing is lingered behind. */
  private isNow = false;
  private lingering: Timer | undefined;

  constructor(
    drain: DrainController,
    waits: Waits,
    app: AppWatch,
    clock: Clock,
    settings: EndingSettings,
  ) {
    this.drain = drain;
    this.waits = waits;
    this.app = app;
    this.clock = clock;
    this.settings = settings;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** SIGINT comes from a terminal, where nothing is native. */
  signal(signal: Signal): void {
    const isSecond = this.asked;
    this.asked = true;
    const { drain, waits } = this;
    const isNative = signal === 'SIGTERM' && this.settings.sidecar === 'native';
    // Drained while others lingered, it has not heard of those who came then.
    if (drain.outlivesApp) drain.step();
    if (drain.phase === 'drained') this.end();
    else if (isSecond || (signal === 'SIGTERM' && waits.holdsSigterm)) this.now(signal);
    else if (!isNative) drain.terminate(signal);
    else if (drain.outlivesApp) this.nowUnlessGone(signal);
    else this.now(signal);
  }

  /** The drain is over. Without a signal there is nothing to end: the pod may yet be wanted. */
  drained(): void {
    if (!this.asked) return;
    if (this.isNow || this.settings.lingerMs === 0) return this.end();
    this.lingering?.cancel();
    this.lingering = this.clock.after(this.settings.lingerMs, () => {
      // Where new work has come meanwhile, it is the end of that which is lingered behind.
      if (this.drain.phase === 'drained') this.end();
    });
  }

  private now(signal: Signal): void {
    this.isNow = true;
    this.drain.now(signal);
  }

  /** Where the app is gone nothing of its own can be saved; those who are answered elsewhere can. */
  private nowUnlessGone(signal: Signal): void {
    let isDecided = false;
    const decide = (refuses: boolean): void => {
      if (isDecided) return;
      isDecided = true;
      late.cancel();
      if (this.isNow || this.drain.phase === 'drained') return;
      if (refuses && this.drain.outlivesApp) this.drain.outlive(signal);
      else this.now(signal);
    };
    const late = this.clock.after(REFUSAL_MS_MAX, () => decide(false));
    void this.app.refuses().then(decide);
  }
}
