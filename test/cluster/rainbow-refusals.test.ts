/**
 * What the command does not do, and says why, on objects as the real controllers keep them: above all a
 * colour is not deleted that a Service selects again, whenever that is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { outputOf, start } from '../peers/running.js';
import { until, within } from '../peers/until.js';
import { environment, testOnCluster } from './cluster.js';
import { Namespace } from './namespace.js';
import { tidegate } from './outside.js';
import { type Paper, paperService, putOnPaper } from './paper.js';
import { faultProxy, type Proxied } from './proxied.js';
import { routeTo } from './rainbow-cases.js';
import { Rainbow, type Said, STOPPED } from './rainbows.js';
import { StandIn, telling } from './stand-in.js';

const HOUR_MS = 3_600_000;
const ASKED_MS_MAX = 30_000;
const [FAULT, USAGE] = [1, 2];
const POLL_MS = 100;
const ago = (hours: number): number => Date.now() - hours * HOUR_MS;
const AT_ZERO = {
  replicas: 0,
  memory: { wasLive: true, lostTrafficMs: ago(30), scaledToZeroMs: ago(29) },
} as const;

interface Stage {
  readonly rainbow: Rainbow;
  readonly namespace: Namespace;
  readonly api: Proxied;
}

testOnCluster(
  'what is refused, and why',
  async (t, cluster) => {
    const [namespace, standIn, api] = await Promise.all([
      Namespace.create(t, cluster),
      StandIn.start(t, cluster),
      faultProxy(t, cluster),
    ]);
    const stage = { rainbow: new Rainbow(namespace), namespace, api };
    await fill(namespace, standIn);
    await t.test('selected again between plan and delete', async (t) => {
      await whileItAsks(t, stage);
      await whileItLooksAgain(t, stage);
      await whileItDeletes(t, stage);
    });
    await t.test('switches and new colours', (t) => switches(t, stage));
    await t.test('waits and questions', (t) => waits(t, stage));
    await t.test('the last ready pod of a Service', (t) => lastReady(t, stage));
  },
  { kit: true },
);

/** One group to delete from, one with two Services, one that nobody has ever promoted. */
async function fill(namespace: Namespace, standIn: StandIn): Promise<void> {
  const [safe, busy] = await Promise.all([
    standIn.open(telling({ safe: true })),
    standIn.open(telling({ safe: false, reason: 'active', active: 4 })),
  ]);
  const papers: readonly Paper[] = [
    { group: 'web', colour: 'new', port: busy },
    { group: 'web', colour: 'old', port: safe, ...AT_ZERO },
    { group: 'two', colour: 'one', port: safe },
    { group: 'two', colour: 'other', port: busy },
    { group: 'two', colour: 'asleep', port: safe, looks: 'asleep' },
    { group: 'argo', colour: 'one', port: safe },
    { group: 'argo', colour: 'other', port: safe },
  ];
  const argo = { 'argocd.argoproj.io/instance': 'shop' };
  const service = paperService('argo', 'one') as { metadata: object };
  await namespace.apply(
    paperService('web', 'new'),
    paperService('two', 'one'),
    paperService('two', 'other', 'two-inside'),
    { ...service, metadata: { ...service.metadata, labels: argo } },
  );
  await putOnPaper(namespace, standIn, papers);
}

/** The Service of the group `web` as whoever has kubectl moves it. */
async function select({ namespace }: Stage, colour: string): Promise<void> {
  const selector = { 'tidegate.dev/colour': colour };
  await namespace.kubectl([
    'patch',
    'service',
    'web',
    '-p',
    JSON.stringify({ spec: { selector } }),
  ]);
}

async function isThere(t: Test, { namespace }: Stage, words: string): Promise<void> {
  const args = ['get', 'deployment', 'web-old', '-o', 'jsonpath={.metadata.deletionTimestamp}'];
  t.equal(await namespace.kubectl(args), '', words);
}

/** At a terminal: the plan is on it, and the question. */
async function whileItAsks(t: Test, stage: Stage): Promise<void> {
  const command = stage.rainbow.command('cleanup', 'web', '--keep=0');
  const line = command.map((word) => `'${word}'`).join(' ');
  const child = start('script', ['-qefc', line, '/dev/null'], { env: environment() });
  t.teardown(() => child.kill('SIGKILL'));
  const output = outputOf(child);
  const hasAsked = (): boolean => output.stdout.includes('Do this?');
  await until(hasAsked, () => `it asks: ${output.stdout}`, ASKED_MS_MAX);
  t.match(output.stdout, /old +delete: it has been at zero for/, 'it would be deleted');
  await select(stage, 'old');
  child.stdin.write('y\n');
  const code = await within(output.ended, () => `it ends: ${output.stdout}`, ASKED_MS_MAX);
  t.equal(code, STOPPED, `stopped while it asks: ${lastLine(output.stdout)}`);
  await isThere(t, stage, 'and the colour is still there');
  await select(stage, 'new');
  await isRoutedNoMore(stage);
}

