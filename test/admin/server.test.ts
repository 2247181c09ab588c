/**
 * The admin port as a server: methods, faults, and limits that nobody who asks can get around. What
 * each call answers is in routes.test.ts.
 */
import t, { type Test } from 'tap';
import {
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  HEAD_BYTES_MAX,
  STANDSTILL_MS_MAX,
} from '../../src/admin/server.js';
import { isAdminError } from '../../src/admin/shapes.js';
import { jsonOf, openAdmin, type StagedAdmin } from '../peers/admin.js';
import { Peer } from '../peers/peer.js';
import { until } from '../peers/until.js';

/** Sends bytes and waits for the end of the connection; the status and the body's JSON. */
async function tell(admin: StagedAdmin, bytes: string): Promise<[status: number, body: unknown]> {
  const client = await Peer.connect(admin.at);
  client.send(bytes);
  await client.left();
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(client.text)?.[1];
  const [, body = ''] = client.text.split('\r\n\r\n');
  const [json = ''] = body.match(/\{.*\}/) ?? [];
  return [Number(status), jsonOf(json)];
}

async function isRefused(
  t: Test,
  admin: StagedAdmin,
  bytes: string,
  status: number,
): Promise<void> {
  const [given, body] = await tell(admin, bytes);
  const about = JSON.stringify(bytes.slice(0, 60));
  t.equal(given, status, about);
  t.ok(isAdminError(body), `${about}: ${JSON.stringify(body)}`);
}

t.test('every error is JSON with an error and a reason', async (t) => {
  const admin = await openAdmin(t);
  const calls: readonly (readonly [call: string, status: number, error: string])[] = [
    ['GET /nowhere', 404, 'not-found'],
    ['GET /', 404, 'not-found'],
    ['POST /leases', 400, 'bad-request'],
    ['PUT /leases/job', 404, 'no-such-lease'],
    ['DELETE /leases/job', 404, 'no-such-lease'],
    ['GET /leases/', 404, 'not-found'],
    ['GET /leases/a/b', 404, 'not-found'],
    ['POST /leases/job', 405, 'method-not-allowed'],
    ['GET /constructor', 404, 'not-found'],
    ['POST /status', 405, 'method-not-allowed'],
    ['GET /drain', 405, 'method-not-allowed'],
    ['GET /status?a=b', 400, 'bad-request'],
    ['DELETE /drain', 409, 'not-draining'],
  ];
  for (const [call, status, error] of calls) {
    const answer = await admin.ask(call);
    t.match(answer, { status, json: { error, reason: String } }, call);
    t.ok(isAdminError(answer.json), call);
    t.equal(answer.headers['content-type'], 'application/json');
    t.equal(answer.headers['cache-control'], 'no-store');
  }
});

t.test('what never became a request is refused in the same form', async (t) => {
  const admin = await openAdmin(t);
  await isRefused(t, admin, 'EHLO mail.example\r\n\r\n', 400);
  await isRefused(t, admin, '\x16\x03\x01\x02\x00\x01\x00', 400);
  const long = 'x'.repeat(HEAD_BYTES_MAX);
  await isRefused(t, admin, `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`, 431);
  const expecting = 'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: more\r\n\r\n';
  await isRefused(t, admin, expecting, 417);
  t.equal((await admin.ask('GET /livez')).status, 200, 'and the port goes on');
});

