/** How pods are asked: by whom, how many at once, and that the API server is there meanwhile. */
import t from 'tap';
import type { ControllerConfig } from '../../src/controller/arguments.js';
import { type Asking, askingBy } from '../../src/controller/asking.js';
import { Calls } from '../../src/controller/calls.js';
import { systemClock } from '../../src/clock.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { type FakeCluster, startFakeCluster } from '../peers/fake-cluster.js';
import { NAMESPACE, RainbowStage } from '../peers/rainbow-stage.js';
import { until } from '../peers/until.js';

const NOBODY = {
  rightMissing: () => undefined,
  rightThere: () => undefined,
  serverUnreachable: () => undefined,
  serverReached: () => undefined,
};

function asking(fake: FakeCluster, given: object): { client: ApiClient; asking: Asking } {
  const client = new ApiClient(fake.access, systemClock);
  const config = { ask: 'direct', prometheus: undefined, podAdmin: undefined, ...given };
  const calls = new Calls(systemClock, NOBODY);
  return { client, asking: askingBy(config as ControllerConfig, client, calls) };
}

t.test('pods are asked one by one, and a Prometheus for all of a namespace', async (t) => {
  const fake = await startFakeCluster(t);
  t.equal(asking(fake, {}).asking.by, 'pod');
  t.equal(asking(fake, { ask: 'proxy' }).asking.by, 'pod');
  const prometheus = new URL('http://127.0.0.1:1');
  t.equal(asking(fake, { ask: 'proxy', prometheus }).asking.by, 'namespace');
});

t.test('while pods hang that are asked through it, the API server is asked as ever', async (t) => {
  const stage = new RainbowStage(await startFakeCluster(t));
  let hanging = 0;
  stage.fake.answering = () => {
    hanging += 1;
    return 'hang';
  };
  const { client, asking: by } = asking(stage.fake, { ask: 'proxy' });
  const { pods } = stage.colour('aaa', { replicas: 60 });
  for (const { metadata, status } of pods) {
    const address = (status as { readonly podIP: string }).podIP;
    const one = { name: metadata.name, uid: metadata.uid, isReady: true, address, port: 9180 };
    by.once(NAMESPACE, [one]).catch(() => undefined);
  }
  await until(() => hanging >= (by.atOnceMax ?? 0), 'they hang');
  t.ok(hanging >= 40 && hanging < 60);
  const startMs = systemClock.now();
  const answer = await client.ask({ method: 'GET', path: '/api/v1/namespaces/web/pods' });
  t.equal(answer.status, 200);
  t.ok(systemClock.now() - startMs < 2_000);
});
