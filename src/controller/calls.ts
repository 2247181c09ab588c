/**
 * Every call of the API server, noted: how many of them came to what, which rights were found to be
 * missing or to be there again, and whether the server is there. Each change is told once.
 */
import { CallError } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { LEASES } from '../kubernetes/api.js';
import { isWithoutRight, KubernetesError, RefusedError } from '../kubernetes/fault.js';
import { PODS_PROXY, resourceOf, type Right, RIGHTS, withoutRight } from './rights.js';

export const VERBS = ['list', 'watch', 'get', 'create', 'patch', 'delete'] as const;
export type Verb = (typeof VERBS)[number];
const WRITING: readonly Verb[] = ['create', 'patch', 'delete'];

/** `refused`: it says no; `failed`: it does not answer, or says that it went wrong. */
export const CALL_RESULTS = ['ok', 'refused', 'failed'] as const;
export type CallResult = (typeof CALL_RESULTS)[number];

/** What a call does, and to what. */
export interface Deed {
  readonly verb: Verb;
  readonly resource: Pick<Right, 'group' | 'plural'>;
  /** Undefined: in all of them. */
  readonly namespace: string | undefined;
}

export interface RightHeard {
  readonly verb: Verb;
  /** `deployments.apps` */
  readonly resource: string;
  readonly namespace: string | undefined;
}

export interface CallsHeard {
  rightMissing(right: RightHeard, without: string): void;
  rightThere(right: RightHeard): void;
  serverUnreachable(reason: string): void;
  serverReached(): void;
}

/** A kept connection that ends, or one slow answer, is nothing that anybody has to know. */
export const UNREACHABLE_MS = 5_000;
/** A right that nobody has tried for so long, in a namespace that is gone for example. */
const UNTRIED_MS = 3_600_000;

interface Missing extends RightHeard {
  triedMs: number;
}

export class Calls {
  readonly counts: Readonly<Record<Verb, Record<CallResult, number>>>;
  private readonly clock: Clock;
  private readonly heard: CallsHeard;
  private readonly missing = new Map<string, Missing>();
  private failingSinceMs: number | undefined;
  private isUnreachable = false;

  constructor(clock: Clock, heard: CallsHeard) {
    this.clock = clock;
    this.heard = heard;
    const none = (): Record<CallResult, number> => ({ ok: 0, refused: 0, failed: 0 });
    this.counts = Object.fromEntries(VERBS.map((verb) => [verb, none()])) as Calls['counts'];
  }

  /** What `call` comes to, noted; but for a success that `showsNothing`. */
  async noted<T>(
    deed: Deed,
    call: () => Promise<T>,
    showsNothing: () => boolean = () => false,
  ): Promise<T> {
    try {
      const value = await call();
      if (showsNothing()) return value;
      this.counts[deed.verb].ok++;
      this.worked(deed);
      return value;
    } catch (error) {
      this.failed(deed, error);
      throw error;
    }
  }

  /** Something of it has come already: a watch ends late. */
  worked({ verb, resource, namespace }: Deed): void {
    this.answered();
    if (this.missing.size === 0) return;
    const right = { verb, resource: resourceOf(resource), namespace };
    if (this.missing.delete(keyOf(right))) this.heard.rightThere(right);
  }

  isMissing({ verb, resource, namespace }: Deed): boolean {
    this.forgetUntried();
    return this.missing.has(keyOf({ verb, resource: resourceOf(resource), namespace }));
  }

  /** The API server is not there, and that is told. */
  get isAway(): boolean {
    return this.isUnreachable;
  }

  /** It leads no more, and would never find out that a right to write is there again. */
  follows(): void {
    for (const [key, { verb, resource }] of this.missing) {
      if (WRITING.includes(verb) && resource !== resourceOf(LEASES)) this.missing.delete(key);
    }
  }

  /** Whether what is wrong was told here, or is about to be. */
  hasTold(error: KubernetesError): boolean {
    return isWithoutRight(error) || !isNo(error);
  }

  /** Each right there is, and whether it is missing anywhere. */
  rights(): readonly { verb: Verb; resource: string; isMissing: boolean }[] {
    this.forgetUntried();
    const missing = [...this.missing.values()];
    return RIGHTS.map((right) => {
      const { verb } = right;
      const resource = resourceOf(right);
      const isMissing = missing.some((one) => one.verb === verb && one.resource === resource);
      return { verb, resource, isMissing };
    });
  }

  private failed(deed: Deed, error: unknown): void {
    // Whatever is no fault of the cluster's was not asked of it.
    if (!(error instanceof KubernetesError)) return;
    const isAnswered = isNo(error) || (deed.resource === PODS_PROXY && isOfPod(error));
    this.counts[deed.verb][isAnswered ? 'refused' : 'failed']++;
    if (isWithoutRight(error)) this.lacks(deed);
    if (isAnswered) this.answered();
    else this.unanswered(error);
  }

  private lacks({ verb, resource, namespace }: Deed): void {
    const right = { verb, resource: resourceOf(resource), namespace };
    const triedMs = this.clock.now();
    this.forgetUntried();
    const known = this.missing.get(keyOf(right));
    if (known !== undefined) {
      known.triedMs = triedMs;
      return;
    }
    this.missing.set(keyOf(right), { ...right, triedMs });
    const without = withoutRight(verb, right.resource) ?? 'what it is for stands still';
    this.heard.rightMissing(right, without);
  }

  private forgetUntried(): void {
    const beforeMs = this.clock.now() - UNTRIED_MS;
    for (const [key, { triedMs }] of this.missing) if (triedMs < beforeMs) this.missing.delete(key);
  }

  private answered(): void {
    this.failingSinceMs = undefined;
    if (!this.isUnreachable) return;
    this.isUnreachable = false;
    this.heard.serverReached();
  }

  private unanswered(error: KubernetesError): void {
    this.failingSinceMs ??= this.clock.now();
    const isLong = this.clock.now() - this.failingSinceMs >= UNREACHABLE_MS;
    if (!isLong || this.isUnreachable) return;
    this.isUnreachable = true;
    this.heard.serverUnreachable(error.message);
  }
}

function isNo(error: KubernetesError): boolean {
  return error instanceof RefusedError && error.code < 500;
}

/** Not the API server is away, but the pod behind it. */
function isOfPod(error: KubernetesError): boolean {
  return !(error.cause instanceof CallError);
}

function keyOf({ verb, resource, namespace = '*' }: RightHeard): string {
  return `${verb} ${resource} ${namespace}`;
}
