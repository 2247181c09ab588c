/**
 * Whether the drain makes the pod count as not ready. By hand it does, so that balancers go
 * elsewhere; the end of the pod does not unless that is set, because Kubernetes has withdrawn it
 * already, and falls back to it only where nothing else is left.
 */
import type { Clock } from '../clock.js';
import type { DrainController } from './controller.js';

export class Readiness {
  private readonly drain: DrainController;
  private readonly clock: Clock;
  private readonly unreadyAfterMs: number;

  /** `unreadyAfterMs` after its end began, a pod is not ready; Infinity: it stays so. */
  constructor(drain: DrainController, clock: Clock, unreadyAfterMs: number) {
    this.drain = drain;
    this.clock = clock;
    this.unreadyAfterMs = unreadyAfterMs;
  }

  /** Undefined if the pod may be ready. */
  get reason(): 'draining' | 'terminating' | undefined {
    const { failsReadiness, terminatingMs = Infinity } = this.drain;
    if (failsReadiness) return 'draining';
    return this.clock.now() >= terminatingMs + this.unreadyAfterMs ? 'terminating' : undefined;
  }
}
