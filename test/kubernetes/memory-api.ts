/**
 * The API of a cluster in memory without HTTP: what is asked is kept and answered by hand-driven
 * time, so that a test decides when a call arrives, when its answer does, and whether either does.
 */
import type { Clock } from '../../src/clock.js';
import type { Api, Resource } from '../../src/kubernetes/api.js';
import { CallError } from '../../src/bounded-call.js';
import { inDoubt, KubernetesError, RefusedError } from '../../src/kubernetes/fault.js';
import { FakeObjects, type Given, kindOf, Refused, type Stored } from '../peers/fake-objects.js';

export type Verb = 'get' | 'create' | 'patch';

/** What becomes of one call: how long each way takes, and what goes wrong. */
export interface Fate {
  readonly thereMs?: number;
  readonly backMs?: number;
  /** `lost`: it does not arrive; `unanswered`: it is done and nobody is told; `hangs`: never over. */
  readonly fault?: 'lost' | 'unanswered' | 'hangs' | RefusedError;
}

export interface Made {
  readonly verb: Verb;
  readonly name: string;
  readonly atMs: number;
  readonly body: object | undefined;
}

export const broken = (): KubernetesError =>
  new KubernetesError('the API server closes the connection', true, new CallError('broken'));

export const refused = (code: number, reason: string, message = reason): RefusedError =>
  new RefusedError(message, code, reason);

/** The rest of an API is not for those who are tested with this. */
export class MemoryApi implements Pick<Api, Verb> {
  readonly objects: FakeObjects;
  readonly calls: Made[] = [];
  fate: (call: Made) => Fate = () => ({});
  private readonly clock: Clock;

  /** `clock` is that of whoever asks: while its time stands still, it gets no answers. */
  constructor(clock: Clock, objects = new FakeObjects(() => clock.wall().getTime())) {
    this.clock = clock;
    this.objects = objects;
  }

  get(resource: Resource, namespace: string, name: string): Promise<unknown> {
    const kind = kindFor(resource);
    return this.call('get', name, undefined, () => this.objects.find(kind, namespace, name));
  }

  create(resource: Resource, namespace: string, object: object): Promise<unknown> {
    const given = { ...object, kind: kindFor(resource) } as Given;
    const { name } = given.metadata;
    return this.call('create', name, object, () =>
      this.objects.create(given.kind, namespace, given, false),
    );
  }

  patch(resource: Resource, namespace: string, name: string, merge: object): Promise<unknown> {
    const kind = kindFor(resource);
    return this.call('patch', name, merge, () => this.objects.patch(kind, namespace, name, merge));
  }

  private async call(
    verb: Verb,
    name: string,
    body: object | undefined,
    act: () => Stored | undefined,
  ): Promise<unknown> {
    const made = { verb, name, body, atMs: this.clock.now() };
    this.calls.push(made);
    const { thereMs = 0, backMs = 0, fault } = this.fate(made);
    if (fault === 'hangs') return new Promise(() => undefined);
    await this.pass(thereMs);
    if (fault instanceof RefusedError) {
      await this.pass(backMs);
      throw fault;
    }
    const outcome = fault === 'lost' ? broken() : outcomeOf(act);
    await this.pass(backMs);
    if (fault !== undefined) throw verb === 'get' ? broken() : inDoubt(broken());
    if (outcome instanceof Error) throw outcome;
    return structuredClone(outcome);
  }

  private async pass(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => this.clock.after(ms, resolve));
  }
}

function outcomeOf(act: () => Stored | undefined): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refused) return refused(error.code, error.reason, error.message);
    throw error;
  }
}

function kindFor({ group, version, plural }: Resource): string {
  const kind = kindOf(group === '' ? version : `${group}/${version}`, plural);
  if (kind === undefined) throw new Error(`no kind for ${plural}`);
  return kind;
}

/** Whoever waits for what has been answered goes on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets time pass in small steps, and everybody act in between. */
export async function passes(
  clock: { advance(ms: number): void },
  ms: number,
  stepMs = 100,
): Promise<void> {
  await settled();
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await settled();
  }
}
