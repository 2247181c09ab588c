/**
 * Each right of the controller is taken from an account, and then given back: what it is for stands still,
 * which the log and the metric say, and all else goes on. Some are taken from one that runs.
 */
import type { Test } from 'tap';
import {
  ASKING_BY_PROXY,
  CLEANING,
  LEADING,
  MARKING,
  WATCHING,
} from '../charts/controller-rights.js';
import { type Right, rightName } from '../charts/rainbow-rights.js';
import { type Apart, Aparts, type Effects, type Wanted } from './apart.js';
import { testOnCluster } from './cluster.js';
import { type Line, polled } from './controllers.js';

const RIGHTS = [...WATCHING, ...MARKING, ...CLEANING, ...LEADING];
const MISSING = 'a right is missing; the rest goes on';
const THERE = 'a right that was missing is there';
const KNOWN_MS_MAX = 60_000;
const POLL_MS = 500;
/** Used once in a while, or tried again in minutes only. */
const isSeldom = ({ verb, resource }: Right): boolean =>
  verb === 'watch' || (verb === 'patch' && resource === 'events');

/** A controller that lacks a right, or had it and does not any more. */
interface Case {
  readonly right: Right;
  readonly controller: Apart;
}

type Effect = 'leads' | 'asks' | 'marks' | 'zero' | 'delete';
const ALL: readonly Effect[] = ['leads', 'asks', 'marks', 'zero', 'delete'];

/** What goes on without a right. */
function goesOn({ verb, resource }: Right): readonly Effect[] {
  if (verb === 'watch' || resource === 'events') return ALL;
  if (resource === 'leases') return ['asks'];
  if (resource === 'pods/proxy') return ['leads'];
  if (resource === 'pods') {
    return verb === 'list' ? ['leads'] : ['leads', 'asks', 'zero', 'delete'];
  }
  return verb === 'delete' ? ['leads', 'asks', 'marks', 'zero'] : ['leads', 'asks', 'marks'];
}

async function isSeen(controller: Apart, effects: Effects): Promise<readonly Effect[]> {
  const metrics = await controller.metrics();
  const answered = ['safe', 'unsafe'].map((state) =>
    metrics.value('tidegate_controller_pods', { state }),
  );
  const is: Readonly<Record<Effect, boolean>> = {
    leads: metrics.value('tidegate_controller_leader') === 1,
    asks: answered.some((count) => count > 0),
    marks: effects.marks,
    zero: effects.zeros.includes('gone'),
    delete: effects.deleted.includes('gone'),
  };
  return ALL.filter((effect) => is[effect]);
}

const nameOf = ({ group, resource }: Right): string =>
  group === '' ? resource : `${resource}.${group}`;

/** The lines about this right, in the order they came. */
function linesOf({ right, controller }: Case): readonly Line[] {
  return controller.lines.filter(
    ({ msg, verb, resource, namespace }) =>
      (msg === MISSING || msg === THERE) &&
      verb === right.verb &&
      resource === nameOf(right) &&
      namespace === controller.namespace,
  );
}

/** Those that the metric calls missing. */
async function missingOf({ controller }: Case): Promise<readonly string[]> {
  const { samples } = await controller.metrics();
  return samples
    .filter(({ name, value }) => name === 'tidegate_controller_missing_right' && value === 1)
    .map(({ labels }) => `${labels['verb']} on ${labels['resource']}`);
}

/** What is not so yet, as sentences; resolves once there is nothing of that. */
async function settled(
  what: string,
  wrongs: () => Promise<readonly string[]>,
  timeoutMs = KNOWN_MS_MAX,
): Promise<void> {
  let wrong: readonly string[] = [];
  const asked = async (): Promise<boolean> => (wrong = await wrongs()).length === 0;
  await polled(asked, () => `${what}: ${wrong.join('; ')}`, timeoutMs, POLL_MS);
}

/** Of each: the log names the right, the metric does, and what goes on without it does. */
async function wrongsWithout(all: Aparts, cases: readonly Case[]): Promise<readonly string[]> {
  const effects = await all.effects();
  const wrongs = cases.map(async (one) => {
    const { right, controller } = one;
    const wrong: string[] = [];
    const lines = linesOf(one);
    if (lines.length !== 1 || lines[0].msg !== MISSING) wrong.push(`${lines.length} lines`);
    const missing = await missingOf(one);
    if (missing.join() !== rightName(right)) wrong.push(`missing_right: ${missing.join()}`);
    const seen = await isSeen(controller, effects.get(controller.namespace) as Effects);
    if (seen.join() !== goesOn(right).join()) wrong.push(`goes on: ${seen.join()}`);
    return wrong.map((text) => `${rightName(right)}: ${text}`);
  });
  return (await Promise.all(wrongs)).flat();
}

