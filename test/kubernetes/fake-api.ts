/**
 * The API of a cluster in memory, and a clock by which nobody waits.
 */
import type { Test } from 'tap';
import type { Timer } from '../../src/clock.js';
import type { WatchApi } from '../../src/kubernetes/api.js';
import { ApiClient, LIMITS } from '../../src/kubernetes/client.js';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { HandClock } from '../peers/clock.js';
import type { Said } from '../peers/fake-calls.js';
import { type FakeCluster, type Mischief, startFakeCluster } from '../peers/fake-cluster.js';

/** Whatever is waited for between two calls has passed at once; what a call may take has not. */
export class PassingClock extends HandClock {
  readonly waits: number[] = [];

  override after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    if (ms >= LIMITS.answerMs) return super.after(ms, act, arg);
    this.waits.push(ms);
    this.advance(ms);
    setImmediate(() => act(arg as A));
    return { cancel: () => undefined, unref: () => super.after(0, () => undefined) };
  }
}

export interface Here {
  readonly fake: FakeCluster;
  readonly api: WatchApi;
  readonly clock: PassingClock;
}

export async function start(t: Test): Promise<Here> {
  const fake = await startFakeCluster(t);
  const clock = new PassingClock();
  const api = new KubernetesApi(new ApiClient(fake.access, clock));
  return { fake, clock, api };
}

/** In the place of an answer; what hangs has taken too long already. */
export function wrong({ clock }: Here, said: Said | Mischief): Said | Mischief {
  if (said === 'hang') setImmediate(() => clock.advance(LIMITS.answerMs));
  return said;
}

export function putDeployment(
  { fake }: Here,
  name: string,
): ReturnType<FakeCluster['objects']['put']> {
  const metadata = { name, namespace: 'web', labels: { app: name } };
  return fake.objects.put({ kind: 'Deployment', metadata, spec: { replicas: 3 } });
}

export const nameOf = (object: unknown): string =>
  (object as { readonly metadata: { readonly name: string } }).metadata.name;

export async function faultOf(call: Promise<unknown>): Promise<KubernetesError> {
  const error: unknown = await call.catch((error: unknown) => error);
  if (error instanceof KubernetesError) return error;
  throw new Error(`no fault: ${JSON.stringify(error)}`);
}
