/**
 * A controller over a fleet of pods on paper, in forty colours of eight groups, whose load goes up and down
 * by a tenth all the time: what it writes, asks and takes then, and how soon a change stands on each pod.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { levelOf } from '../../src/controller/levels.js';
import type { State } from '../../src/rainbow/contract.js';
import type { Tools } from '../charts/tools.js';
import { Random, seedOfRun } from '../peers/random.js';
import { Audit, type Call, kindsOf } from './audited.js';
import { type Changed, firstMarks, isMark, restedOf } from './changed-marks.js';
import type { Cluster } from './cluster.js';
import { Controllers, polled } from './controllers.js';
import { Namespace } from './namespace.js';
import { type Paper, paperService, putOnPaper } from './paper.js';
import { StandIn, telling } from './stand-in.js';
import type { Says } from './stand-in-program.js';

const GROUPS = 8;
const COLOURS_EACH = 5;
/** At work in each pod of a colour: each level, and where one begins. */
const LOADS = [0, 3, 10, 50, 100, 400, 1_000, 12];
const FLUCTUATION = 0.1;
const FLUCTUATES_MS = 2_000;
/** The Lease of who leads is renewed, whatever happens or not. */
const RENEWED_MS = 5_000;
/** All others: of twenty, what the Lease leaves. */
const WRITES_A_MINUTE_MAX = 8;
const MEMORY_MB_MAX = 150;
const CHANGED_MS_MAX = 75_000;
/** Behind a first change, whose mark must then rest for a minute. */
const AGAIN_MS = 5_000;
const MARKED_MS_MAX = 240_000;
const POLL_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of the clock of processes, a second. */
const TICKS = 100;

export interface FleetSize {
  /** In each of forty colours. */
  readonly replicas: number;
  /** How long it is watched while nothing changes. */
  readonly steadyMs: number;
  /** Beyond which the changes are spread. */
  readonly changesMs: number;
  /** One colour in two changes twice, so that some pods must rest in between. */
  readonly rests: boolean;
}

interface Colour {
  readonly paper: Paper;
  readonly port: number;
  readonly load: number;
}

interface Fleet {
  readonly t: Test;
  readonly namespace: Namespace;
  readonly standIn: StandIn;
  readonly colours: readonly Colour[];
  readonly controllers: Controllers;
  readonly audit: Audit;
  readonly chance: Random;
  readonly pods: number;
}

const saying = (active: number): Says =>
  telling(active > 0 ? { safe: false, reason: 'active', active } : { safe: true });

/** Under such a load little is written, little taken, and each change is seen soon. */
export async function fleet(
  t: Test,
  cluster: Cluster,
  helm: Tools['helm'],
  { replicas, steadyMs, changesMs, rests }: FleetSize,
): Promise<void> {
  const seed = seedOfRun(Date.now());
  t.comment(`TIDEGATE_TEST_SEED=${seed}`);
  const [namespace, standIn] = await Promise.all([
    Namespace.create(t, cluster),
    StandIn.start(t, cluster),
  ]);
  const colours = await onPaper(namespace, standIn, replicas);
  const audit = new Audit(namespace);
  const values = { rainbow: { enabled: true }, lookEvery: '20s' };
  const controllers = await Controllers.install(t, namespace, helm[4], values);
  const pods = GROUPS * COLOURS_EACH * replicas;
  const chance = new Random(seed);
  const all = { t, namespace, standIn, colours, controllers, audit, chance, pods };
  await areMarked(all);
  await isQuiet(all, steadyMs);
  await isSeenSoon(all, changesMs, rests);
  await isSmall(all);
}

