/**
 * Two replicas, and the one that leads is killed in the middle of what it does, or stands still for longer
 * than its Lease and goes on then. The other one goes on where it was; the API server's own log tells that
 * nothing was done twice, and nothing by one that led no more.
 */
import type { Test } from 'tap';
import { Audit, type Call, kindsOf } from './audited.js';
import type { Cluster } from './cluster.js';
import { Controllers, polled } from './controllers.js';
import { isReady, Namespace } from './namespace.js';
import { AT_ONCE, OldColours } from './old-colours.js';
import { StandIn } from './stand-in.js';

const ACTS_MS_MAX = 20_000;
/** Two looks and two rounds of all groups. */
const AWAKE_MS = 11_000;
const AWAKE_MS_MAX = 120_000;
const LOOKED = 'tidegate_controller_last_look_timestamp_seconds';
const READY_MS_MAX = 120_000;
const LOOK_MS = 20;
/** More than one does in a moment. */
const GROUPS = 10;
/** Of which one that is killed cannot have known. */
const MORE = 2;

interface Stage {
  readonly namespace: Namespace;
  readonly controllers: Controllers;
  readonly audit: Audit;
}

const isLease = ({ resource }: Call): boolean => resource === 'leases';
const isDeed = (call: Call): boolean => !isLease(call);

/** What somebody did first since then. */
async function firstDeed({ audit }: Stage, fromMs: number, notBy = ''): Promise<Call> {
  const found = (): Call | undefined =>
    audit.writes().find((call) => isDeed(call) && call.atMs > fromMs && call.by !== notBy);
  const isThere = (): Promise<boolean> => Promise.resolve(found() !== undefined);
  await polled(isThere, `something is done, not by ${notBy}`, 2 * ACTS_MS_MAX, LOOK_MS);
  return found() as Call;
}

/** Another replica acts soon after this moment: which one. */
async function takesOver(t: Test, stage: Stage, from: string, sinceMs: number): Promise<string> {
  const { atMs, by, verb, resource } = await firstDeed(stage, sinceMs, from);
  const tookMs = atMs - sinceMs;
  const writes = stage.audit.writes();
  const lease = writes.find((call) => isLease(call) && call.by === by && call.atMs > sinceMs);
  const told = `leads after ${(lease?.atMs ?? NaN) - sinceMs} ms and acts after ${tookMs} ms`;
  t.ok(tookMs < ACTS_MS_MAX, `the other one ${told}: ${verb} ${resource}`);
  return by;
}

function told(t: Test, { audit }: Stage): void {
  const deeds = audit.writes().filter(isDeed);
  for (const pod of new Set(deeds.map(({ by }) => by))) {
    t.comment(`${pod}: ${JSON.stringify(kindsOf(deeds.filter(({ by }) => by === pod)))}`);
  }
}

/** Killed while it does what is due. */
async function isKilled(t: Test, stage: Stage, due: OldColours, more: OldColours): Promise<void> {
  const { controllers } = stage;
  const leader = await controllers.leader();
  const pid = await controllers.pid(leader);
  const fromMs = Date.now();
  await due.areLeft();
  t.equal((await firstDeed(stage, fromMs)).by, leader, 'who leads begins');
  process.kill(pid, 'SIGKILL');
  const killedMs = Date.now();
  await more.areLeft();
  await takesOver(t, stage, leader, killedMs);
  for (const each of [due, more]) {
    await each.areGone();
    each.wentOnce(t, stage.audit);
    await each.deathsAreToldOnce(t);
  }
  told(t, stage);
}

/** It stands still while things become due, and goes on when more do. */
async function isFrozen(t: Test, stage: Stage, due: OldColours, later: OldColours): Promise<void> {
  const { controllers, audit } = stage;
  const leader = await controllers.leader();
  const pid = await controllers.pid(leader);
  t.teardown(() => goesOn(pid));
  const fromMs = Date.now();
  process.kill(pid, 'SIGSTOP');
  await due.areLeft();
  const other = await takesOver(t, stage, leader, fromMs);
  await later.areLeft();
  const wokeMs = Date.now();
  goesOn(pid);
  const isAwake = async (): Promise<boolean> =>
    (await controllers.metrics(leader)).value(LOOKED) * 1_000 > wokeMs + AWAKE_MS;
  await polled(isAwake, 'it looks again, and again', AWAKE_MS_MAX);
  await Promise.all([due.areGone(), later.areGone()]);
  const since = audit.writes().filter(({ by, atMs }) => by === leader && atMs > wokeMs);
  t.same(since, [], 'it writes nothing any more when it goes on');
  t.equal((await controllers.metrics(leader)).value('tidegate_controller_leader'), 0);
  t.equal(await controllers.leader(), other, 'the other one leads as before');
  await areReady(controllers);
  for (const each of [due, later]) {
    each.wentOnce(t, audit);
    await each.deathsAreToldOnce(t);
  }
  told(t, stage);
}

function goesOn(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It is gone.
  }
}

async function areReady(controllers: Controllers): Promise<void> {
  const asked = async (): Promise<boolean> =>
    (await controllers.pods()).filter(isReady).length === 2;
  await polled(asked, 'both replicas are ready', READY_MS_MAX);
}

export async function leadersFail(t: Test, cluster: Cluster, helm: string): Promise<void> {
  const [namespace, standIn] = await Promise.all([
    Namespace.create(t, cluster),
    StandIn.start(t, cluster),
  ]);
  const all = (prefix: string, count = GROUPS): Promise<OldColours> =>
    OldColours.create(namespace, standIn, prefix, count);
  const [first, more, second, third] = await Promise.all([
    ...[all('k'), all('m', MORE)],
    ...[all('f'), all('w')],
  ]);
  const audit = new Audit(namespace);
  const controllers = await Controllers.install(t, namespace, helm, AT_ONCE);
  const stage = { namespace, controllers, audit };
  await areReady(controllers);
  await isKilled(t, stage, first, more);
  await areReady(controllers);
  await isFrozen(t, stage, second, third);
}
