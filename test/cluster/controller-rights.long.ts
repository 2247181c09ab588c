/**
 * The rights of the controller that are used once in a while, or are tried again only in minutes: without
 * one to watch it lists, and watches again when it may; without the one to count Events it tells the others.
 */
import type { Test } from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { rightName } from '../charts/rainbow-rights.js';
import { Aparts } from './apart.js';
import { testOnCluster } from './cluster.js';
import {
  type Case,
  casesOf,
  EVERY,
  is,
  isSeldom,
  linesOf,
  MISSING,
  missingOf,
  settled,
  THERE,
} from './missing-rights.js';

/** More deaths of one Deployment's pods than are told one by one. */
const DEATHS = 12;
/** An Event that counts is changed once a minute. */
const COUNTS_MS = 65_000;
const KNOWN_MS_MAX = 150_000;
const AGAIN_MS_MAX = 240_000;

/** Each of these is called missing, or none is. */
async function areMissing(cases: readonly Case[], isMissing: boolean): Promise<readonly string[]> {
  const wrongs = cases.map(async (one) => {
    const missing = await missingOf(one);
    const last = linesOf(one).at(-1)?.msg;
    const wanted = isMissing ? [MISSING, rightName(one.right)] : [THERE, ''];
    const seen = [last, missing.join()];
    return seen.join() === wanted.join() ? [] : [`${rightName(one.right)}: ${seen.join(', ')}`];
  });
  return (await Promise.all(wrongs)).flat();
}

/** Deaths of many, and of one more when those are counted. */
async function isCounted(all: Aparts, { controller }: Case): Promise<void> {
  await all.dies(controller, DEATHS);
  await sleep(COUNTS_MS);
  await all.dies(controller, 1);
}

testOnCluster(
  'rights that are seldom used are missed, and used again',
  async (t: Test, cluster) => {
    const rights = EVERY.filter(isSeldom);
    const all = await Aparts.create(t, cluster, rights.length);
    const cases = await casesOf(t, all, rights);
    const counting = cases.find(({ right }) => is(right, 'patch events')) as Case;
    await all.crowd(counting.controller, DEATHS + 2);
    await sleep(COUNTS_MS / 4);
    await isCounted(all, counting);
    await settled('without', () => areMissing(cases, true), KNOWN_MS_MAX);
    t.pass(`${cases.length} rights: each is named`);
    const fromMs = performance.now();
    await all.give(cases.map(() => EVERY));
    await settled('with', () => areMissing(cases, false), AGAIN_MS_MAX);
    t.pass(`used again after ${Math.round((performance.now() - fromMs) / 1_000)} s`);
  },
  { kit: true },
);