/** One colour of each group is live; of the others each is kept. */
async function onPaper(
  namespace: Namespace,
  standIn: StandIn,
  replicas: number,
): Promise<readonly Colour[]> {
  const colours: Colour[] = [];
  const nowMs = Date.now();
  for (let at = 0; at < GROUPS * COLOURS_EACH; at++) {
    const load = LOADS[at % LOADS.length];
    const port = await standIn.open(saying(load));
    const peak = 2 * replicas * load;
    const memory = { wasLive: true, peak, ...rememberedOf(at % COLOURS_EACH === 0, load, nowMs) };
    const group = `g${Math.floor(at / COLOURS_EACH)}`;
    const colour = `c${String(at).padStart(2, '0')}`;
    const paper = { group, colour, replicas, port, memory };
    colours.push({ paper, port, load });
  }
  const lives = colours.filter((_colour, at) => at % COLOURS_EACH === 0);
  await namespace.apply(
    ...lives.map(({ paper: { group, colour } }) => paperService(group, colour)),
  );
  await putOnPaper(
    namespace,
    standIn,
    colours.map(({ paper }) => paper),
  );
  return colours;
}

/** What has begun long ago need not be written when the controller comes. */
function rememberedOf(isLive: boolean, load: number, nowMs: number): Partial<State> {
  if (isLive) return { liveSinceMs: nowMs - HOUR_MS };
  const unusedMs = nowMs - HOUR_MS / 5;
  const unused = load > 0 ? {} : { drainedSinceMs: unusedMs, lightlyUsedSinceMs: unusedMs };
  return { lostTrafficMs: nowMs - HOUR_MS / 4, ...unused };
}

const isLease = ({ resource }: Call): boolean => resource === 'leases';

/** Each pod has been written to. */
async function areMarked({ t, audit, pods }: Fleet): Promise<void> {
  const fromMs = performance.now();
  const marked = (): number =>
    new Set(
      audit
        .writes()
        .filter(isMark)
        .map(({ name }) => name),
    ).size;
  const areAll = (): Promise<boolean> => Promise.resolve(marked() === pods);
  await polled(areAll, () => `${marked()} of ${pods} pods are marked`, MARKED_MS_MAX, POLL_MS);
  const tookS = Math.round((performance.now() - fromMs) / 1_000);
  t.comment(`${pods} pods: all marked ${tookS} s after a replica led`);
}

/** Nothing changes but by a tenth. */
async function isQuiet(all: Fleet, steadyMs: number): Promise<void> {
  const { t, audit, controllers } = all;
  const leader = await controllers.leader();
  const pid = await controllers.pid(leader);
  const [fromMs, before] = [Date.now(), cpuMs(pid)];
  while (Date.now() < fromMs + steadyMs) {
    await fluctuates(all);
    await sleep(FLUCTUATES_MS);
  }
  const tookMs = Date.now() - fromMs;
  const within = ({ atMs }: Call): boolean => atMs > fromMs && atMs <= fromMs + tookMs;
  const perMinute = (count: number): number => (count * MINUTE_MS) / tookMs;
  const writes = audit.writes().filter(within);
  const [leases, others] = [writes.filter(isLease), writes.filter((call) => !isLease(call))];
  const calls = audit.all().filter(within);
  t.ok(
    perMinute(others.length) <= WRITES_A_MINUTE_MAX,
    `${perMinute(others.length).toFixed(1)} writes a minute: ${JSON.stringify(kindsOf(others))}`,
  );
  t.ok(
    leases.length <= tookMs / RENEWED_MS + 1,
    `and ${perMinute(leases.length).toFixed(1)} of the Lease`,
  );
  t.comment(
    `${perMinute(calls.length).toFixed(1)} calls a minute: ${JSON.stringify(kindsOf(calls))}`,
  );
  const share = (cpuMs(pid) - before) / tookMs;
  t.comment(`who leads takes ${(100 * share).toFixed(1)} % of a processor`);
}

async function fluctuates({ colours, standIn, chance }: Fleet): Promise<void> {
  for (const { port, load } of colours) {
    const part = (chance.int(2_001) / 1_000 - 1) * FLUCTUATION;
    await standIn.says(port, saying(Math.round(load * (1 + part))));
  }
}

/**
 * Each colour, at a moment of its own, is used by nobody, or by some if nobody has used it. Where it `rests`,
 * one in two has just changed before: of its pods some are marked in between, and must wait.
 */
