/**
 * Controllers that lack a right, each another one: what is to be seen of each, and what is wrong about that.
 * The log and the metric name the right, what it is for stands still, and all else goes on.
 */
import type { Test } from 'tap';
import { LEADING, watchingRights } from '../charts/controller-rights.js';
import { BY_PROXY, type Right, rightName } from '../charts/rainbow-rights.js';
import type { Apart, Aparts, Effects, Wanted } from './apart.js';
import { type Line, polled } from './controllers.js';

const RIGHTS = [...watchingRights({ rainbow: { enabled: true } }), ...LEADING];
export const EVERY: readonly Right[] = [...RIGHTS, ...BY_PROXY];
export const MISSING = 'a right is missing; the rest goes on';
export const THERE = 'a right that was missing is there';
/** Twenty controllers start at once; one without `watch` sees each step half a minute late. */
const KNOWN_MS_MAX = 180_000;
const POLL_MS = 500;
export const without = (missing: Right): readonly Right[] =>
  EVERY.filter((right) => right !== missing);
export const is = ({ verb, resource }: Right, one: string): boolean =>
  one === `${verb} ${resource}`;
/** Used once in a while, or tried again in minutes only. */
export const isSeldom = ({ verb, resource }: Right): boolean =>
  verb === 'watch' || (verb === 'patch' && resource === 'events');

/** A controller that lacks a right, or had it and does not any more. */
export interface Case {
  readonly right: Right;
  readonly controller: Apart;
}

type Effect = 'leads' | 'asks' | 'marks' | 'zero' | 'delete';
const ALL: readonly Effect[] = ['leads', 'asks', 'marks', 'zero', 'delete'];

/** What goes on without a right. */
function goesOn({ verb, resource }: Right): readonly Effect[] {
  if (verb === 'watch' || resource === 'events') return ALL;
  if (resource === 'leases') return ['asks'];
  // That nobody answers is told on the pods.
  if (resource === 'pods/proxy') return ['leads', 'asks', 'marks'];
  if (resource === 'pods') {
    return verb === 'list' ? ['leads'] : ['leads', 'asks', 'zero', 'delete'];
  }
  return verb === 'delete' ? ['leads', 'asks', 'marks', 'zero'] : ['leads', 'asks', 'marks'];
}

async function isSeen(controller: Apart, effects: Effects): Promise<readonly Effect[]> {
  const metrics = await controller.metrics();
  const is: Readonly<Record<Effect, boolean>> = {
    leads: metrics.value('tidegate_controller_leader') === 1,
    asks: metrics.value('tidegate_controller_last_look_timestamp_seconds') > 0,
    marks: effects.marks,
    zero: effects.zeros.includes('gone'),
    delete: effects.deleted.includes('gone'),
  };
  return ALL.filter((effect) => is[effect]);
}

const nameOf = ({ group, resource }: Right): string =>
  group === '' ? resource : `${resource}.${group}`;

/** The lines about this right, in the order they came. */
export function linesOf({ right, controller }: Case): readonly Line[] {
  return controller.lines.filter(
    ({ msg, verb, resource, namespace }) =>
      (msg === MISSING || msg === THERE) &&
      verb === right.verb &&
      resource === nameOf(right) &&
      namespace === controller.namespace,
  );
}

const told = (lines: readonly Line[]): string =>
  `lines: ${lines.map(({ time, msg }) => `${time} ${msg}`).join(', ')}`;

/** Those that the metric calls missing. */
export async function missingOf({ controller }: Case): Promise<readonly string[]> {
  const { samples } = await controller.metrics();
  return samples
    .filter(({ name, value }) => name === 'tidegate_controller_missing_right' && value === 1)
    .map(({ labels }) => `${labels['verb']} on ${labels['resource']}`);
}

/** What is not so yet, as sentences; resolves once there is nothing of that. */
export async function settled(
  what: string,
  wrongs: () => Promise<readonly string[]>,
  timeoutMs = KNOWN_MS_MAX,
): Promise<void> {
  let wrong: readonly string[] = [];
  const asked = async (): Promise<boolean> => (wrong = await wrongs()).length === 0;
  await polled(asked, () => `${what}: ${wrong.join('; ')}`, timeoutMs, POLL_MS);
}

/** Of each: the log names the right, the metric does, and what goes on without it does. */
export async function wrongsWithout(
  all: Aparts,
  cases: readonly Case[],
): Promise<readonly string[]> {
  const effects = await all.effects();
  const wrongs = cases.map(async (one) => {
    const { right, controller } = one;
    const wrong: string[] = [];
    const lines = linesOf(one);
    if (lines.length !== 1 || lines[0].msg !== MISSING) wrong.push(told(lines));
    const missing = await missingOf(one);
    if (missing.join() !== rightName(right)) wrong.push(`missing_right: ${missing.join()}`);
    const seen = await isSeen(controller, effects.get(controller.namespace) as Effects);
    if (seen.join() !== goesOn(right).join()) wrong.push(`goes on: ${seen.join()}`);
    return wrong.map((text) => `${rightName(right)}: ${text}`);
  });
  return (await Promise.all(wrongs)).flat();
}

/** Of each: nothing is missing any more, and all that is due is done. */
export async function wrongsWith(all: Aparts, cases: readonly Case[]): Promise<readonly string[]> {
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

/** Controllers, each without a right of its own. */
export async function casesOf(
  t: Test,
  all: Aparts,
  rights: readonly Right[],
): Promise<readonly Case[]> {
  const wanted = rights.map((right): Wanted => {
    const flags = BY_PROXY.includes(right) ? ['--ask=proxy'] : [];
    // One that makes its Lease leads, and need not change it for a while.
    return { rights: without(right), flags, hasLease: is(right, 'patch leases') };
  });
  const controllers = await all.start(t, wanted);
  return rights.map((right, at): Case => ({ right, controller: controllers[at] }));
}
