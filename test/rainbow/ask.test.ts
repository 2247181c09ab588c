/**
 * Pods asked for their status, through the API server and at their own addresses: who is asked how
 * often, how many at a time, and what is said of those who do not answer.
 */
import t, { type Test } from 'tap';
import { type Clock, systemClock } from '../../src/clock.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import {
  askDirectly,
  askOnce,
  type AskPods,
  askThroughProxy,
  callDirectly,
  callThroughProxy,
  type PodAsked,
} from '../../src/rainbow/ask.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { HandClock } from '../peers/clock.js';
import { listenAsPods, startFakeCluster } from '../peers/fake-cluster.js';
import type { Stored } from '../peers/fake-objects.js';
import { busy, NAMESPACE, quiet, RainbowStage } from '../peers/rainbow-stage.js';
import { until } from '../peers/until.js';

/** The names of those who were asked, in order. */
class Asked extends RainbowStage {
  readonly names: string[] = [];
  podPort = 0;

  proxy(clock: Clock = systemClock): AskPods {
    return askThroughProxy(new ApiClient(this.fake.access, clock), clock);
  }

  pods(count: number): readonly PodAsked[] {
    return this.colour('aaa', { replicas: count }).pods.map((pod) => this.asked(pod));
  }

  asked({ metadata: { name, uid }, status }: Stored): PodAsked {
    const address = (status as { readonly podIP?: string }).podIP;
    return { name, uid, isReady: true, address, port: this.podPort };
  }
}

async function stageFor(t: Test): Promise<Asked> {
  const stage = new Asked(await startFakeCluster(t));
  stage.podPort = await listenAsPods(t, stage.fake);
  const { answering } = stage.fake;
  stage.fake.answering = (pod, path, call) => {
    stage.names.push(pod.metadata.name);
    return answering(pod, path, call);
  };
  return stage;
}

const words = (answer: PodAnswer | undefined): string =>
  answer === undefined || answer.known ? 'is known' : `${answer.reason}: ${answer.words}`;

for (const way of ['through the API server', 'at its own address']) {
  const askOf = (stage: Asked, clock: Clock = systemClock): AskPods =>
    way === 'at its own address' ? askDirectly(clock) : stage.proxy(clock);

  t.test(`a pod is asked ${way}`, async (t) => {
    const stage = await stageFor(t);
    const pods = stage.pods(3);
    stage.says.set(pods[1].name, busy(4));
    stage.says.set(pods[2].name, undefined);
    const answers = await askOf(stage)(NAMESPACE, pods);
    t.match(answers.get(pods[0].uid), { known: true, safe: true });
    t.match(answers.get(pods[1].uid), { known: true, safe: false, active: 4 });
    t.match(answers.get(pods[2].uid), { known: false, reason: 'unreachable' });
  });

  t.test(`who is late is unreachable, asked ${way}`, async (t) => {
    const clock = new HandClock();
    const stage = await stageFor(t);
    const pods = stage.pods(1);
    let isHeld = false;
    stage.fake.answering = () => {
      isHeld = true;
      return 'hang';
    };
    const asking = askOf(stage, clock)(NAMESPACE, pods);
    await until(() => isHeld, 'it is asked');
    clock.advance(5_000);
    t.match(words((await asking).get(pods[0].uid)), /^unreachable: .*does not answer within 5s/);
    t.equal(clock.pending, 0);
  });
}

t.test('who says safe is asked again, after all have been asked once', async (t) => {
  const stage = await stageFor(t);
  const pods = stage.pods(40);
  stage.says.set(pods[7].name, busy(1));
  await stage.proxy()(NAMESPACE, pods);
  t.equal(stage.names.length, 40 + 39);
  t.equal(new Set(stage.names.slice(0, 40)).size, 40);
  t.notOk(stage.names.slice(40).includes(pods[7].name));
});

t.test('who is safe once and then not is not safe', async (t) => {
  const stage = await stageFor(t);
  const pods = stage.pods(2);
  stage.fake.answering = ({ metadata: { name } }) => {
    const isFirst = !stage.names.includes(name);
    stage.names.push(name);
    if (isFirst) return { status: 200, body: quiet() };
    return name === pods[0].name ? { status: 200, body: busy(1) } : 'kill';
  };
  const answers = await stage.proxy()(NAMESPACE, pods);
  t.match(answers.get(pods[0].uid), { known: true, safe: false, active: 1 });
  t.match(answers.get(pods[1].uid), { known: false, reason: 'unreachable' });
});

t.test('at most 32 are asked at a time', async (t) => {
  const stage = await stageFor(t);
  let [open, most] = [0, 0];
  let release = (): void => undefined;
  const full = new Promise<void>((resolve) => (release = resolve));
  stage.fake.answering = async () => {
    most = Math.max(most, ++open);
    if (open === 32) release();
    await full;
    open--;
    return { status: 200, body: busy(1) };
  };
  await stage.proxy()(NAMESPACE, stage.pods(100));
  t.equal(most, 32);
});