/** Between its plan and its second look. */
async function whileItLooksAgain(t: Test, stage: Stage): Promise<void> {
  const { api } = stage;
  await api.set({ wrong: 'hold', on: 'list services', at: 2 });
  const ran = cleanUp(stage);
  await api.held();
  await select(stage, 'old');
  await api.release();
  const { code, stderr } = await ran;
  t.equal(code, STOPPED, `stopped before it looks again: ${stderr.trim()}`);
  await isThere(t, stage, 'and the colour is still there');
  await select(stage, 'new');
  await isRoutedNoMore(stage);
}

/** Its last call is on its way; who promotes has written to the Deployment by then. */
async function whileItDeletes(t: Test, stage: Stage): Promise<void> {
  const { api, rainbow } = stage;
  await api.set({ wrong: 'hold', on: 'delete deployments.apps', at: 1 });
  const ran = cleanUp(stage);
  await api.held();
  const { code: promoted } = await rainbow.run('promote', 'web', 'old', '--yes', '--timeout=2s');
  t.equal(promoted, STOPPED, 'a promotion waits for the pods, which nobody starts here');
  await api.release();
  const { code, stderr } = await ran;
  await api.set();
  t.equal(code, STOPPED, `stopped at the delete: ${stderr.trim()}`);
  await isThere(t, stage, 'and the colour is still there');
}

function cleanUp({ rainbow, api }: Stage): Promise<Said> {
  return rainbow.run('cleanup', 'web', '--yes', '--keep=0', `--kubeconfig=${api.kubeconfig}`);
}

/** The endpoints follow the selector a moment later. */
async function isRoutedNoMore({ rainbow }: Stage): Promise<void> {
  const isDue = async (): Promise<boolean> => {
    const plan = await rainbow.does('cleanup', 'web', '--keep=0', '--dry-run=client');
    if (plan.includes('delete: ')) return true;
    await sleep(POLL_MS);
    return false;
  };
  await until(isDue, 'it would be deleted again', ASKED_MS_MAX);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

async function refused(
  t: Test,
  { rainbow }: Stage,
  args: readonly string[],
  words: RegExp,
  exit = STOPPED,
): Promise<void> {
  const { code, stderr } = await rainbow.run(...args);
  t.equal(code, exit, `${args.join(' ')}: exit code ${exit}`);
  t.match(stderr, words, lastLine(stderr));
}

async function switches(t: Test, stage: Stage): Promise<void> {
  const { rainbow } = stage;
  const refuses = (args: string, words: RegExp, exit?: number): Promise<void> =>
    refused(t, stage, args.split(' '), words, exit);
  await refuses('promote two blue --yes', /has no colour blue/, FAULT);
  await refuses('promote two asleep --yes', /different colours.* --service NAME/);
  await refuses('promote two asleep --yes --service=two --timeout=2s', /ready/);
  await refuses('promote two one --yes --service=web', /Service web cannot be moved/);
  await refuses('rollback two --yes', /nobody knows which colour/);
  await refuses('promote argo other --yes', /shop keeps the selector of Service argo/);
  await refuses('deploy two one --image=x', /has the colour one already/);
  await refuses('deploy two blue --image=x', /are live: --service NAME/);
  const forced = ['promote', 'argo', 'other', '--force', '--dry-run=server'] as const;
  t.match(await rainbow.does(...forced), /Service argo: one to other/, 'unless it is forced');
}

async function waits(t: Test, stage: Stage): Promise<void> {
  const { rainbow } = stage;
  await refused(t, stage, ['wait', 'two', 'other', '--timeout=1s'], /not all pods are safe/);
  await refused(t, stage, ['wait', 'two', 'one', '--timeout=1s'], /Service two selects it/);
  await rainbow.does('wait', 'argo', 'other', '--timeout=60s');
  t.pass('a colour that is safe is waited for');
  await refused(t, stage, ['cleanup', 'web'], /--yes/, USAGE);
  await refused(t, stage, ['promote', 'web', 'old'], /--yes/, USAGE);
}

/** Its endpoints are written by hand. */
async function lastReady(t: Test, { namespace }: Stage): Promise<void> {
  const [{ metadata }] = await namespace.pods('app=argo,tidegate.dev/colour=one');
  // No controller takes pods without a node for endpoints.
  await routeTo(namespace, metadata.name);
  const { code, stderr } = await tidegate(namespace, [
    'drain',
    '--pod',
    `${namespace.name}/${metadata.name}`,
  ]);
  t.equal(code, STOPPED, 'is not drained');
  t.match(stderr, /is the last ready pod of Service by-hand/, lastLine(stderr));
}
