/**
 * The calls for leases: what a holder is told, what it may ask for and who may, in each phase that
 * makes a difference; and what is refused, by key and value.
 */
import t from 'tap';
import { JSON_BYTES_MAX } from '../../src/admin/body.js';
import { LEASES_MAX } from '../../src/drain/leases.js';
import { type Answer, openAdmin, type StagedAdmin } from '../peers/admin.js';
import { drainIn } from '../peers/drain.js';
import { Peer } from '../peers/peer.js';

const JSON_TYPE = { 'content-type': 'application/json' };

function say(admin: StagedAdmin, call: string, body: unknown): Promise<Answer> {
  return admin.ask(call, JSON_TYPE, JSON.stringify(body));
}

async function take(admin: StagedAdmin, body: object = { name: 'job' }): Promise<string> {
  return String((await say(admin, 'POST /leases', body)).json?.['id']);
}

t.test('a lease is taken, renewed, listed and let go', async (t) => {
  const admin = await openAdmin(t);
  const taken = await say(admin, 'POST /leases', { name: 'report 7', ttl: '2m', holder: 'w-1' });
  t.equal(taken.status, 201);
  const id = String(taken.json?.['id']);
  const lease = {
    id,
    name: 'report 7',
    holder: 'w-1',
    ttlSeconds: 120,
    since: '2024-01-01T00:00:00.000Z',
    expires: '2024-01-01T00:02:00.000Z',
  };
  const serving = { phase: 'serving', deadline: null };
  t.same(taken.json, { ...lease, ...serving });
  admin.staged.clock.advance(60_000);
  const renewed = { ...lease, expires: '2024-01-01T00:03:00.000Z' };
  const answer = await admin.ask(`PUT /leases/${id}`);
  t.same([answer.status, answer.json], [200, { ...renewed, ...serving }]);
  t.same((await admin.ask('GET /leases')).json, { leases: [renewed], ...serving });
  const shorter = await say(admin, `PUT /leases/${id}`, { ttl: 1.5 });
  t.match(shorter.json, { ttlSeconds: 1.5, expires: '2024-01-01T00:01:01.500Z' });
  t.match(await admin.ask(`DELETE /leases/${id}`), { status: 200, json: { id } });
  t.same((await admin.ask('GET /leases')).json, { leases: [], ...serving });
});

t.test('a lease has a default for everything but its name', async (t) => {
  const admin = await openAdmin(t);
  const { status, json } = await say(admin, 'POST /leases', { name: 'job' });
  t.match([status, json], [201, { name: 'job', holder: null, ttlSeconds: 30 }]);
  t.match(await admin.ask('POST /leases', {}, '{"name":"ä 🌊"}'), { status: 201 }, 'no type');
  const charset = { 'content-type': 'Application/JSON; charset=utf-8' };
  t.match(await admin.ask('POST /leases', charset, '{"name":"x"}'), { status: 201 });
});

t.test('a lease that is not there is 404 for whoever asks', async (t) => {
  const admin = await openAdmin(t);
  const id = await take(admin, { name: 'job', ttl: '1s' });
  admin.staged.clock.advance(1_000);
  for (const call of [`PUT /leases/${id}`, `DELETE /leases/${id}`, 'PUT /leases/ID']) {
    const { status, json } = await admin.ask(call);
    t.match([status, json?.['error']], [404, 'no-such-lease'], call);
    t.match(json?.['reason'], /there is no lease ".*": it was let go, has expired/);
  }
});