t.test('what stands against an answer is told in words', async (t) => {
  const stage = await stageFor(t);
  const [ready, gone, bare, broken] = stage.pods(4);
  stage.fake.objects.remove('Pod', NAMESPACE, gone.name);
  stage.says.set(broken.name, { status: 200, body: 'SSH-2.0' });
  const pods = [{ ...ready, isReady: false }, gone, { ...bare, address: undefined }, broken];
  const answers = await stage.proxy()(NAMESPACE, pods);
  t.equal(words(answers.get(ready.uid)), 'unready: is not ready, and does not drain');
  t.match(words(answers.get(gone.uid)), /^unreachable: is not reached: there is no pod shop-aaa/);
  t.equal(words(answers.get(bare.uid)), 'unreachable: has no address yet');
  t.match(words(answers.get(broken.uid)), /^unparsable: answers GET \/status in another form/);
  const closed = await askDirectly(systemClock, 1)(NAMESPACE, [ready]);
  t.equal(words(closed.get(ready.uid)), 'unreachable: has nothing on port 1');
});

t.test('a right that is missing ends it: nobody else is asked', async (t) => {
  const stage = await stageFor(t);
  const pods = stage.pods(200);
  stage.fake.denied.add('get pods/proxy');
  await t.rejects(stage.proxy()(NAMESPACE, pods), { message: /get on pods\/proxy in namespace/ });
  const { length } = stage.fake.calls;
  t.ok(length < 100, `${length} were asked`);
});

t.test('after a minute nobody is asked any more', async (t) => {
  const clock = new HandClock();
  const stage = await stageFor(t);
  const pods = stage.pods(40);
  stage.fake.answering = ({ metadata: { name } }) => {
    stage.names.push(name);
    return new Promise(() => undefined);
  };
  const asking = askDirectly(clock)(NAMESPACE, pods);
  await until(() => stage.names.length === 32, 'they are asked');
  clock.advance(60_000);
  const answers = await asking;
  const late = [...answers.values()].filter((answer) => words(answer).includes('was not asked'));
  t.equal(late.length, 8);
  t.equal(stage.names.length, 32);
});

t.test('the port is the one that is called tidegate, or the one that is named', async (t) => {
  const stage = await stageFor(t);
  const paths = async (port?: number): Promise<void> => {
    const client = new ApiClient(stage.fake.access, systemClock);
    await askThroughProxy(client, systemClock, port)(NAMESPACE, [{ ...pod, port: 9999 }]);
    t.match(
      stage.fake.calls.at(-1)?.path,
      new RegExp(`shop-aaa-1-0:${port ?? 9999}/proxy/status$`),
    );
  };
  const [pod] = stage.pods(1);
  await paths();
  await paths(4000);
});

t.test('who comes back anyway asks each pod once', async (t) => {
  const stage = await stageFor(t);
  const pods = stage.pods(3);
  stage.says.set(pods[1].name, busy(4));
  stage.says.set(pods[2].name, undefined);
  for (const [ask, port] of [
    [askOnce(callDirectly(systemClock)), stage.podPort],
    [askOnce(callThroughProxy(new ApiClient(stage.fake.access, systemClock))), 9180],
    [askOnce(callDirectly(systemClock), stage.podPort), 1],
  ] as const) {
    stage.names.length = 0;
    const answers = await ask(
      NAMESPACE,
      pods.map((pod) => ({ ...pod, port })),
    );
    t.same([...stage.names].sort(), pods.map(({ name }) => name).sort());
    t.match(answers.get(pods[0].uid), { known: true, safe: true });
    t.match(answers.get(pods[1].uid), { known: true, active: 4 });
    t.match(answers.get(pods[2].uid), { known: false, reason: 'unreachable' });
  }
  const asleep = { ...pods[0], isReady: false, port: stage.podPort };
  const answers = await askOnce(callDirectly(systemClock))(NAMESPACE, [asleep]);
  t.match(answers.get(asleep.uid), { known: false, reason: 'unready' });
});

t.test('an API server that is not there says nothing of a pod that is asked once', async (t) => {
  const clock = new HandClock();
  const stage = await stageFor(t);
  const pods = stage.pods(1);
  const ask = askOnce(callThroughProxy(new ApiClient(stage.fake.access, clock)));
  stage.fake.before = () => 'kill';
  await t.rejects(ask(NAMESPACE, pods), { message: /closes the connection without an answer/ });
  stage.fake.before = () => undefined;
  stage.fake.denied.add('get pods/proxy');
  await t.rejects(ask(NAMESPACE, pods), { message: /get on pods\/proxy in namespace/ });
  stage.fake.denied.clear();
  let isHeld = false;
  stage.fake.before = () => {
    isHeld = true;
    return 'hang';
  };
  const asking = ask(NAMESPACE, pods);
  await until(() => isHeld, 'it is asked');
  clock.advance(5_000);
  t.match(words((await asking).get(pods[0].uid)), /^unreachable: /);
});
