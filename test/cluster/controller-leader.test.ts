/**
 * Two replicas, and the one that leads is killed in the middle of what it does, or stands still for longer
 * than its Lease and goes on then. The other one goes on where it was; the API server's own log tells that
 * nothing was done twice, and nothing by one that led no more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { Audit, type Call, kindsOf } from './audited.js';
import { Controllers, polled } from './controllers.js';
import { isReady, Namespace } from './namespace.js';
import { type Paper, paperService, putOnPaper } from './paper.js';
import { testWithHelm } from './release.js';
import { StandIn, telling } from './stand-in.js';

const ACTS_MS_MAX = 20_000;
const FROZEN_MS = 20_000;
/** Two looks and two rounds of all groups. */
const AWAKE_MS = 11_000;
const DONE_MS_MAX = 60_000;
const HOUR_MS = 3_600_000;
/** What is safe goes at once. */
const VALUES = {
  rainbow: {
    ...{ enabled: true, every: '5s', keep: 0, minAge: '0s', drainedFor: '0s', deleteAfter: '0s' },
    ...{ maxAge: 'off', lightlyUsed: 'off' },
  },
};
const BUSY = telling({ safe: false, reason: 'active', active: 5 });
const SAFE = telling({ safe: true });
const EACH = 10;

interface Stage {
  readonly namespace: Namespace;
  readonly controllers: Controllers;
  readonly standIn: StandIn;
  readonly audit: Audit;
}

/** Groups that have a live colour, and an old one that is used as long as its port says so. */
interface Groups {
  readonly names: readonly string[];
  readonly ports: readonly number[];
}

async function groups(namespace: Namespace, standIn: StandIn, prefix: string): Promise<Groups> {
  const live = await standIn.open(BUSY);
  const names = Array.from({ length: EACH }, (_, at) => `${prefix}${at}`);
  const ports: number[] = [];
  const papers: Paper[] = [];
  for (const group of names) {
    const port = await standIn.open(BUSY);
    const memory = { wasLive: true, lostTrafficMs: Date.now() - HOUR_MS };
    papers.push({ group, colour: 'live', port: live }, { group, colour: 'old', port, memory });
    ports.push(port);
  }
  await namespace.apply(...names.map((group) => paperService(group, 'live')));
  await putOnPaper(namespace, standIn, papers);
  return { names, ports };
}

/** Nobody uses the old colours any more. */
async function empty(standIn: StandIn, { ports }: Groups): Promise<void> {
  await Promise.all(ports.map((port) => standIn.says(port, SAFE)));
}

/** Their old colours are deleted. */
async function areDone({ namespace }: Stage, { names }: Groups): Promise<void> {
  let left: readonly string[] = [];
  const asked = async (): Promise<boolean> => {
    const all = await namespace.kubectl(['get', 'deployments', '-o', 'name']);
    left = names.filter((group) => all.includes(`/${group}-old\n`));
    return left.length === 0;
  };
  await polled(asked, () => `the old colours of ${left.join(', ')} are deleted`, DONE_MS_MAX);
}

const isDeed = ({ resource }: Call): boolean => resource !== 'leases';

/** When somebody first did something since then, and who. */
async function firstDeed({ audit }: Stage, fromMs: number, notBy = ''): Promise<Call> {
  const found = (): Call | undefined =>
    audit.writes().find((call) => isDeed(call) && call.atMs > fromMs && call.by !== notBy);
  await polled(() => Promise.resolve(found() !== undefined), 'something is done', DONE_MS_MAX, 20);
  return found() as Call;
}

/** Another replica acts soon after this moment. */
async function takesOver(t: Test, stage: Stage, from: string, sinceMs: number): Promise<string> {
  const { atMs, by, verb, resource } = await firstDeed(stage, sinceMs, from);
  const tookMs = atMs - sinceMs;
  t.ok(tookMs < ACTS_MS_MAX, `the other one acts after ${tookMs} ms: ${verb} ${resource}`);
  return by;
}

/** Each of their old colours went to zero once, and was deleted once. */
function isOnce(t: Test, { audit }: Stage, { names }: Groups): void {
  const writes = audit.writes();
  for (const group of names) {
    const own = writes.filter(({ name, resource }) => {
      return resource === 'deployments' && name === `${group}-old`;
    });
    const zeros = own.filter(({ body }) => replicasIn(body) === 0);
    const deletes = own.filter(({ verb }) => verb === 'delete');
    t.same([zeros.length, deletes.length], [1, 1], `${group}: once to zero, and deleted once`);
  }
  t.same(twice(writes), [], 'no pod was marked twice with the same, no Event told twice');
}

function replicasIn(body: unknown): number | undefined {
  return (body as { readonly spec?: { readonly replicas?: number } } | undefined)?.spec?.replicas;
}