t.test('whatever cannot be used is told by key and value, all of it at once', async (t) => {
  const admin = await openAdmin(t);
  const text = 'is not 1 to 128 printable characters';
  const range = 'is not from 1s to 1h';
  const faults: readonly (readonly [body: unknown, reason: string])[] = [
    [undefined, `name "": ${text}`],
    [{}, `name "": ${text}`],
    [{ name: '' }, `name "": ${text}`],
    [{ name: '  ' }, `name "  ": ${text}`],
    [{ name: 7 }, `name "7": ${text}`],
    [{ name: 'a\nb' }, `name "a\nb": ${text}`],
    [{ name: 'x'.repeat(129) }, `name "${'x'.repeat(64)}…": ${text}`],
    [{ name: 'a', holder: '' }, `holder "": ${text}`],
    [{ name: 'a', holder: null }, `holder "null": ${text}`],
    [{ name: 'a', ttl: 0.999 }, `ttl "0.999": ${range}`],
    [{ name: 'a', ttl: 3_601 }, `ttl "3601": ${range}`],
    [{ name: 'a', ttl: -5 }, `ttl "-5": ${range}`],
    [{ name: 'a', ttl: '0' }, `ttl "0": ${range}`],
    [{ name: 'a', ttl: '61m' }, `ttl "61m": ${range}`],
    [{ name: 'a', ttl: '30' }, 'ttl "30": needs a unit: ms, s, m or h, as in 30s'],
    [{ name: 'a', ttl: 'soon' }, 'ttl "soon": is not a duration like 500ms, 30s, 10m, 1m30s or 2h'],
    [{ name: 'a', ttl: null }, 'ttl "null": is no duration like "30s", nor a number of seconds'],
    [{ name: 'a', tll: 5 }, 'tll "5": is none of name, ttl, holder'],
    [[], 'body "[]": is no JSON object; name "": is not 1 to 128 printable characters'],
    [
      { ttl: 0, by: { x: 1 } },
      `by "{"x":1}": is none of name, ttl, holder; ttl "0": ${range}; name "": ${text}`,
    ],
  ];
  for (const [body, reason] of faults) {
    const { status, json } = await say(admin, 'POST /leases', body);
    t.same([status, json], [400, { error: 'bad-request', reason }], JSON.stringify(body));
  }
  t.equal(admin.staged.leases.size, 0);
  const id = await take(admin);
  const renewal = await say(admin, `PUT /leases/${id}`, { name: 'job', ttl: 'x' });
  t.match(renewal.json?.['reason'], /^name "job": is none of ttl; ttl "x": is not a duration/);
});

t.test('what is no JSON, or too much of it, is refused', async (t) => {
  const admin = await openAdmin(t);
  const ask = (type: string, body: string | Buffer): Promise<Answer> =>
    admin.ask('POST /leases', { 'content-type': type }, body);
  const json = 'application/json';
  t.match(await ask(json, '{'), { status: 400, json: { reason: 'the body is no JSON' } });
  t.match(await ask(json, Buffer.from('{"name":"\xff"}', 'latin1')), { status: 400 });
  const form = await ask('application/x-www-form-urlencoded', 'name=job');
  t.match(form, { status: 415, json: { error: 'not-json', reason: /x-www-form-urlencoded/ } });
  const gzip = { 'content-type': json, 'content-encoding': 'gzip' };
  t.match(await admin.ask('POST /leases', gzip, 'x'), { status: 415 });
  const long = JSON.stringify({ name: 'job', pad: 'x'.repeat(JSON_BYTES_MAX) });
  t.match(await ask(json, long), { status: 413, json: { error: 'too-large' } });
  t.equal(admin.staged.leases.size, 0);
  t.equal((await say(admin, 'POST /leases', { name: 'job' })).status, 201, 'the port goes on');
});

t.test('a body may come in pieces, and its asker may leave in the middle of it', async (t) => {
  const admin = await openAdmin(t);
  const head = 'POST /leases HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const slow = await Peer.connect(admin.at);
  slow.send(`${head}7\r\n{"name"\r\n`);
  slow.send('7\r\n:"job"}\r\n0\r\n\r\n');
  await slow.gotText('201 Created');
  slow.end();
  const gone = await Peer.connect(admin.at);
  gone.send(`${head}7\r\n{"name"\r\n`);
  gone.reset();
  const endless = await Peer.connect(admin.at);
  endless.send(head);
  for (let sent = 0; sent <= JSON_BYTES_MAX; sent += 0x400) {
    endless.send(`400\r\n${'x'.repeat(0x400)}\r\n`);
  }
  await endless.gotText('413 Payload Too Large');
  await endless.left();
  t.match(endless.text, /^connection: close\r$/im);
  t.equal(admin.staged.leases.size, 1);
});

