/**
 * The drain that the pod's annotation asks for. It begins with a new value, so that one taken back
 * by other means is not begun again; and it is taken back with the annotation, as soon as that can
 * be, unless somebody else has asked for it, too. What a pod that terminates says of itself counts
 * no more.
 */
import type { DrainController, Recall } from './controller.js';

export interface AnnotatedListener {
  notUnderstood(value: string): void;
  /** The annotation is gone, the drain goes on. */
  goesOn(reason: Recall): void;
}

/** What a value asks for: a drain, and what becomes of readiness. */
const MEANINGS: ReadonlyMap<string | undefined, 'fail' | 'keep' | 'none'> = new Map([
  ['true', 'fail'],
  ['keep', 'keep'],
  ['false', 'none'],
  [undefined, 'none'],
]);

export class AnnotatedDrain {
  private readonly drain: DrainController;
  private readonly reason: string;
  private readonly listener: AnnotatedListener;
  private value: string | undefined;
  /** The drain's count of asks behind our own, where it was begun here; undefined for others. */
  private ownAsks: number | undefined;
  private isRefusalSaid = false;

  /** `reason` is what a drain begun here gives as its own. */
  constructor(drain: DrainController, reason: string, listener: AnnotatedListener) {
    this.drain = drain;
    this.reason = reason;
    this.listener = listener;
  }

  /** What the annotation is at this moment, changed or not. */
  is(value: string | undefined): void {
    const isNew = value !== this.value;
    this.value = value;
    if (this.drain.terminating) return;
    const meaning = MEANINGS.get(value);
    if (meaning === 'fail' || meaning === 'keep') {
      if (isNew) this.begin(meaning === 'fail');
      return;
    }
    if (isNew && meaning === undefined && value !== undefined) this.listener.notUnderstood(value);
    this.takeBack();
  }

  private begin(failsReadiness: boolean): void {
    const { drain } = this;
    const isOwn = this.isOwn;
    const isFirst = drain.budget === undefined;
    drain.ask(this.reason, failsReadiness);
    if (isFirst || isOwn) this.ownAsks = drain.asks;
    // Asked for with another readiness than before.
    if (isOwn) drain.failsReadiness = failsReadiness;
    this.isRefusalSaid = false;
  }

  /** The drain that goes on was begun here, and nobody else has asked for it since. */
  private get isOwn(): boolean {
    return this.drain.budget !== undefined && this.drain.asks === this.ownAsks;
  }

  private takeBack(): void {
    if (this.ownAsks === undefined) return;
    const outcome = this.isOwn ? this.drain.recall() : 'not-draining';
    if (outcome === 'recalled' || outcome === 'not-draining') this.ownAsks = undefined;
    else if (!this.isRefusalSaid) {
      this.isRefusalSaid = true;
      this.listener.goesOn(outcome);
    }
  }
}