t.test('a request without Host is answered, as any other', async (t) => {
  const admin = await openAdmin(t);
  const [status] = await tell(admin, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n');
  t.equal(status, 200);
});

t.test('a method that a path does not take is refused with those that it does', async (t) => {
  const admin = await openAdmin(t);
  const allowed: Readonly<Record<string, string>> = {
    'PUT /drain': 'POST, DELETE',
    'HEAD /drain': 'POST, DELETE',
    'PUT /drain/wait': 'GET, HEAD, POST',
    'DELETE /metrics': 'GET, HEAD',
    'OPTIONS /livez': 'GET, HEAD',
  };
  for (const [call, methods] of Object.entries(allowed)) {
    const { status, headers } = await admin.ask(call);
    t.same([status, headers.allow], [405, methods], call);
  }
});

t.test('HEAD is answered as GET, without a body', async (t) => {
  const admin = await openAdmin(t);
  for (const path of ['/livez', '/readyz', '/metrics', '/status', '/safe-to-delete']) {
    const get = await admin.ask(`GET ${path}`);
    const head = await admin.ask(`HEAD ${path}`);
    t.equal(head.status, get.status, path);
    t.equal(head.headers['content-type'], get.headers['content-type']);
    t.equal(head.text, '');
    t.not(get.text, '');
  }
});

t.test(
  'a query key that is not known is refused by name, but never to one who waits',
  async (t) => {
    const admin = await openAdmin(t);
    for (const call of ['GET /livez?x=1', 'GET /connections?limit=1&x=1', 'POST /drain?x']) {
      const { status, json } = await admin.ask(call);
      t.equal(status, 400, call);
      t.match(json?.reason, '"x"');
    }
    t.equal(admin.staged.phase, 'serving', 'a drain that is refused was not begun');
    const waiting = admin.ask('GET /drain/wait?x=1');
    await until(() => admin.staged.waits.size === 1, 'it waits');
    admin.staged.waits.releaseAll();
    t.equal((await waiting).status, 200);
  },
);

t.test('a body that is too long is refused, and its connection ends', async (t) => {
  const admin = await openAdmin(t);
  const post = (framing: string): string => `POST /drain HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;
  await isRefused(t, admin, post(`Content-Length: ${BODY_BYTES_MAX + 1}`), 413);
  t.equal(admin.staged.phase, 'serving');
  const client = await Peer.connect(admin.at);
  client.send(post('Transfer-Encoding: chunked'));
  await client.gotText('202');
  const chunk = 'x'.repeat(0x8000);
  for (let sent = 0; sent <= BODY_BYTES_MAX; sent += 0x8000) client.send(`8000\r\n${chunk}\r\n`);
  await client.left();
  t.pass('nor is it taken in pieces');
});

t.test('a body that is not too long is passed over', async (t) => {
  const admin = await openAdmin(t);
  const body = 'x'.repeat(BODY_BYTES_MAX);
  const call = `POST /drain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`;
  const [status] = await tell(admin, `${call}Content-Length: ${body.length}\r\n\r\n${body}`);
  t.equal(status, 202);
});

t.test('an answer that fails is a fault in the same form, and of that call alone', async (t) => {
  const admin = await openAdmin(t, {
    routes: {
      '/broken': { GET: { answer: () => Promise.reject(new Error('a bug')) } },
      '/half': {
        GET: {
          answer: ({ response }) => {
            response.write('{');
            throw new Error('a bug');
          },
        },
      },
    },
  });
  const { status, json } = await admin.ask('GET /broken');
  t.same([status, json], [500, { error: 'fault', reason: 'a bug' }]);
  const half = await Peer.connect(admin.at);
  half.send('GET /half HTTP/1.1\r\nHost: a\r\n\r\n');
  await half.left();
  t.notMatch(half.text, '0\r\n\r\n', 'what had begun does not look whole');
  t.equal((await admin.ask('GET /broken')).status, 500);
});

t.test(
  'an answer that nobody reads does not stay; a wait may take as long as it takes',
  async (t) => {
    const admin = await openAdmin(t, {
      routes: {
        '/now': { GET: { answer: () => undefined } },
        '/later': { GET: { waits: true, answer: () => undefined } },
      },
    });
    const client = await Peer.connect(admin.at);
    client.send('GET /now HTTP/1.1\r\nHost: a\r\n\r\n');
    const waiter = await Peer.connect(admin.at);
    waiter.send('GET /later HTTP/1.1\r\nHost: a\r\n\r\n');
    const limits = (): string => admin.sockets.map(({ timeout }) => timeout).join(' ');
    await until(
      () => limits() === `${STANDSTILL_MS_MAX} 0`,
      () => `one is limited: ${limits()}`,
    );
    t.equal(admin.sockets.length, 2);
  },
);

t.test('the oldest who is connected makes room for the next; waits do not', async (t) => {
  const admin = await openAdmin(t);
  const waiter = await Peer.connect(admin.at);
  waiter.send('GET /drain/wait HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => admin.staged.waits.size === 1, 'it waits');
  const idlers: Peer[] = [];
  for (let count = 0; count < CONNECTIONS_MAX; count++) idlers.push(await Peer.connect(admin.at));
  await until(() => admin.sockets.length === CONNECTIONS_MAX + 1, 'all are accepted');
  t.equal(idlers[0].leaving, 'open');
  t.equal((await admin.ask('GET /livez')).status, 200);
  await idlers[0].left();
  t.equal(idlers[1].leaving, 'open', 'one is enough');
  t.equal(waiter.leaving, 'open');
  admin.staged.waits.releaseAll();
  await waiter.gotText('200 OK');
  for (const peer of [...idlers, waiter]) peer.destroy();
});

t.test('what changes something is for loopback, or for the token', async (t) => {
  const calls = ['POST /drain', 'DELETE /drain', 'POST /drain/wait'];
  const afar = { remoteAddress: '10.1.2.3' };
  const closed = await openAdmin(t, afar);
  const open = await openAdmin(t, { ...afar, token: 'correct-horse' });
  for (const call of calls) {
    t.match(await closed.ask(call), { status: 403, json: { error: 'forbidden' } });
    t.equal((await closed.ask(call, { authorization: 'Bearer undefined' })).status, 403);
    t.equal((await open.ask(call)).status, 403);
    t.equal((await open.ask(call, { 'x-tidegate-token': 'wrong' })).status, 403);
    t.equal((await open.ask(call, { 'x-forwarded-for': '127.0.0.1' })).status, 403);
  }
  t.same([closed.staged.phase, open.staged.phase], ['serving', 'serving']);
  t.equal((await open.ask('POST /drain', { 'x-tidegate-token': 'correct-horse' })).status, 202);
  const bearer = { authorization: 'Bearer correct-horse' };
  t.equal((await open.ask('DELETE /drain', bearer)).status, 202);
  t.equal((await closed.ask('GET /status')).status, 200, 'reading is for everybody');
});
