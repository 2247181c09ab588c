/**
 * Old colours under the chart's CronJob, with nobody beside it: by its schedule, with the rights that it
 * has, the colour that nobody uses goes and one that is used stays until its client has left. What is
 * selected is left alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { chartFor } from '../charts/render.js';
import { until } from '../peers/until.js';
import { imageValues } from './clean-ups.js';
import { type Held, hold } from './held.js';
import { isReady, type Namespace } from './namespace.js';
import { GROUP, Rainbow } from './rainbows.js';
import { Release, testWithHelm } from './release.js';

const [UNUSED, USED, LIVE] = ['5fd0a1c', '0b7e42d', '1234567'];
const EVERY_MINUTE = '* * * * *';
const POLICY = {
  keep: 0,
  minAge: 0,
  drainedFor: 0,
  deleteAfter: 0,
  maxAge: false,
  lightlyUsed: false,
};
/** Two runs take a colour away, if none of them finds something changed under its hands. */
const GONE_MS_MAX = 600_000;
const POLL_MS = 1_000;

interface Jobs {
  readonly items: readonly { readonly status: { readonly succeeded?: number } }[];
}

async function areLeft(rainbow: Rainbow, colours: readonly string[]): Promise<void> {
  let found: readonly string[] = [];
  const asked = async (): Promise<boolean> => {
    found = await rainbow.colours();
    if (found.join() === [...colours].sort().join()) return true;
    await sleep(POLL_MS);
    return false;
  };
  const what = (): string => `${colours.join(' and ')} are left: ${found.join(' and ')}`;
  await until(asked, what, GONE_MS_MAX);
}

/** Three colours, the last one live; a client holds a stream of the second. */
async function staged(t: Test, rainbow: Rainbow): Promise<Held> {
  const { namespace } = rainbow;
  const { image } = namespace.cluster;
  await namespace.load(t);
  for (const colour of [USED, LIVE]) {
    await rainbow.does(
      'deploy',
      GROUP,
      colour,
      `--image=app=${image}`,
      `--image=tidegate=${image}`,
    );
    await rainbow.does('promote', GROUP, colour, '--yes');
  }
  const [pod] = await rainbow.pods(USED);
  return hold(t, namespace, [`${pod.status.podIP}:8080`]);
}

/** How many runs were done; the schedule has made them. */
async function succeeded(namespace: Namespace): Promise<number> {
  const jobs = JSON.parse(await namespace.kubectl(['get', 'jobs', '-o', 'json'])) as Jobs;
  return jobs.items.filter(({ status }) => status.succeeded === 1).length;
}

testWithHelm('a CronJob cleans up what nobody uses, and nothing else', async (t, cluster, helm) => {
  const rainbow = await Rainbow.create(t, cluster, UNUSED, 1);
  const { namespace } = rainbow;
  const held = await staged(t, rainbow);
  const [{ metadata: live }] = await rainbow.pods(LIVE);
  const release = new Release(namespace, helm[4], chartFor(t, 'charts/tidegate'), 'tidegate');
  const values = {
    ...{ enabled: true, schedule: EVERY_MINUTE, successfulJobsHistoryLimit: 10 },
    ...{ image: imageValues(cluster.image), groups: [GROUP], ...POLICY },
  };
  await release.install({ rainbow: values });
  await areLeft(rainbow, [USED, LIVE]);
  t.pass('the colour that nobody uses is deleted');
  const [used] = await rainbow.pods(USED);
  t.ok(isReady(used), 'the one that is used is as it was');
  t.equal(held.endings.size, 0, 'and so is its client');
  held.leave();
  await areLeft(rainbow, [LIVE]);
  t.pass('once its client has left it goes, too');
  const [{ metadata }] = await rainbow.pods(LIVE);
  t.equal(metadata.uid, live.uid, 'the live one has the pod that it had');
  t.equal(await rainbow.live(), LIVE, 'and is live');
  const runs = await succeeded(namespace);
  t.ok(runs >= 2, `${runs} runs of the schedule were done`);
});
