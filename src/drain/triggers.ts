/**
 * What signals mean. `classic`: the first one starts the drain or goes on with it, the process ends
 * once drained; the second one ends it now, and so does a SIGTERM that the sidecar's own preStop was
 * to hold back. `native`: the kubelet sends SIGTERM when the app is gone already, or the grace is
 * spent, or the sidecar alone is restarted: it means now.
 */
import type { Clock, Timer } from '../clock.js';
import type { DrainController } from './controller.js';
import type { Waits } from './waits.js';

export interface EndingSettings {
  readonly sidecar: 'classic' | 'native';
  readonly lingerMs: number;
}

export class Ending {
  /** Resolves when the process may end. */
  readonly ended: Promise<void>;
  private readonly drain: DrainController;
  private readonly waits: Waits;
  private readonly clock: Clock;
  private readonly settings: EndingSettings;
  private end: () => void = () => undefined;
  private asked = false;
  /** Somebody waits no longer: nothing is lingered behind. */
  private isNow = false;
  private lingering: Timer | undefined;

  constructor(drain: DrainController, waits: Waits, clock: Clock, settings: EndingSettings) {
    this.drain = drain;
    this.waits = waits;
    this.clock = clock;
    this.settings = settings;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** SIGINT comes from a terminal, where nothing is native. */
  signal(signal: 'SIGTERM' | 'SIGINT'): void {
    const isNative = this.settings.sidecar === 'native' || this.waits.holdsSigterm;
    this.isNow = this.asked || (signal === 'SIGTERM' && isNative);
    this.asked = true;
    if (this.drain.phase === 'drained') this.end();
    else if (this.isNow) this.drain.now(signal);
    else this.drain.terminate(signal);
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
}
