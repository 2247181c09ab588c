/**
 * Whoever leaves in the middle of a second chance, at whatever stage, is known to have left on the
 * other side: nothing that was cut looks whole, and nothing stays open.
 */
import t from 'tap';
import {
  ask,
  exchange,
  leavesNothing,
  openPods,
  openService,
  withoutApp,
} from '../peers/chance.js';
import { Peer, RawApp, freePort } from '../peers/peer.js';
import { startTidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegun';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n';

/** What each has done when somebody leaves. */
const STAGES: Readonly<Record<string, { request: string; seen: string; answer: string }>> = {
  'while the answer is awaited': { request: GET, seen: '\r\n\r\n', answer: '' },
  'in the middle of an upload': { request: POST, seen: 'begun', answer: '' },
  'behind an interim answer': {
    request: POST,
    seen: 'begun',
    answer: 'HTTP/1.1 103 Early Hints\r\n\r\n',
  },
  'in an answer in chunks': { request: GET, seen: '\r\n\r\n', answer: CHUNKED },
  'in an answer with a length': {
    request: GET,
    seen: '\r\n\r\n',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi',
  },
  'in an answer that the end ends': {
    request: GET,
    seen: '\r\n\r\n',
    answer: 'HTTP/1.1 200 OK\r\n\r\nhi',
  },
  'in an event stream': {
    request: GET,
    seen: '\r\n\r\n',
    answer: CHUNKED.replace('OK', 'OK\r\nContent-Type: text/event-stream'),
  },
  'in an early answer': {
    request: POST,
    seen: 'begun',
    answer: 'HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\nhi',
  },
};
const marks = ['hi', '103'];

t.test('a client that leaves takes its request along', async (t) => {
  const pods = await openPods(t);
  for (const [name, { request, seen, answer }] of Object.entries(STAGES)) {
    const { client, app } = await exchange(pods, request, seen);
    app.send(answer);
    const mark = marks.find((mark) => answer.includes(mark));
    if (mark !== undefined) await client.gotText(mark);
    client.reset();
    t.not(await app.left(), 'open', name);
    app.end();
  }
  await leavesNothing(t, pods);
});

t.test('an app that breaks off cuts its client off', async (t) => {
  const pods = await openPods(t);
  for (const [name, { request, seen, answer }] of Object.entries(STAGES)) {
    const { client, app } = await exchange(pods, request, seen);
    app.send(answer);
    const mark = marks.find((mark) => answer.includes(mark));
    if (mark !== undefined) await client.gotText(mark);
    app.reset();
    t.equal(await client.left(), 'reset', name);
    t.notMatch(client.text, /\r\n0\r\n\r\n/, name);
  }
  await leavesNothing(t, pods);
});

t.test('an app that ends in the middle of its answer cuts its client off', async (t) => {
  const pods = await openPods(t);
  for (const [name, { request, seen, answer }] of Object.entries(STAGES)) {
    if (/the end ends/.test(name)) continue; // that end is what makes it whole
    const { client, app } = await exchange(pods, request, seen);
    app.send(answer);
    const mark = marks.find((mark) => answer.includes(mark));
    if (mark !== undefined) await client.gotText(mark);
    app.end();
    t.equal(await client.left(), 'reset', name);
  }
  await leavesNothing(t, pods);
});

t.test('the Service may choose pods without an app, ourselves, or nobody', async (t) => {
  const app = await RawApp.open();
  const there = await startTidegate({ app: app.at });
  const dead = await withoutApp(t, undefined);
  const turns: number[] = [];
  const service = await openService(t, () => turns.shift() ?? there.listen.port);
  const { here } = await withoutApp(t, service);
  turns.push(here.listen.port, dead.here.listen.port, here.listen.port);
  t.teardown(async () => {
    await there.stop();
    await app.close();
  });
  const body = 'x'.repeat(10_000);
  const client = await Peer.connect(here.listen);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const peer = await app.accepted();
  await peer.got(body.length);
  t.ok(peer.text.endsWith(`\r\n\r\n${body}`));
  peer.send(OK);
  t.equal(await client.left(), 'end');
  t.match(client.text, /^HTTP\/1\.1 200 OK/);
  client.end();
  t.equal(turns.length, 0, 'all of them were tried');
  await leavesNothing(t, { here, there, app, appPort: 0 });
  await dead.here.idle();
});

t.test('a marked request is answered at once where there is no app', async (t) => {
  for (const port of [undefined, await freePort()]) {
    const { here } = await withoutApp(t, port);
    const client = await ask({ here }, POST.replace('Host', 'Tidegate-Second-Chance: 1-a\r\nHost'));
    t.equal(await client.left(), 'end');
    t.match(client.text, /^HTTP\/1\.1 503 .*\r\nTidegate-Second-Chance: 1-a\r\nRetry-After: 1\r\n/);
    client.end();
    await here.idle();
  }
});

t.test('where nobody can be reached it is 503, when the time is up', async (t) => {
  const { here } = await withoutApp(t, await freePort(), ['--app-connect-timeout=300ms']);
  const client = await ask({ here }, GET);
  t.equal(await client.left(), 'end');
  t.match(client.text, /^HTTP\/1\.1 503 Service Unavailable\r\nRetry-After: 1\r\n/);
  client.end();
  await here.idle();
});

t.test('an app that comes back meanwhile answers for itself', async (t) => {
  const { here, appPort } = await withoutApp(t, await freePort());
  const client = await ask({ here }, GET);
  await until(() => here.lines.some(({ msg }) => /cannot be reached/.test(msg)), 'a dial fails');
  const app = await RawApp.open('127.0.0.1', appPort);
  t.teardown(() => app.close());
  const peer = await app.accepted();
  await peer.gotText('\r\n\r\n');
  t.notMatch(peer.text, /second-chance/i);
  peer.send(OK);
  // By a hop, or by the tunnel itself, which goes on: both dial it.
  await client.gotText('hi');
  t.match(client.text, /^HTTP\/1\.1 200 OK/);
  client.end();
  peer.end();
  await here.idle();
  const said = here.lines.map(({ msg }) => msg);
  t.ok(said.includes('the app can be reached again'));
});

t.test('a client that outlives its app asks another pod, by the same connection', async (t) => {
  const pods = await openPods(t);
  const own = await RawApp.open('127.0.0.1', pods.appPort);
  const client = await ask(pods, GET);
  const first = await own.accepted();
  await first.gotText('\r\n\r\n');
  first.send(OK);
  await client.gotText('hi');
  first.end();
  t.equal(await first.left(), 'end', 'the app is let go of');
  await own.close();
  client.send(GET);
  const second = await pods.app.accepted();
  await second.gotText('\r\n\r\n');
  second.send(OK);
  t.equal(await client.left(), 'end');
  t.equal(client.text.split('HTTP/1.1 200 OK').length - 1, 2);
  client.end();
  await leavesNothing(t, pods);
});

t.test('what is no HTTP, or comes behind a preamble, gets no second chance', async (t) => {
  const { here } = await withoutApp(t, await freePort(), ['--app-connect-timeout=200ms']);
  const raw = await ask({ here }, 'SSH-2.0-x\r\n');
  t.equal(await raw.left(), 'reset');
  const preambled = await ask({ here }, `PROXY UNKNOWN\r\n${GET}`);
  t.equal(await preambled.left(), 'end');
  t.match(preambled.text, /^HTTP\/1\.1 503 /);
  preambled.end();
  await here.idle();
});
