/**
 * What of all that the parts of a replica tell is a line in its log: each thing once, until it is
 * otherwise. What is known of rights and of the API server comes first: what follows of it is not
 * said beside it.
 */
import type { Clock } from '../clock.js';
import type { ControllerJournal } from '../journal/controller.js';
import type { Occurrence } from '../kubernetes/events.js';
import { KubernetesError, UnreadableError } from '../kubernetes/fault.js';
import { remember } from '../kubernetes/remembered.js';
import type { Calls, CallsHeard } from './calls.js';
import type { Looked, WatchedPod } from './contract.js';
import type { Marked } from './marking.js';
import { Silences } from './silences.js';
import { type Attempt, Unwritten } from './unwritten.js';

export interface NoticesOf {
  readonly clock: Clock;
  readonly journal: ControllerJournal;
  readonly lookEveryMs: number;
  readonly calls: () => Pick<Calls, 'isAway' | 'hasTold'>;
  /** What was refused may be tried again. */
  readonly hurry: () => void;
}

export class Notices {
  private readonly of: NoticesOf;
  private readonly unwritten: Unwritten;
  private readonly silences: Silences;
  /** Namespaces of which it is told that nobody there can be asked. */
  private readonly unasked = new Set<string>();
  private readonly unreadable = new Map<string, true>();

  constructor(of: NoticesOf) {
    this.of = of;
    const { clock, journal, lookEveryMs: everyMs } = of;
    this.unwritten = new Unwritten({
      clock,
      isAway: () => of.calls().isAway,
      failed: (attempt, reason) => journal.unwritten(attempt, reason),
      works: (attempt) => journal.written(attempt),
      fault: (error) => journal.fault(error),
    });
    this.silences = new Silences({
      ...{ clock, everyMs },
      isTold: (namespace) => this.unasked.has(namespace),
      silent: (namespace, pods, words) => journal.podsSilent(namespace, pods, words),
      heard: (namespace) => journal.podsHeard(namespace),
    });
  }

  callsHeard(): CallsHeard {
    const { journal, hurry } = this.of;
    return {
      rightMissing: (right, without) => journal.rightMissing(right, without),
      rightThere: (right) => {
        journal.rightThere(right);
        hurry();
      },
      serverUnreachable: (reason) => journal.serverUnreachable(reason),
      serverReached: () => journal.serverReached(),
    };
  }

  marked({ pod, result, error }: Marked): void {
    const { namespace, name, uid } = pod;
    const attempt: Attempt = { action: 'mark', namespace, kind: 'Pod', name, uid };
    if (result === 'done') this.unwritten.worked(attempt);
    if (result === 'failed') this.unwritten.failed(attempt, error);
  }

  /** An Event was told; or not, by `error`. */
  told({ regarding }: Occurrence, error: unknown): void {
    const { namespace, kind, name, uid } = regarding;
    const attempt: Attempt = { action: 'event', namespace, kind, name, uid };
    if (error === undefined) this.unwritten.worked(attempt);
    else this.unwritten.failed(attempt, error);
  }

  /** It writes nothing more: whatever failed is another one's. */
  follows(): void {
    this.unwritten.forget();
  }

  looked(pod: WatchedPod, { answer }: Looked): void {
    this.silences.looked(pod, answer);
  }

  forget(pod: WatchedPod): void {
    this.silences.forget(pod);
  }

  askable(namespace: string, error: KubernetesError | undefined): void {
    const { journal } = this.of;
    if (error === undefined) {
      this.unasked.delete(namespace);
      journal.podsAsked(namespace);
    } else {
      this.unasked.add(namespace);
      journal.podsUnasked(namespace, error.message);
    }
  }

  leaseFailed(error: unknown): void {
    if (!(error instanceof KubernetesError)) return this.fault(error);
    if (!this.of.calls().hasTold(error)) this.of.journal.leaseFailed(error.message);
  }

  /** Calls are told of by themselves. */
  fault(error: unknown): void {
    const { journal } = this.of;
    if (error instanceof UnreadableError) this.unread(error);
    else if (!(error instanceof KubernetesError)) journal.fault(error);
  }

  private unread({ object, message }: UnreadableError): void {
    if (this.unreadable.has(object)) return;
    remember(this.unreadable, object, true);
    this.of.journal.unreadable(object, message);
  }
}