/** Of each: nothing is missing any more, and all that is due is done. */
async function wrongsWith(all: Aparts, cases: readonly Case[]): Promise<readonly string[]> {
  const effects = await all.effects();
  const wrongs = cases.map(async (one) => {
    const { right, controller } = one;
    const wrong: string[] = [];
    const last = linesOf(one).at(-1)?.msg;
    const missing = await missingOf(one);
    if (!isSeldom(right) && last !== THERE) wrong.push(`last line: ${last}`);
    if (!isSeldom(right) && missing.length > 0) wrong.push(`missing_right: ${missing.join()}`);
    const seen = await isSeen(controller, effects.get(controller.namespace) as Effects);
    if (seen.join() !== ALL.join()) wrong.push(`goes on: ${seen.join()}`);
    return wrong.map((text) => `${rightName(right)}: ${text}`);
  });
  return (await Promise.all(wrongs)).flat();
}

/** From one that runs; each is used soon, when the other colour is left. */
const AT_RUN_TIME = [
  ...CLEANING,
  ...RIGHTS.filter(({ resource, verb }) => {
    return (
      (verb === 'create' && resource === 'events') || (verb === 'patch' && resource === 'leases')
    );
  }),
];

async function isTakenAway(t: Test, all: Aparts, cases: readonly Case[]): Promise<void> {
  const taken = cases.filter(({ right }) => AT_RUN_TIME.includes(right));
  const rights = cases.map(({ right }) => (AT_RUN_TIME.includes(right) ? without(right) : EVERY));
  await all.give(rights);
  await all.isLeft();
  const fromMs = performance.now();
  await settled('taken from one that runs', async () => {
    const wrongs = taken.map(async (one) => {
      const missing = await missingOf(one);
      const last = linesOf(one).at(-1)?.msg;
      const isTold = last === MISSING && missing.join() === rightName(one.right);
      return isTold ? [] : [`${rightName(one.right)}: ${last}, ${missing.join()}`];
    });
    return (await Promise.all(wrongs)).flat();
  });
  const tookS = ((performance.now() - fromMs) / 1_000).toFixed(1);
  t.pass(`${taken.length} rights are taken from controllers that run: said after ${tookS} s`);
  const deletes = cases.find(({ right }) => right.verb === 'delete') as Case;
  const { zeros, deleted } = (await all.effects()).get(deletes.controller.namespace) as Effects;
  t.same(zeros, ['gone', 'later'], 'without the right to delete a colour is scaled to zero');
  t.same(deleted, ['gone'], 'and stays');
}

const EVERY: readonly Right[] = [...RIGHTS, ...ASKING_BY_PROXY];
const without = (missing: Right): readonly Right[] => EVERY.filter((right) => right !== missing);

testOnCluster(
  'each right is missed, and all that needs it not goes on',
  async (t, cluster) => {
    const rights = EVERY.filter(
      (right) => !(right.verb === 'patch' && right.resource === 'events'),
    );
    const all = await Aparts.create(t, cluster, rights.length);
    const wanted = rights.map((right): Wanted => {
      const flags = ASKING_BY_PROXY.includes(right) ? ['--ask=proxy'] : [];
      // One that makes its Lease leads, and need not change it for a while.
      const hasLease = right.verb === 'patch' && right.resource === 'leases';
      return { rights: without(right), flags, hasLease };
    });
    const fromMs = performance.now();
    const controllers = await all.start(t, wanted);
    const cases = rights.map((right, at): Case => ({ right, controller: controllers[at] }));
    const tookS = (): string => ((performance.now() - fromMs) / 1_000).toFixed(1);
    await settled('without a right', () => wrongsWithout(all, cases));
    t.pass(`${cases.length} rights: each is named, and the rest goes on, after ${tookS()} s`);
    for (const one of cases) t.comment(JSON.stringify(linesOf(one)[0]));
    await all.give(cases.map(() => EVERY));
    await settled('with it', () => wrongsWith(all, cases));
    t.pass(`given back: all is done, after ${tookS()} s`);
    await isTakenAway(t, all, cases);
  },
  { kit: true },
);
