/**
 * Is the app there? What counts as an answer, by connecting and by asking a path; how often it is
 * asked; and what is told of it.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { ANSWER_MS_MAX, AppHealth, LOOK_MS } from '../src/app-health.js';
import { HandClock } from './peers/clock.js';
import { type At, freePort, Peer, RawApp } from './peers/peer.js';
import { until } from './peers/until.js';

/** What was told, and by whom it is asked. */
class Asked {
  readonly clock = new HandClock();
  readonly told: string[] = [];
  readonly health: AppHealth;

  constructor(t: Test, app: At, appHealthPath?: string) {
    this.health = new AppHealth({ app, appHealthPath }, this.clock, {
      seen: () => void this.told.push('seen'),
      refused: () => void this.told.push('refused'),
    });
    t.teardown(() => this.health.stop());
  }
}

async function openApp(t: Test): Promise<RawApp> {
  const app = await RawApp.open();
  t.teardown(() => app.close());
  return app;
}

/** How many connections came since the last time: those before one more. */
async function acceptedBy(app: RawApp): Promise<number> {
  const last = await Peer.connect(app.at);
  for (let count = 0; ; count++) {
    const { remotePort } = (await app.accepted()).socket;
    if (remotePort === last.socket.localPort) return count;
  }
}

async function nobody(): Promise<At> {
  return { host: '127.0.0.1', port: await freePort() };
}

/** An app that speaks HTTP. */
async function openHttpApp(t: Test, answer: RequestListener): Promise<At> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

t.test('an app that takes connections is up, and is left alone again', async (t) => {
  const app = await openApp(t);
  const { health, clock, told } = new Asked(t, app.at);
  t.equal(health.up, false, 'unknown is not up');
  t.equal(await health.check(), true);
  t.equal(health.up, true);
  t.same(told, ['seen']);
  await (await app.accepted()).left();
  t.equal(clock.pending, 0, 'nothing is waited for any more');
});

t.test('an app whose port refuses is down, and that is told', async (t) => {
  const { health, clock, told } = new Asked(t, await nobody());
  t.equal(await health.check(), false);
  t.same(told, ['refused']);
  t.equal(clock.pending, 0);
});

t.test('an app that is seen once has been seen', async (t) => {
  const app = await openApp(t);
  const { host, port } = app.at;
  const { health, told } = new Asked(t, app.at);
  await health.check();
  await app.close();
  t.equal(await health.check(), false);
  const again = await RawApp.open(host, port);
  t.teardown(() => again.close());
  t.equal(await health.check(), true);
  t.same(told, ['seen', 'refused']);
});

for (const [status, isUp] of [
  [200, true],
  [204, true],
  [299, true],
  [302, false],
  [404, false],
  [500, false],
  [503, false],
] as const) {
  t.test(`an answer ${status} at appHealthPath is ${isUp ? 'up' : 'down'}`, async (t) => {
    const asked: unknown[] = [];
    const app = await openHttpApp(t, (request, response) => {
      asked.push([request.method, request.url, request.headers['user-agent']]);
      response.writeHead(status).end();
    });
    const { health, clock, told } = new Asked(t, app, '/healthz?full');
    t.equal(await health.check(), isUp);
    t.same(asked, [['GET', '/healthz?full', 'tidegate']]);
    t.same(told, isUp ? ['seen'] : [], 'it has not refused');
    t.equal(clock.pending, 0);
  });
}

t.test('an app that says nothing at appHealthPath is down after a second', async (t) => {
  const app = await openApp(t);
  const { health, clock, told } = new Asked(t, app.at, '/healthz');
  const answer = health.check();
  const peer = await app.accepted();
  await peer.gotText('GET /healthz');
  clock.advance(ANSWER_MS_MAX - 1);
  t.equal(peer.leaving, 'open');
  clock.advance(1);
  t.equal(await answer, false);
  t.not(await peer.left(), 'open', 'the question is taken back');
  t.same(told, []);
  t.equal(clock.pending, 0);
});

t.test('an app that ends or resets before it answers is down', async (t) => {
  for (const leave of ['destroy', 'reset'] as const) {
    const app = await openApp(t);
    const { health, told } = new Asked(t, app.at, '/healthz');
    const answer = health.check();
    (await app.accepted())[leave]();
    t.equal(await answer, false, leave);
    t.same(told, [], 'nor has it refused');
  }
});

t.test('an app that answers no HTTP at appHealthPath is down', async (t) => {
  const app = await openApp(t);
  const { health } = new Asked(t, app.at, '/healthz');
  const answer = health.check();
  (await app.accepted()).send('SSH-2.0-OpenSSH\r\n');
  t.equal(await answer, false);
});

t.test('an app whose port refuses is told as such where it has a path, too', async (t) => {
  const { health, told } = new Asked(t, await nobody(), '/healthz');
  t.equal(await health.check(), false);
  t.same(told, ['refused']);
});

t.test('several who ask at once share an answer', async (t) => {
  const app = await openApp(t);
  const { health } = new Asked(t, app.at);
  t.same(await Promise.all([health.check(), health.recent(), health.check()]), [true, true, true]);
  t.equal(await acceptedBy(app), 1);
});

t.test('an answer of less than a second ago will do for some', async (t) => {
  const app = await openApp(t);
  const { health, clock } = new Asked(t, app.at);
  await health.recent();
  clock.advance(LOOK_MS - 1);
  t.equal(await health.recent(), true);
  t.equal(await acceptedBy(app), 1);
  clock.advance(1);
  await health.recent();
  t.equal(await acceptedBy(app), 1, 'and not for longer');
});

t.test('in a drain it is asked every second, until that is over', async (t) => {
  const { health, clock, told } = new Asked(t, await nobody());
  health.watch();
  for (let times = 1; times <= 3; times++) {
    await until(() => told.length === times && clock.pending === 1, `it is asked ${times} times`);
    clock.advance(LOOK_MS - 1);
    t.equal(told.length, times);
    clock.advance(1);
  }
  await until(() => told.length === 4 && clock.pending === 1, 'it is asked once more');
  health.unwatch();
  clock.advance(10 * LOOK_MS);
  await until(() => clock.pending === 0, 'no timer is left');
  t.ok(told.length <= 5);
});

t.test('two drains ask no more often than one', async (t) => {
  const app = await openApp(t);
  const { health, clock } = new Asked(t, app.at);
  health.watch();
  health.watch();
  await until(() => clock.pending === 1 && health.up, 'it has answered');
  t.equal(clock.pending, 1);
  health.stop();
  t.equal(clock.pending, 0, 'a stop leaves no timer');
});

t.test('what clients find tells of an app that is asked by connecting', async (t) => {
  const { health, told } = new Asked(t, await nobody());
  health.dialled(true);
  t.equal(health.up, true);
  health.dialled(false);
  t.equal(health.up, false);
  t.same(told, ['seen'], 'one client that failed does not say that nobody listens');
});

t.test('what clients find tells nothing of an app that has a path to ask', async (t) => {
  const { health, told } = new Asked(t, await nobody(), '/healthz');
  health.dialled(true);
  t.equal(health.up, false);
  t.same(told, []);
});