/** Writes that repeat what was written to the same object before. */
function twice(writes: readonly Call[]): readonly string[] {
  const last = new Map<string, string>();
  return writes.flatMap(({ resource, name, body, by }) => {
    if (resource !== 'pods' && resource !== 'events') return [];
    const { metadata = {} } = body as { readonly metadata?: object };
    const text = JSON.stringify({ ...metadata, resourceVersion: '' });
    const isRepeated = last.get(name) === text;
    last.set(name, text);
    return isRepeated ? [`${by}: ${resource} ${name} ${text}`] : [];
  });
}

/** Of each pod that was there and is gone without a goodbye, one Event. */
async function areTold(t: Test, { namespace }: Stage, { names }: Groups): Promise<void> {
  let seen: readonly Told[] = [];
  const asked = async (): Promise<boolean> => {
    const text = await namespace.kubectl(['get', 'events', '-o', 'json']);
    const { items } = JSON.parse(text) as { readonly items: readonly Told[] };
    seen = items.filter(({ reason }) => reason === 'DiedWithoutGoodbye');
    return names.every((group) => toldOf(seen, group).length > 0);
  };
  await polled(asked, () => `each death is told: ${JSON.stringify(seen)}`, DONE_MS_MAX);
  for (const group of names) {
    const counts = toldOf(seen, group).map(({ count }) => count ?? 1);
    t.same(counts, [1], `${group}: the death of its pod is told, and once`);
  }
}

interface Told {
  readonly reason: string;
  readonly count?: number;
  readonly involvedObject: { readonly name: string };
}

const toldOf = (seen: readonly Told[], group: string): readonly Told[] =>
  seen.filter(({ involvedObject }) => involvedObject.name.startsWith(`${group}-old`));

/** Killed while it does what is due. */
async function killed(t: Test, stage: Stage, due: Groups): Promise<void> {
  const { controllers, standIn } = stage;
  const leader = await controllers.leader();
  const pid = await controllers.pid(leader);
  const fromMs = Date.now();
  await empty(standIn, due);
  const deed = await firstDeed(stage, fromMs);
  t.equal(deed.by, leader, 'who leads begins');
  process.kill(pid, 'SIGKILL');
  await takesOver(t, stage, leader, Date.now());
  await areDone(stage, due);
  isOnce(t, stage, due);
  await areTold(t, stage, due);
  const by = stage.audit.writes().filter(isDeed);
  for (const pod of new Set(by.map((call) => call.by))) {
    t.comment(`${pod}: ${JSON.stringify(kindsOf(by.filter((call) => call.by === pod)))}`);
  }
}

/** It stands still while things become due, and wakes up when more do. */
async function frozen(t: Test, stage: Stage, due: Groups, later: Groups): Promise<void> {
  const { namespace, controllers, standIn, audit } = stage;
  const leader = await controllers.leader();
  const pid = await controllers.pid(leader);
  process.kill(pid, 'SIGSTOP');
  t.teardown(() => wake(pid));
  const fromMs = Date.now();
  await empty(standIn, due);
  const other = await takesOver(t, stage, leader, fromMs);
  await sleep(Math.max(0, fromMs + FROZEN_MS - Date.now()));
  await empty(standIn, later);
  const wokeMs = Date.now();
  wake(pid);
  await sleep(AWAKE_MS);
  await Promise.all([areDone(stage, due), areDone(stage, later)]);
  const since = audit.writes().filter(({ by, atMs }) => by === leader && atMs > wokeMs);
  t.same(since, [], 'it writes nothing any more when it goes on');
  t.equal((await controllers.metrics(leader)).value('tidegate_controller_leader'), 0);
  t.equal(await controllers.leader(), other, 'the other one leads as before');
  t.ok(isReady(await namespace.pod(leader)), 'and it is ready to');
  for (const each of [due, later]) {
    isOnce(t, stage, each);
    await areTold(t, stage, each);
  }
}

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone.
  }
}

testWithHelm(
  'who leads is killed, or stands still: the other one goes on',
  async (t, cluster, helm) => {
    const [namespace, standIn] = await Promise.all([
      Namespace.create(t, cluster),
      StandIn.start(t, cluster),
    ]);
    const all: Groups[] = [];
    for (const prefix of ['k', 'f', 'w']) all.push(await groups(namespace, standIn, prefix));
    const audit = new Audit(namespace);
    const controllers = await Controllers.install(t, namespace, helm[4], VALUES);
    const stage = { namespace, controllers, standIn, audit };
    const [first, second, third] = all;
    await killed(t, stage, first);
    await bothReady(controllers);
    await frozen(t, stage, second, third);
  },
  { kit: true },
);

async function bothReady(controllers: Controllers): Promise<void> {
  const asked = async (): Promise<boolean> =>
    (await controllers.pods()).filter(isReady).length === 2;
  await polled(asked, 'both replicas are ready', DONE_MS_MAX);
}
