/**
 * The calls of an admin port that the commands need, with answers that have been looked at: what
 * comes out of here has the form that src/admin/contract.ts says, or is an AskError in words.
 */
import {
  type AdminError,
  type LeaseAnswer,
  NO_SUCH_LEASE,
  type SafeToDelete,
  type Status,
} from '../admin/contract.js';
import { fits, isAdminError, LEASE_ANSWER, SAFE_TO_DELETE, STATUS } from '../admin/shapes.js';
import type { Answer, Method } from '../bounded-call.js';
import type { Clock } from '../clock.js';
import { formatDuration } from '../settings/duration.js';
import { AskError, notTidegate, type Target } from './ask.js';
import { type Readiness, TOKEN_VARIABLE } from './options.js';

/** An answer, as it was written and as it is understood. */
export interface Told<T> {
  readonly value: T;
  readonly text: string;
  /** The time of day where it was answered. */
  readonly atMs: number;
}

/** What is asked of a lease; what is undefined is left to the one who is asked. */
export interface LeaseAsked {
  readonly name: string;
  readonly ttlMs: number | undefined;
  readonly holder: string | undefined;
}

export class AdminPort {
  /** For people. */
  readonly name: string;
  private readonly target: Target;
  private readonly clock: Clock;

  constructor(target: Target, clock: Clock) {
    this.name = target.name;
    this.target = target;
    this.clock = clock;
  }

  async status(): Promise<Told<Status>> {
    return this.readStatus(await this.target.ask('GET', '/status'), 200);
  }

  async safeToDelete(): Promise<Told<SafeToDelete>> {
    const answer = await this.target.ask('GET', '/safe-to-delete');
    const value = this.parse(answer);
    if (!fits<SafeToDelete>(value, SAFE_TO_DELETE)) throw this.refused(answer, value);
    if (answer.status !== (value.safe ? 200 : 409)) throw this.refused(answer, value);
    return this.told(answer, value);
  }

  /** What is undefined is left to the one who is asked. */
  async drain(reason: string | undefined, readiness: Readiness | undefined): Promise<Told<Status>> {
    const query = new URLSearchParams();
    if (reason !== undefined) query.set('reason', reason);
    if (readiness !== undefined) query.set('readiness', readiness);
    const path = query.size === 0 ? '/drain' : `/drain?${query.toString()}`;
    return this.readStatus(await this.target.ask('POST', path), 202);
  }

  async recall(): Promise<Told<Status>> {
    return this.readStatus(await this.target.ask('DELETE', '/drain'), 202);
  }

  async takeLease({ name, ttlMs, holder }: LeaseAsked): Promise<LeaseAnswer> {
    const ttl = ttlMs === undefined ? undefined : formatDuration(ttlMs);
    return this.readLease(await this.target.ask('POST', '/leases', { name, ttl, holder }), 201);
  }

  /** Undefined if it is not held any more. */
  renewLease(id: string): Promise<LeaseAnswer | undefined> {
    return this.knownLease('PUT', id);
  }

  /** As above. */
  letGoOfLease(id: string): Promise<LeaseAnswer | undefined> {
    return this.knownLease('DELETE', id);
  }

  private async knownLease(method: Method, id: string): Promise<LeaseAnswer | undefined> {
    const answer = await this.target.ask(method, `/leases/${encodeURIComponent(id)}`);
    const value = answer.status === 404 ? this.parse(answer) : undefined;
    if (isAdminError(value) && value.error === NO_SUCH_LEASE) return undefined;
    return this.readLease(answer, 200);
  }

  private readLease(answer: Answer, expected: number): LeaseAnswer {
    const value = this.parse(answer);
    if (answer.status === expected && fits<LeaseAnswer>(value, LEASE_ANSWER)) return value;
    throw this.refused(answer, value);
  }

  private readStatus(answer: Answer, expected: number): Told<Status> {
    const value = this.parse(answer);
    if (answer.status !== expected || !fits<Status>(value, STATUS)) {
      throw this.refused(answer, value);
    }
    return this.told(answer, value);
  }

  private told<T>({ body, atMs }: Answer, value: T): Told<T> {
    const text = body.endsWith('\n') ? body : `${body}\n`;
    return { value, text, atMs: atMs ?? this.clock.wall().getTime() };
  }

  private parse({ status, body }: Answer): unknown {
    try {
      return JSON.parse(body);
    } catch {
      throw notTidegate(this.name, `answers ${status} with something else than JSON`);
    }
  }

  /** In words, for an answer that is not what was asked for. */
  private refused({ status }: Answer, value: unknown): AskError {
    if (!isAdminError(value)) return notTidegate(this.name, `answers ${status} in another form`);
    return new AskError(
      `${this.name} ${status === 403 ? this.forbidden() : reasonOf(status, value)}`,
    );
  }

  private forbidden(): string {
    return !this.target.hasToken
      ? 'takes changes from its own pod only: run it there (kubectl exec, kubectl port-forward),' +
          ` or give its token with --token-file or in ${TOKEN_VARIABLE}`
      : 'refuses the token: it is not that of its setting adminToken, or that has none';
  }
}

function reasonOf(status: number, { error, reason }: AdminError): string {
  return `refuses (${status} ${error}): ${reason}`;
}
