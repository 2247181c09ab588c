/**
 * What the library refuses to render, each with the sentence that its user reads: what could not run,
 * or would not do what it seems to.
 */
import { libraryBy, sentenceOf, testWithBoth } from './library.js';
import { chartFor, refusal, render, type Values } from './render.js';
import { testWithTools } from './tools.js';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REFUSED: readonly (readonly [values: Values, sentence: string])[] = [
  [{ gracePeriod: 0 }, 'gracePeriod 0s is shorter than 1s'],
  [
    { gracePeriod: '1500ms' },
    'gracePeriod 1500ms is not in whole seconds, in which Kubernetes counts it',
  ],
  [{ gracePeriod: 3_000_000 }, 'gracePeriod 3000000s is longer than 596h31m23s647ms'],
  [
    { gracePeriod: 5, appShutdown: '5s' },
    'appShutdown 5s leaves no time to drain: gracePeriod 5s - appShutdown 5s - margin 500ms',
  ],
  [{ admin: 8080 }, 'admin 8080 is the same port as that for clients, listen'],
  [{ app: 8080 }, 'app 8080 is where tidegate itself listens for clients, listen'],
  [
    { app: '[::1]:8081', listen: 8081 },
    'app [::1]:8081 is where tidegate itself listens for clients, listen',
  ],
  [
    { app: '127.0.0.1:9180' },
    'app 127.0.0.1:9180 is where tidegate itself answers probes, admin',
  ],
  [{ app: 'localhost' }, 'app localhost is not PORT or HOST:PORT with a port from 1 to 65535'],
  [{ app: 0 }, 'app 0 is not PORT or HOST:PORT with a port from 1 to 65535'],
  [{ secondChance: 'web' }, 'secondChance web is not HOST:PORT with a port from 1 to 65535'],
  [
    { portName: 'app' },
    "portName app is the name of another port: `app` is the app's own beside tidegate, `tidegate` the admin port",
  ],
  [
    { extraEnv: [{ name: 'TIDEGATE_LINGER', value: '1s' }] },
    "extraEnv TIDEGATE_LINGER is refused: settings are values, and POD_IP is the chart's own",
  ],
  [
    { extraEnv: [{ name: 'TIDEGATE_ADMIN_TOKEN', value: 'secret' }] },
    "extraEnv TIDEGATE_ADMIN_TOKEN is refused: name the token's Secret in adminTokenSecret",
  ],
  [
    { appPreStop: { httpGet: { path: '/bye', port: 3000 } } },
    'appPreStop httpGet cannot run after the wait, only exec can: set appPreStopRuns to instead, or leave appPreStop out',
  ],
];

const NO_HOST_NETWORK =
  'tidegate: hostNetwork true is refused: pods of one node would share its ports, and all of the node could start a drain, as loopback';

testWithTools('what could not run is refused with a sentence', async (t, { helm }) => {
  const { refusal } = libraryBy(helm[4], chartFor(t, 'test/charts/library-user'));
  for (const [values, sentence] of REFUSED) {
    t.equal(sentenceOf(await refusal(values)), `tidegate: ${sentence}`);
  }
});

testWithBoth("the node's network is refused, whoever asks for it", async (t, { refusal }) => {
  t.equal(sentenceOf(await refusal({ hostNetwork: true })), NO_HOST_NETWORK);
  t.equal(sentenceOf(await refusal({}, { hostNetwork: true })), NO_HOST_NETWORK);
});

testWithBoth('an annotation that would be there twice is refused', async (t, { refusal, pods }) => {
  const key = 'config.linkerd.io/skip-inbound-ports';
  const own = { podAnnotations: { [key]: '25' } };
  t.equal(
    sentenceOf(await refusal({ skipInboundPorts: [26] }, own)),
    `tidegate: podAnnotations ${key} 25 would be there twice, as tidegate's line has it (9180,26), too: give its ports to skipInboundPorts instead`,
  );
  await pods({ enabled: false }, own);
  await pods({}, { podAnnotations: { team: 'web' } });
});

testWithBoth('a native sidecar is refused where Kubernetes has none', async (t, { refusal }) => {
  const refused = await refusal({}, {}, { kubeVersion: 'v1.28.15' });
  t.equal(
    sentenceOf(refused),
    'tidegate: tidegate.initContainer needs Kubernetes 1.29 or newer, and this is v1.28.15: use tidegate.container',
  );
});

testWithBoth('unknown values are refused, wherever they stand', async (t, { refusal, pods }) => {
  const unknown: readonly (readonly [Values, string])[] = [
    [{ gracePeriods: 60 }, "at '': additional properties 'gracePeriods' not allowed"],
    [{ adminToken: 'secret' }, "at '': additional properties 'adminToken' not allowed"],
    [{ sidecar: 'native' }, "at '': additional properties 'sidecar' not allowed"],
    [{ image: { name: 'x' } }, "at '/image': additional properties 'name' not allowed"],
    [{ resources: { limit: {} } }, "at '/resources': additional properties 'limit' not allowed"],
    [{ adminTokenSecret: { token: 'x' } }, "additional properties 'token' not allowed"],
    [{ portName: '8080' }, "at '/portName': '8080' does not match pattern '[a-z]'"],
    [{ image: { repository: 'a # b' } }, "at '/image/repository': 'a # b' does not match pattern"],
    [{ gracePeriod: null }, "at '': missing property 'gracePeriod'"],
  ];
  for (const [values, said] of unknown) t.match(await refusal(values), said);
  await pods({}, { global: { anything: true } });
});

testWithTools('the values are found with and without an alias, and never guessed', async (t, { helm }) => {
  const chart = chartFor(t, 'test/charts/library-user');
  const renamed = (alias: string): string => {
    const folder = join(chart, '..', `with-${alias}`);
    cpSync(chart, folder, { recursive: true });
    const line = alias === 'none' ? '' : `alias: ${alias}, `;
    const dependency = `{ name: tidegate-lib, ${line}version: 0.1.0 }`;
    const head = 'apiVersion: v2\nname: library-user\nversion: 0.1.0\n';
    writeFileSync(join(folder, 'Chart.yaml'), `${head}dependencies:\n  - ${dependency}\n`);
    return folder;
  };
  for (const program of Object.values(helm)) {
    const values = { 'tidegate-lib': { name: 'gate' } };
    const { objects } = await render(program, renamed('none'), values);
    t.match(JSON.stringify(objects), '"name":"gate"');
    const elsewhere = { ...values, tidegate: { gracePeriod: 60, podMonitor: {} } };
    t.equal(
      sentenceOf(await refusal(program, renamed('none'), elsewhere)),
      'tidegate: tidegate.gracePeriod is not read: your dependency on tidegate-lib has no alias, so it is tidegate-lib.gracePeriod',
    );
    await render(program, renamed('none'), { tidegate: { podMonitor: {} } });
    const wrong = await render(program, renamed('gate')).catch(String);
    t.match(wrong, 'tidegate: there are no values of tidegate-lib: give your dependency on it `alias: tidegate`');
  }
});
