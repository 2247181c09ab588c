/**
 * Each right of the controller is taken from an account, and then given back: what it is for stands still,
 * which the log and the metric say, and all else goes on. Some are taken from one that runs.
 */
import type { Test } from 'tap';
import { type Right, rightName } from '../charts/rainbow-rights.js';
import { Aparts, type Effects } from './apart.js';
import type { Cluster } from './cluster.js';
import {
  type Case,
  casesOf,
  EVERY,
  is,
  linesOf,
  MISSING,
  missingOf,
  settled,
  without,
  wrongsWith,
  wrongsWithout,
} from './missing-rights.js';

/** Of those that run each is used soon, when the other colour is left. */
const AT_RUN_TIME = ['patch deployments', 'delete deployments', 'create events', 'patch leases'];
const isTaken = (right: Right): boolean => AT_RUN_TIME.some((one) => is(right, one));

async function isTakenAway(t: Test, all: Aparts, cases: readonly Case[]): Promise<void> {
  const taken = cases.filter(({ right }) => isTaken(right));
  const rights = cases.map(({ right }) => (isTaken(right) ? without(right) : EVERY));
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

export async function rightsAreTaken(t: Test, cluster: Cluster): Promise<void> {
  const rights = EVERY.filter((right) => !is(right, 'patch events'));
  const all = await Aparts.create(t, cluster, rights.length);
  const fromMs = performance.now();
  const cases = await casesOf(t, all, rights);
  const silent = cases.find(({ right }) => is(right, 'create events')) as Case;
  await all.crowd(silent.controller, 2);
  const tookS = (): string => ((performance.now() - fromMs) / 1_000).toFixed(1);
  await settled('without a right', () => wrongsWithout(all, cases));
  t.pass(`${cases.length} rights: each is named, and the rest goes on, after ${tookS()} s`);
  for (const one of cases) t.comment(JSON.stringify(linesOf(one)[0]));
  await all.give(cases.map(() => EVERY));
  // What was refused is not told again: the next thing that happens is.
  await all.dies(silent.controller, 1);
  await settled('with it', () => wrongsWith(all, cases));
  t.pass(`given back: all is done, after ${tookS()} s`);
  await isTakenAway(t, all, cases);
}
