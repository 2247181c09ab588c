/**
 * Runs on the node: candidates for one Lease at a real API server, one of which dies and one of which
 * gives it away, and all of which tell the same things as Events. Prints what came of it.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock, type Timer } from '../../src/clock.js';
import { findAccess } from '../../src/kubernetes/access.js';
import { DEPLOYMENTS, LEASES } from '../../src/kubernetes/api.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { Events, type Occurrence, type Telling } from '../../src/kubernetes/events.js';
import { Leadership } from '../../src/kubernetes/lease.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';

export interface LeaseStory {
  /** What stands on the Lease: held by the first, given away by the second, held by the third. */
  readonly leases: readonly object[];
  readonly deathToNextMs: number;
  readonly releaseToNextMs: number;
  readonly told: Readonly<Record<string, readonly Telling[]>>;
  readonly refused: readonly string[];
}

/** Each leads within that, or the story is over. */
const LEADS_MS_MAX = 30_000;
const TOLD_MS_MAX = 15_000;
const POLL_MS = 50;
const SAME = 13;

const [, , namespace, ending, account, stranger] = process.argv;

/** From its death on nothing of a process runs, and nothing of it is said to anybody. */
class MortalClock implements Clock {
  isDead = false;
  readonly now = (): number => systemClock.now();
  readonly wall = (): Date => systemClock.wall();
  readonly wallAt = (ms: number): Date => systemClock.wallAt(ms);

  after<A>(ms: number, act: (arg: A) => void, arg?: A): Timer {
    return systemClock.after(ms, () => (this.isDead ? undefined : act(arg as A)));
  }
}

function apiBy(kubeconfig: string | undefined, clock: Clock): KubernetesApi {
  const outside = {
    variables: process.env,
    readText: (path: string) => readFileSync(path, 'utf8'),
    clock,
    isInteractive: false,
  };
  const access = findAccess({ kubeconfig, context: undefined }, outside);
  return new KubernetesApi(new ApiClient(access, clock));
}

class Candidate {
  readonly clock = new MortalClock();
  readonly told: Telling[] = [];
  readonly faults: string[] = [];
  readonly leadership: Leadership;
  readonly events: Events;

  constructor(identity: string, kubeconfig: string) {
    const { clock } = this;
    const api = apiBy(kubeconfig, clock);
    this.leadership = new Leadership({
      ...{ api, clock, namespace, name: 'story', identity },
      changed: () => undefined,
      failed: (error) => this.faults.push((error as Error).message),
    });
    this.events = new Events({
      ...{ api, clock },
      may: () => this.leadership.isLeader,
      told: (telling) => this.told.push(telling),
    });
    this.leadership.start();
  }

  /** How long that takes. */
  async leads(): Promise<number> {
    return waited(() => this.leadership.isLeader, LEADS_MS_MAX);
  }

  tells(occurrences: readonly Occurrence[]): void {
    for (const occurrence of occurrences) this.events.tell(occurrence);
  }
}

async function waited(holds: () => boolean, msMax: number): Promise<number> {
  const fromMs = systemClock.now();
  while (!holds()) {
    if (systemClock.now() - fromMs > msMax) throw new Error(`not within ${msMax} ms`);
    await sleep(POLL_MS);
  }
  return Math.round(systemClock.now() - fromMs);
}

const admin = apiBy(process.env['KUBECONFIG'], systemClock);
const read = async (): Promise<object> => {
  const { spec } = (await admin.get(LEASES, namespace, 'story')) as { readonly spec: object };
  return spec;
};

const { metadata } = (await admin.get(DEPLOYMENTS, namespace, 'web')) as {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
};
const { name, uid } = metadata;
const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid };
const drained = (key: string): Occurrence => ({
  ...{ regarding, type: 'Normal', reason: 'Drained', key },
  message: `pod ${key} drained: ${'é'.repeat(key === 'web-0' ? 2_000 : 1)}`,
});
const all = Array.from({ length: SAME }, (_, at) => drained(`web-${at}`));

async function elsewhere(): Promise<readonly Telling[]> {
  const told: Telling[] = [];
  const events = new Events({
    ...{ api: admin, clock: systemClock, may: () => true },
    told: (telling) => told.push(telling),
  });
  for (const namespace of [ending, 'tidegate-was-never-there']) {
    events.tell({ ...drained('web-0'), regarding: { ...regarding, namespace } });
  }
  await waited(() => told.length === 2, TOLD_MS_MAX);
  return told;
}

const first = new Candidate('first', account);
await first.leads();
const leases = [await read()];
const second = new Candidate('second', account);
const without = new Candidate('without', stranger);
for (const candidate of [first, second]) candidate.tells(all);
const gone = await elsewhere();
await waited(() => first.told.length === SAME - 2, TOLD_MS_MAX);
first.clock.isDead = true;
const deathToNextMs = await second.leads();
second.tells([drained('web-13')]);
await waited(() => second.told.length === SAME - 2, TOLD_MS_MAX);
const third = new Candidate('third', account);
await waited(() => third.leadership.isLeader || third.faults.length === 0, LEADS_MS_MAX);
await sleep(1_000);
await second.leadership.stop();
leases.push(await read());
const releaseToNextMs = await third.leads();
leases.push(await read());
await Promise.all([third, without].map(({ leadership }) => leadership.stop()));

const told = { first: first.told, second: second.told, gone };
const story: LeaseStory = {
  ...{ leases, deathToNextMs, releaseToNextMs, told },
  refused: without.faults,
};
process.stdout.write(JSON.stringify(story));
process.exit(0);
