/**
 * The verbs before a cluster in memory: what they print, what they change, and their exit codes.
 */
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { busy } from '../../peers/rainbow-stage.js';
import { HOUR, NOW, startTown } from './terminal.js';

t.test('list shows groups and colours, and asks no pod', async (t) => {
  const town = await startTown(t);
  const { code, out, err } = await town.run('list');
  t.equal(code, 0);
  t.equal(err, '');
  t.equal(
    out,
    `GROUP  COLOUR   DEPLOYMENT    READY  TRAFFIC
shop   3f9c2ab  shop-3f9c2ab    2/2  none
shop   a1b2c3d  shop-a1b2c3d    2/2  live
`,
  );
  t.notOk(town.fake.asked.includes('get pods/proxy'));
  const all = await town.run('list -A -o wide');
  t.match(
    all.out,
    /^NAMESPACE +GROUP .*SERVICES +AGE\nweb +shop +3f9c2ab .* - +2h\n.* shop +1h\n$/,
  );
  t.equal(
    (await town.run('list -oname')).out,
    'deployment.apps/shop-3f9c2ab\ndeployment.apps/shop-a1b2c3d\n',
  );
  t.same(await town.run('list -n empty'), {
    code: 0,
    out: '',
    err: 'tidegate rainbow list: no group is found in namespace empty (context fake)\n',
  });
});

t.test('status shows how a colour becomes empty, and what is due with it', async (t) => {
  const town = await startTown(t);
  const samples = [40, 30, 20, 10].map((active, at) => ({
    atMs: NOW - (8 - at) * 900_000,
    active,
  }));
  town.wasLive(2 * HOUR, { samples });
  town.stage.says.set('shop-3f9c2ab-1-0', busy(5));
  const { code, out, err } = await town.run('status shop --keep 0');
  t.equal(err, '');
  t.equal(code, 0);
  t.equal(
    out,
    `Group shop in namespace web, 2026-11-22 12:00:00 UTC

COLOUR   DEPLOYMENT    READY  SAFE  ACTIVE  BURN-DOWN   OLDEST  TRAFFIC
3f9c2ab  shop-3f9c2ab    2/2   1/2       5  █▆▄▂▂▂▂▂▂▁      1m  lost 2h ago
  shrink from 2 to 1 replica: 1 of 2 pods is idle
  no estimate: not all of its pods say what they have open
a1b2c3d  shop-a1b2c3d    2/2   2/2       0  -                -  live
  keep: Service shop selects it
`,
  );
  t.same(town.writes, []);
});