async function isSeenSoon(all: Fleet, changesMs: number, rests: boolean): Promise<void> {
  const { namespace, colours, chance } = all;
  const ofColour = new Map<string, string[]>();
  for (const { metadata } of await namespace.pods('tidegate.dev/colour')) {
    const colour = metadata.labels?.['tidegate.dev/colour'] ?? '';
    ofColour.set(colour, [...(ofColour.get(colour) ?? []), metadata.name]);
  }
  const changes = new Map<string, Changed>();
  const changing = chance.shuffle([...colours]).map(async (colour, at) => {
    await sleep((at * changesMs) / colours.length);
    const changed = await comesTo(all, colour, rests && at % 2 === 1);
    for (const name of ofColour.get(colour.paper.colour) ?? []) changes.set(name, changed);
  });
  await Promise.all(changing);
  await areSeen(all, changes, rests);
}

async function comesTo(
  { standIn }: Fleet,
  { port, load }: Colour,
  isTwice: boolean,
): Promise<Changed> {
  const [between, active] = [load >= 1_000 ? 200 : 2_000, load === 0 ? 25 : 0];
  const firstMs = Date.now();
  if (isTwice) {
    await standIn.says(port, saying(between));
    await sleep(AGAIN_MS);
  }
  const changed = { atMs: Date.now(), level: levelOf(active), ...(isTwice ? { firstMs } : {}) };
  await standIn.says(port, saying(active));
  return changed;
}

async function areSeen(
  { t, audit }: Fleet,
  changes: ReadonlyMap<string, Changed>,
  rests: boolean,
): Promise<void> {
  const seen = (): ReadonlyMap<string, number> => firstMarks(audit.writes(), changes);
  const areAll = (): Promise<boolean> => Promise.resolve(seen().size === changes.size);
  const left = (): string => `${seen().size} of ${changes.size} changes are seen`;
  await polled(areAll, left, 2 * CHANGED_MS_MAX, POLL_MS).catch((fault: unknown) =>
    t.fail(String(fault)),
  );
  const rested = restedOf(audit.writes(), changes);
  t.equal(rested.size > 0, rests, `${rested.size} pods were marked between two changes`);
  for (const [of, isOne] of [
    ['at rest', (name: string): boolean => !rested.has(name)],
    ['just marked', (name: string): boolean => rested.has(name)],
  ] as const) {
    if (of === 'just marked' && !rests) continue;
    const tookMs = [...seen()].filter(([name]) => isOne(name)).map(([, ms]) => ms);
    tookMs.sort((one, other) => one - other);
    const at = (share: number): number => tookMs[Math.floor(share * (tookMs.length - 1))] ?? NaN;
    const [half, most, last] = [0.5, 0.9, 1].map((share) => (at(share) / 1_000).toFixed(1));
    t.ok(
      at(1) <= CHANGED_MS_MAX,
      `${tookMs.length} pods ${of}: a change stands on it after ${last} s at the most`,
    );
    t.comment(`half of them after ${half} s, nine of ten after ${most} s`);
  }
}

/** At its most, since it was started; of both, since one that follows knows all, too. */
async function isSmall({ t, controllers }: Fleet): Promise<void> {
  const leader = await controllers.leader();
  for (const { metadata } of await controllers.pods()) {
    const { name } = metadata;
    const status = readFileSync(`/proc/${await controllers.pid(name)}/status`, 'latin1');
    const mb = (field: string): number =>
      (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024) / 1e6;
    const who = name === leader ? 'who leads' : 'who follows';
    t.ok(
      mb('VmHWM') < MEMORY_MB_MAX,
      `${who}: ${mb('VmHWM').toFixed(0)} MB at its most, ${mb('VmRSS').toFixed(0)} MB now`,
    );
  }
}

/** Of the processor, what a process has taken so far. */
function cpuMs(pid: number): number {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user + system) * 1_000) / TICKS;
}