t.test('leases are taken in a drain, and their holder is told of it', async (t) => {
  for (const phase of ['settling', 'draining'] as const) {
    const admin = await openAdmin(t, { staged: drainIn(phase) });
    admin.staged.drain.terminate('preStop');
    const { status, json } = await say(admin, 'POST /leases', { name: 'job' });
    t.match([status, json], [201, { phase, deadline: '2024-01-01T00:01:40.000Z' }]);
  }
  const admin = await openAdmin(t, { staged: drainIn('drained') });
  const { status, json } = await say(admin, 'POST /leases', { name: 'job' });
  t.match([status, json], [201, { phase: 'draining' }], 'a pod that stays is at work again');
});

t.test(
  'no lease is taken in a pod that is about to go, but those that are held go on',
  async (t) => {
    const closing = await openAdmin(t, { staged: drainIn('draining') });
    const id = await take(closing);
    closing.staged.clock.advance(10_000);
    await closing.ask(`PUT /leases/${id}`);
    closing.staged.msUntil('closing');
    const refused = { status: 409, json: { error: 'too-late', reason: /\(phase closing\)/ } };
    t.match(await say(closing, 'POST /leases', { name: 'job' }), refused);
    const held = closing.staged.lease();
    t.match(await closing.ask(`PUT /leases/${held.id}`), {
      status: 200,
      json: { phase: 'closing' },
    });
    t.match(await closing.ask(`DELETE /leases/${held.id}`), { status: 200 });
    const gone = await openAdmin(t, { staged: drainIn('drained') });
    gone.staged.drain.terminate('preStop');
    t.match(await say(gone, 'POST /leases', { name: 'job' }), { status: 409 });
  },
);

t.test('one lease too many is refused', async (t) => {
  const admin = await openAdmin(t);
  for (let count = 0; count < LEASES_MAX; count++) admin.staged.lease();
  const { status, json } = await say(admin, 'POST /leases', { name: 'job' });
  t.match([status, json], [429, { error: 'too-many', reason: /1000 leases/ }]);
});

t.test('whoever is outside needs the token for leases, but not to read them', async (t) => {
  const admin = await openAdmin(t, { remoteAddress: '10.0.0.7', token: 'secret-token' });
  const { id } = admin.staged.lease();
  for (const call of ['POST /leases', `PUT /leases/${id}`, `DELETE /leases/${id}`]) {
    t.match(await admin.ask(call), { status: 403 }, call);
  }
  t.equal((await admin.ask('GET /leases')).status, 200);
  const token = { 'x-tidegate-token': 'secret-token' };
  t.equal((await admin.ask(`DELETE /leases/${id}`, token)).status, 200);
});

t.test('leases are told in the status and in the verdict', async (t) => {
  const admin = await openAdmin(t);
  t.match((await admin.ask('GET /status')).json, { leases: { held: 0, oldest: null } });
  await take(admin, { name: 'first', holder: 'worker-1' });
  admin.staged.clock.advance(5_000);
  await take(admin, { name: 'second' });
  const oldest = { name: 'first', holder: 'worker-1', since: '2024-01-01T00:00:00.000Z' };
  t.match((await admin.ask('GET /status')).json, {
    leases: { held: 2, oldest },
    verdict: { safe: false, reason: 'leases', leases: 2, quietSince: null },
  });
  t.match(await admin.ask('GET /safe-to-delete'), {
    status: 409,
    json: { safe: false, reason: 'leases', active: 0, leases: 2, quietSince: null },
  });
  t.match((await admin.ask('GET /metrics')).text, /^tidegate_leases 2$/m);
});