t.test('a terminal shows each colour in its own', async (t) => {
  const town = await startTown(t);
  const variables = { KUBECONFIG: '/config', COLORTERM: 'truecolor' };
  const { out } = await town.run('status shop', { isColourful: true, variables });
  t.match(out, '\x1b[30;48;2;63;156;42m3f9c2ab\x1b[0m  shop-3f9c2ab');
  const few = await town.run('list', { isColourful: true });
  t.match(few.out, /\x1b\[\d+;48;5;\d+ma1b2c3d\x1b\[0m/);
});

t.test(
  'status of one colour shows its pods, and says by its code whether it is safe',
  async (t) => {
    const town = await startTown(t);
    town.stage.says.set('shop-3f9c2ab-1-0', busy(5));
    town.stage.says.set('shop-3f9c2ab-1-1', undefined);
    const busyOne = await town.run('status shop 3f9c2ab');
    t.equal(busyOne.code, 3);
    t.match(busyOne.out, / {2}shop-3f9c2ab-1-0 +yes +5 +0 +1m +has 5 connections at work\n/);
    t.match(busyOne.out, / {2}shop-3f9c2ab-1-1 +yes +- +- +- +\S/);
    t.match(busyOne.out, /0\/2 +5\+ /);
    t.notMatch(busyOne.out, 'a1b2c3d');
    const live = await town.run('status shop a1b2c3d');
    t.equal(live.code, 3);
    t.match(live.out, / 2\/2 /);
    t.equal(
      live.err,
      'tidegate rainbow status: a1b2c3d is not safe to delete: Service shop selects it\n',
    );
    town.stage.says.clear();
    t.same(await town.run('status shop 3f9c2ab -o name'), {
      code: 0,
      out: 'deployment.apps/shop-3f9c2ab\n',
      err: '',
    });
    const gone = await town.run('status shop fffffff');
    t.equal(gone.code, 1);
    t.match(gone.err, 'has no colour fffffff: it has 3f9c2ab and a1b2c3d');
    const none = await town.run('status nothing');
    t.equal(none.code, 1);
    t.match(none.err, 'there is no group nothing in namespace web (context fake)');
  },
);

t.test('a pause is shown, and force does nothing against it', async (t) => {
  const town = await startTown(t);
  town.wasLive();
  const metadata = { annotations: { 'tidegate.dev/rainbow-pause': 'true' } };
  town.stage.fake.objects.patch('Service', 'web', 'shop', { metadata });
  const words = 'keep: Service shop is annotated tidegate.dev/rainbow-pause: nothing is taken away';
  t.match((await town.run('status shop')).out, words);
  const cleaned = await town.run('cleanup shop --yes --force --keep 0');
  t.match(cleaned, { code: 0 });
  t.match(cleaned.out, words);
  t.match(JSON.parse((await town.run('status shop -o json')).out), {
    services: [{ paused: true }],
    colours: [{ paused: true, plan: { reason: 'paused' } }, {}],
  });
});

t.test('machines read the same in JSON and YAML', async (t) => {
  const town = await startTown(t);
  town.wasLive();
  town.stage.says.set('shop-3f9c2ab-1-0', busy(5));
  const json = JSON.parse((await town.run('status shop -o json')).out) as object;
  t.match(json, {
    namespace: 'web',
    group: 'shop',
    at: '2026-11-22T12:00:00.000Z',
    services: [
      { name: 'shop', colour: 'a1b2c3d', selects: ['a1b2c3d'], readyPods: 2, paused: false },
    ],
    colours: [
      {
        colour: '3f9c2ab',
        live: false,
        paused: false,
        pods: { total: 2, ready: 2, safe: 1, unknown: 0 },
        connections: { active: 5, oldestSeconds: 60 },
        lostTraffic: '2026-11-22T10:00:00.000Z',
        peak: 40,
        plan: { action: 'keep', reason: 'kept' },
        podList: [
          { safe: false, reason: 'active' },
          { safe: true, reason: null },
        ],
      },
      { colour: 'a1b2c3d', live: true, services: ['shop'], plan: { reason: 'live' } },
    ],
  });
  t.same(parse((await town.run('status shop -o yaml')).out), json);
  t.match(JSON.parse((await town.run('list -o json')).out), { items: [{ group: 'shop' }] });
});

t.test('YAML means the same to readers of version 1.1, as kubectl is one', async (t) => {
  const town = await startTown(t);
  const env = [
    'on',
    'off',
    'yes',
    'y',
    '0b10110',
    '12:30:45',
    '1_000',
    '2001-01-01',
    '1e3',
    '0o7',
  ].map((value) => ({ name: value, value }));
  const containers = [{ name: 'app', image: 'app:1', env }];
  town.patch('a1b2c3d', { spec: { template: { spec: { containers } } } });
  const line = 'deploy shop 0b10110 --image app:2 --dry-run=client';
  const json = JSON.parse((await town.run(`${line} -o json`)).out) as object;
  const { out } = await town.run(`${line} -o yaml`);
  for (const version of ['1.1', '1.2'] as const) t.same(parse(out, { version }), json);
  t.notMatch(out, /^%YAML/);
});

t.test('what a terminal would not show as it is stands escaped in documents', async (t) => {
  const town = await startTown(t);
  const id = 'a\u202egb\u009b2J\u{e0001}:apps/Deployment:web/shop-3f9c2ab';
  const annotations = { 'argocd.argoproj.io/tracking-id': id };
  town.patch('3f9c2ab', { metadata: { annotations } });
  const name = 'a\u202egb\u009b2J\u{e0001}';
  const json = (await town.run('status shop -o json')).out;
  const yaml = (await town.run('status shop -o yaml')).out;
  for (const text of [json, yaml]) {
    t.notMatch(text, /[\x7f-\x9f\p{Cf}]/u);
    t.match(parse(text), { colours: [{ rivals: [{ kind: 'argo-cd', name }] }] });
  }
  t.notMatch((await town.run('status shop')).out, /[\x7f-\x9f\p{Cf}]/u);
  t.notMatch((await town.run('cleanup shop --yes')).out, /[\x7f-\x9f\p{Cf}]/u);
});

t.test('names alone are told without a pod being asked', async (t) => {
  const town = await startTown(t);
  const { code, out } = await town.run('status shop -o name');
  t.equal(code, 0);
  t.equal(out, 'deployment.apps/shop-3f9c2ab\ndeployment.apps/shop-a1b2c3d\n');
  t.notOk(town.fake.asked.includes('get pods/proxy'));
});

t.test('pods that end, and those that are not there yet, are not ready ones', async (t) => {
  const town = await startTown(t);
  town.fake.objects.patch('Pod', 'web', 'shop-3f9c2ab-1-0', {
    metadata: { deletionTimestamp: '2026-11-22T11:59:00Z' },
  });
  for (const verb of ['list', 'status shop']) {
    t.match((await town.run(verb)).out, /shop-3f9c2ab +1\/2 /);
  }
  town.fake.objects.remove('Pod', 'web', 'shop-a1b2c3d-1-0');
  t.match((await town.run('status shop')).out, /shop-a1b2c3d +1\/2 /);
});

t.test('a long name is cut in a list, unless it is to be wide', async (t) => {
  const town = await startTown(t);
  const colour = 'c'.repeat(58);
  town.stage.colour(colour);
  t.match((await town.run('list')).out, new RegExp(`shop   c{39}…  shop-c{34}…  `));
  t.match((await town.run('list -o wide')).out, `shop-${colour} `);
});

t.test('documents of a watch are told apart', async (t) => {
  const town = await startTown(t);
  let out = '';
  const print = (text: string): void => {
    out += text;
    if (text.includes('active: 7')) town.fake.objects.remove('Deployment', 'web', 'shop-3f9c2ab');
    else town.stage.says.set('shop-3f9c2ab-1-0', busy(7));
  };
  t.equal((await town.run('status shop 3f9c2ab -w -o yaml', { print })).code, 0);
  t.notMatch(out, /^---/);
  t.same(
    parseAllDocuments(out).map((one) => one.getIn(['colours', 0, 'connections', 'active'])),
    [0, 7],
  );
});

t.test('a watch tells what has changed, until all is gone', async (t) => {
  const town = await startTown(t);
  let out = '';
  const print = (text: string): void => {
    out += text;
    if (text.includes('7 active')) town.fake.objects.remove('Deployment', 'web', 'shop-3f9c2ab');
    else town.stage.says.set('shop-3f9c2ab-1-0', busy(7));
  };
  const { code, err } = await town.run('status shop 3f9c2ab -w', { print });
  t.equal(code, 0);
  t.match(err, '3f9c2ab is gone');
  t.match(
    out,
    /^2026-11-22T12:00:00Z {2}3f9c2ab {2}0 active, 2 of 2 pods safe: keep: .*\n.* 7 active, 1 of 2 .*\n$/,
  );
});

t.test('a watch on a terminal draws over what was there, as far as there is room', async (t) => {
  const town = await startTown(t);
  const screens: string[] = [];
  const print = (text: string): void => {
    screens.push(text);
    town.fake.objects.remove('Deployment', 'web', 'shop-3f9c2ab');
    town.fake.objects.remove('Deployment', 'web', 'shop-a1b2c3d');
  };
  const terminal = { print, isTerminal: true, rows: () => 5, columns: () => 20 };
  const { code } = await town.run('status shop -w', terminal);
  t.equal(code, 0);
  t.equal(screens.length, 1);
  t.equal(
    screens[0],
    '\x1b[HGroup shop in names…\x1b[K\n\x1b[K\nCOLOUR   DEPLOYMENT…\x1b[K\n…\x1b[K\n\x1b[J',
  );
});

t.test('cleanup says what is due, and does it only if that is wanted', async (t) => {
  const town = await startTown(t);
  town.wasLive(2 * HOUR, { drainedSinceMs: NOW - HOUR });
  const nobody = await town.run('cleanup shop --keep 0');
  t.equal(nobody.code, 2);
  t.match(nobody.err, 'nobody is there to be asked: give --yes');
  const no = await town.type('cleanup shop --keep 0', 'no');
  t.equal(no.code, 3);
  t.match(no.out, /3f9c2ab +scale to zero from 2: all its pods have been safe for 1h\n/);
  t.match(no.err, 'Do this? [y/N] tidegate rainbow cleanup: nothing was changed');
  const client = await town.run('cleanup shop --keep 0 --dry-run=client');
  t.equal(client.code, 0);
  t.equal(client.out, no.out);
  const names = await town.run('cleanup shop --keep 0 --dry-run=client -o name');
  t.equal(names.out, 'deployment.apps/shop-3f9c2ab\n');
  t.same(town.writes, []);
  const server = await town.run('cleanup shop --keep 0 --dry-run=server');
  t.match(server.out, '3f9c2ab: scaled from 2 to 0 (server dry run)\n');
  t.ok(town.writes.every((write) => write.endsWith(' dry')));
  t.match(town.deployment('3f9c2ab'), { spec: { replicas: 2 } });
  const yes = await town.type('cleanup shop --keep 0', 'y');
  t.equal(yes.code, 0);
  t.match(yes.out, '3f9c2ab: scaled from 2 to 0\n');
  t.match(town.deployment('3f9c2ab'), { spec: { replicas: 0 } });
});

t.test('run after run an old colour is scaled to zero and deleted, and nothing else', async (t) => {
  const town = await startTown(t);
  const told: string[] = [];
  for (let run = 0; run < 40 && town.find('3f9c2ab') !== undefined; run++) {
    if (run === 1) t.equal((await town.run('promote shop 3f9c2ab --yes')).code, 0);
    if (run === 2) t.equal((await town.run('rollback shop --yes')).code, 0);
    const { code, out, err } = await town.run('cleanup shop --yes --keep 0 -o name');
    t.equal(code, 0);
    if (out !== '') told.push(out);
    t.notMatch(err, 'a1b2c3d: ');
    town.passes(HOUR);
  }
  t.same(told, Array(2).fill('deployment.apps/shop-3f9c2ab\n'));
  t.equal(town.live(), 'a1b2c3d');
  t.match(town.deployment('a1b2c3d'), { spec: { replicas: 2 } });
});

t.test('cleanup tells machines what became of each step', async (t) => {
  const town = await startTown(t);
  town.wasLive(2 * HOUR, { drainedSinceMs: NOW - HOUR });
  town.fake.before = ({ verb, resource }) =>
    verb === 'patch' && resource === 'deployments.apps'
      ? { status: 409, body: { kind: 'Status', apiVersion: 'v1', reason: 'Conflict', code: 409 } }
      : undefined;
  const { code, out, err } = await town.run('cleanup shop --keep 0 --yes -o json');
  t.equal(code, 3);
  t.match(err, /3f9c2ab: zero stopped: /);
  const { items } = JSON.parse(out) as { readonly items: readonly object[] };
  t.match(items, [
    { group: 'shop', steps: [{ action: 'zero', from: 2, result: 'stopped', words: String }, {}] },
  ]);
});

t.test('a right that is missing is named, and other groups go on', async (t) => {
  const town = await startTown(t);
  town.fake.denied.add('list services');
  const one = await town.run('cleanup shop --yes');
  t.equal(one.code, 1);
  t.match(one.err, /verb list on services in namespace web/);
  town.fake.denied.clear();
  town.stage.colour('b', { group: 'other' });
  town.wasLive(2 * HOUR, { drainedSinceMs: NOW - HOUR });
  const denied = /tidegate\.dev\/rainbow(=|%3D)other/;
  town.fake.before = ({ query, verb }) =>
    verb === 'list' && denied.test(query.get('labelSelector') ?? '')
      ? { status: 500, body: 'out of order' }
      : undefined;
  const two = await town.run('cleanup --yes --keep 0');
  t.equal(two.code, 1);
  t.match(two.err, 'group other in namespace web: ');
  t.match(two.out, '3f9c2ab: scaled from 2 to 0\n');
});

t.test('promote and rollback say what they move, ask, and move it', async (t) => {
  const town = await startTown(t);
  t.equal((await town.run('promote shop 3f9c2ab')).code, 2);
  const no = await town.type('promote shop 3f9c2ab', '');
  t.equal(no.code, 3);
  t.equal(no.out, 'Service shop: a1b2c3d to 3f9c2ab\n');
  t.match(no.err, 'Make 3f9c2ab the live colour of shop? [y/N] ');
  const client = await town.run('promote shop 3f9c2ab --dry-run=client');
  t.equal(client.out, 'Service shop: a1b2c3d to 3f9c2ab (client dry run)\n');
  t.equal(town.live(), 'a1b2c3d');
  t.same(town.writes, []);
  const yes = await town.type('promote shop 3f9c2ab', 'Y');
  t.equal(yes.code, 0);
  t.match(yes.out, 'Service shop selects 3f9c2ab\n3f9c2ab is live\n');
  t.equal(town.live(), '3f9c2ab');
  const back = await town.run('rollback shop -y -o json');
  t.equal(back.code, 0);
  t.match(JSON.parse(back.out), { colours: [{ live: false }, { colour: 'a1b2c3d', live: true }] });
  t.equal(town.live(), 'a1b2c3d');
  t.equal((await town.run('promote shop a1b2c3d --yes -o name')).out, 'service/shop\n');
});

t.test('a colour that somebody else looks after is not promoted unless forced', async (t) => {
  const town = await startTown(t);
  const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'shop', uid: 'r' };
  town.patch('3f9c2ab', { metadata: { ownerReferences: [{ ...owner, controller: true }] } });
  const refused = await town.run('promote shop 3f9c2ab --yes');
  t.equal(refused.code, 3);
  t.match(refused.err, "Argo Rollouts' Rollout shop looks after Deployment shop-3f9c2ab");
  t.same(town.writes, []);
  t.equal((await town.run('promote shop 3f9c2ab --yes --force')).code, 0);
  t.equal(town.live(), '3f9c2ab');
});

t.test('nothing is changed for a switch whose pods nobody may ask', async (t) => {
  const town = await startTown(t);
  town.fake.denied.add('get pods/proxy');
  const { code, err } = await town.run('promote shop 3f9c2ab --yes');
  t.equal(code, 1);
  t.match(err, 'get on pods/proxy');
  t.same(town.writes, []);
});

t.test('what is refused exits with 3', async (t) => {
  const town = await startTown(t);
  const back = await town.run('rollback shop --yes');
  t.equal(back.code, 3);
  t.match(back.err, 'tidegate rainbow rollback: nobody knows which colour of group shop was live');
  const nowhere = await town.run('promote shop fffffff --yes');
  t.equal(nowhere.code, 1, 'what is not there is a fault for every verb');
  const twice = await town.run('deploy shop a1b2c3d --image app:2');
  t.equal(twice.code, 3);
  t.match(twice.err, 'has the colour a1b2c3d already');
});

t.test('wait ends when all pods are safe, or when its time is over', async (t) => {
  const town = await startTown(t);
  const safe = await town.run('wait shop 3f9c2ab --timeout 0');
  t.equal(safe.code, 0);
  t.equal(safe.out, '2026-11-22T12:00:00Z  3f9c2ab  0 active, 2 of 2 pods safe\n');
  town.stage.says.set('shop-3f9c2ab-1-0', busy(1));
  const late = await town.run('wait shop 3f9c2ab --timeout 0 -o json');
  t.equal(late.code, 3);
  t.match(late.err, 'tidegate rainbow wait: after 0s not all pods are safe to delete\n');
  t.match(JSON.parse(late.out), { colours: [{ colour: '3f9c2ab', pods: { safe: 1 } }] });
  t.equal((await town.run('wait shop nothing --timeout 0')).code, 1);
  const live = await town.run('wait shop a1b2c3d --timeout 0');
  t.equal(live.code, 3);
  t.match(live.out, '2 of 2 pods safe; Service shop selects it\n');
  t.match(live.err, 'after 0s a1b2c3d is not safe to delete: Service shop selects it\n');
});

t.test('a drain that was taken back by hand is none', async (t) => {
  const town = await startTown(t);
  const annotations = { 'tidegate.dev/drain': 'false' };
  town.fake.objects.patch('Pod', 'web', 'shop-3f9c2ab-1-0', { metadata: { annotations } });
  const { out } = await town.run('status shop 3f9c2ab');
  t.match(out, /shop-3f9c2ab-1-0 +yes /);
});

t.test('deploy makes a colour of the live one, or says what it would make', async (t) => {
  const town = await startTown(t);
  const line = 'deploy shop ff00aa1 --image app:2';
  const dry = await town.run(`${line} --dry-run=client -o yaml`);
  t.equal(dry.code, 0);
  t.match(parse(dry.out), {
    kind: 'Deployment',
    metadata: { name: 'shop-ff00aa1' },
    spec: { template: { spec: { containers: [{ image: 'app:2' }] } } },
  });
  t.same(town.writes, []);
  const made = await town.run(line);
  t.equal(made.code, 0);
  t.equal(made.out, 'deployment.apps/shop-ff00aa1 created from a1b2c3d\n');
  t.match(town.deployment('ff00aa1').metadata.labels, { 'tidegate.dev/rainbow': 'shop' });
});

t.test('help and usage', async (t) => {
  const town = await startTown(t);
  t.match(await town.run('--help'), { code: 0, out: /^Usage: tidegate rainbow VERB/, err: '' });
  t.match(await town.run(''), { code: 2, out: '' });
  t.match(await town.run('cleanup -h'), {
    code: 0,
    out: /^Usage: tidegate rainbow cleanup \[GROUP\]/,
  });
  t.same(await town.run('clean up'), {
    code: 2,
    out: '',
    err:
      'VERB "clean": is not one of list, status, promote, rollback, cleanup, wait, deploy\n' +
      'See tidegate rainbow --help.\n',
  });
  t.match(await town.run('status'), {
    code: 2,
    err: 'GROUP "": is needed\nSee tidegate rainbow status --help.\n',
  });
  t.same(town.fake.calls, []);
});
