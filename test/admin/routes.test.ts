/**
 * What each call of the admin port answers, in each state of the drain that makes a difference.
 */
import t from 'tap';
import { codeIn, readDocument, tableBelow } from '../documents.js';
import type { StagedAdmin } from '../peers/admin.js';
import { LIST_REST_MS, LIST_SHORT_MAX } from '../../src/admin/routes.js';
import { openAdmin, VERSION } from '../peers/admin.js';
import { drainIn, NOTICE_MS, StagedDrain } from '../peers/drain.js';
import { Peer } from '../peers/peer.js';
import { until } from '../peers/until.js';

t.test('GET /livez is 200 in every phase', async (t) => {
  for (const phase of ['serving', 'settling', 'draining', 'closing', 'drained'] as const) {
    const admin = await openAdmin(t, { staged: drainIn(phase) });
    t.match(await admin.ask('GET /livez'), { status: 200, json: { live: true } }, phase);
  }
});

t.test('GET /readyz asks the app each time', async (t) => {
  const admin = await openAdmin(t);
  t.match(await admin.ask('GET /readyz'), { status: 200, json: { ready: true, reasons: [] } });
  admin.health.up = false;
  const away = { ready: false, reasons: ['app-unreachable'] };
  t.match(await admin.ask('GET /readyz'), { status: 503, json: away });
  t.equal(admin.health.checks, 2);
});

t.test('GET /readyz is 503 in a drain by hand, and not where the pod is terminating', async (t) => {
  const admin = await openAdmin(t);
  await admin.ask('POST /drain');
  const body = { ready: false, reasons: ['draining'] };
  t.match(await admin.ask('GET /readyz'), { status: 503, json: body });
  admin.health.up = false;
  t.same((await admin.ask('GET /readyz')).json?.reasons, ['app-unreachable', 'draining']);
  admin.health.up = true;
  await admin.ask('DELETE /drain');
  t.equal((await admin.ask('GET /readyz')).status, 200, 'nor once it is taken back');
  await admin.ask('POST /drain?terminating=true');
  t.equal((await admin.ask('GET /readyz')).status, 200);
});

t.test('GET /readyz is 503 so long after the end of the pod began, if that is set', async (t) => {
  const admin = await openAdmin(t, { unreadyAfterMs: 3_000 });
  const { staged } = admin;
  await admin.ask('POST /drain?terminating=true');
  staged.clock.advance(2_999);
  t.equal((await admin.ask('GET /readyz')).status, 200);
  await admin.ask('POST /drain?terminating=true');
  staged.clock.advance(1);
  const body = { ready: false, reasons: ['terminating'] };
  t.match(await admin.ask('GET /readyz'), { status: 503, json: body });

  const other = await openAdmin(t, { unreadyAfterMs: 0 });
  t.equal((await other.ask('GET /readyz')).status, 200);
  await other.ask('POST /drain?readiness=keep');
  t.equal((await other.ask('GET /readyz')).status, 200, 'a drain by hand is no end');
  other.staged.drain.now('SIGTERM');
  t.match(await other.ask('GET /readyz'), { status: 503, json: body });
});

t.test('POST /drain?readiness=keep leaves the pod ready', async (t) => {
  const admin = await openAdmin(t);
  t.equal((await admin.ask('POST /drain?readiness=keep')).status, 202);
  t.equal(admin.staged.phase, 'settling');
  t.equal((await admin.ask('GET /readyz')).status, 200);
  await admin.ask('POST /drain?readiness=fail');
  t.equal((await admin.ask('GET /readyz')).status, 503);
});

t.test('POST /drain begins a drain by hand and answers with the status', async (t) => {
  const admin = await openAdmin(t);
  const { status, json } = await admin.ask('POST /drain?reason=a%20new%20node');
  t.equal(status, 202);
  t.match(json, { phase: 'settling', terminating: false, drain: { reason: 'a new node' } });
  t.same(admin.staged.told, ['began a new node 0']);
  t.match((await admin.ask('POST /drain?reason=other')).json, { drain: { reason: 'a new node' } });
});

t.test('POST /drain has a reason, even where none is given', async (t) => {
  for (const [query, reason] of [
    ['', 'asked on the admin port'],
    ['?reason=', 'asked on the admin port'],
    ['?terminating=true', 'preStop'],
    ['?terminating=true&reason=', 'preStop'],
  ]) {
    const admin = await openAdmin(t);
    t.match((await admin.ask(`POST /drain${query}`)).json, { drain: { reason } }, query);
  }
});

t.test('POST /drain?terminating=true makes a drain final', async (t) => {
  const admin = await openAdmin(t, { staged: drainIn('draining') });
  const { json } = await admin.ask('POST /drain?terminating=true&reason=preStop');
  t.match(json, { phase: 'draining', terminating: true, drain: { reason: 'by hand' } });
  const refused = { status: 409, json: { error: 'terminating' } };
  t.match(await admin.ask('DELETE /drain'), refused);
});

t.test('POST /drain with a value that there is not begins nothing', async (t) => {
  const admin = await openAdmin(t);
  for (const query of ['readiness=maybe', 'readiness=', 'terminating=yes', 'terminating=']) {
    t.match(await admin.ask(`POST /drain?${query}`), {
      status: 400,
      json: { error: 'bad-request', reason: /is not one of/ },
    });
  }
  t.same(admin.staged.told, []);
});

t.test('DELETE /drain takes it back until closing', async (t) => {
  for (const phase of ['settling', 'draining', 'drained'] as const) {
    const admin = await openAdmin(t, { staged: drainIn(phase) });
    t.match(await admin.ask('DELETE /drain'), { status: 202, json: { phase: 'serving' } });
    t.match(await admin.ask('DELETE /drain'), { status: 409, json: { error: 'not-draining' } });
  }
  const late = await openAdmin(t, { staged: drainIn('closing') });
  t.match(await late.ask('DELETE /drain'), { status: 409, json: { error: 'too-late' } });
});

/** A wait that has reached the port. */
async function wait(admin: StagedAdmin): Promise<ReturnType<StagedAdmin['ask']>[]> {
  const before = admin.staged.waits.size;
  const answer = admin.ask('GET /drain/wait');
  await until(() => admin.staged.waits.size === before + 1, 'it waits');
  return [answer];
}

t.test('GET /drain/wait starts nothing and is 200 when the notice does not come', async (t) => {
  const admin = await openAdmin(t);
  const [answer] = await wait(admin);
  admin.staged.clock.advance(NOTICE_MS);
  t.match(await answer, { status: 200, json: { phase: 'serving' } });
  t.same(admin.staged.told, []);
});

t.test('GET /drain/wait is answered when drained, each of two, and then at once', async (t) => {
  const admin = await openAdmin(t);
  const work = admin.staged.traffic.websocket();
  const [first] = await wait(admin);
  await admin.ask('POST /drain?terminating=true');
  const [second] = await wait(admin);
  admin.staged.clock.advance(60_000);
  t.equal(admin.staged.waits.size, 2, 'both are held');
  admin.staged.traffic.end(work);
  admin.staged.clock.advance(1_000);
  for (const answer of [first, second]) {
    t.match(await answer, { status: 200, json: { phase: 'drained' } });
  }
  t.match(await admin.ask('GET /drain/wait'), { status: 200, json: { phase: 'drained' } });
});

t.test('GET /drain/wait that is cut leaves nothing behind and may come again', async (t) => {
  const admin = await openAdmin(t);
  admin.staged.traffic.websocket();
  await admin.ask('POST /drain?terminating=true');
  const [cut] = await wait(admin);
  const refused = t.rejects(cut);
  admin.sockets.at(-1)?.destroy();
  await until(() => admin.staged.waits.size === 0, 'it has left');
  await refused;
  t.equal(admin.staged.phase, 'settling');
  const [again] = await wait(admin);
  admin.staged.clock.advance(100_000);
  t.equal((await again).status, 200);
});

t.test('POST /drain/wait makes a drain final, says so at once, and ends with it', async (t) => {
  const admin = await openAdmin(t);
  const { waits, traffic, clock } = admin.staged;
  const work = traffic.websocket();
  const notice = await Peer.connect(admin.at);
  notice.send('POST /drain/wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await notice.gotText('202 Accepted');
  t.same(admin.staged.told, ['began preStop 1']);
  t.match(await admin.ask('DELETE /drain'), { status: 409, json: { error: 'terminating' } });
  clock.advance(60_000);
  t.same([waits.size, waits.holdsSigterm, notice.leaving], [1, true, 'open']);
  traffic.end(work);
  clock.advance(1_000);
  await notice.left();
  t.match(notice.text, '{"phase":"drained"}');
  t.match(await admin.ask('POST /drain/wait'), { status: 202, json: { phase: 'drained' } });
  t.equal(waits.holdsSigterm, false);
});

t.test('POST /drain/wait that is cut holds nothing back any more', async (t) => {
  const admin = await openAdmin(t);
  const { waits, traffic } = admin.staged;
  traffic.websocket();
  const notice = await Peer.connect(admin.at);
  notice.send('POST /drain/wait HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => waits.holdsSigterm, 'it waits');
  notice.reset();
  await until(() => !waits.holdsSigterm, 'it has left');
  t.equal(admin.staged.phase, 'settling', 'the drain goes on');
});

t.test('GET /safe-to-delete is 200 or 409, with the reason and what it is judged by', async (t) => {
  const admin = await openAdmin(t);
  const { clock, traffic } = admin.staged;
  const work = traffic.websocket();
  t.match(await admin.ask('GET /safe-to-delete'), {
    status: 409,
    json: { safe: false, reason: 'active', phase: 'serving', active: 1, quietSince: null },
  });
  clock.advance(5_000);
  traffic.end(work);
  clock.advance(60_000);
  t.same(await admin.ask('GET /safe-to-delete').then(({ status, json }) => [status, json]), [
    200,
    { safe: true, phase: 'serving', active: 0, leases: 0, quietSince: '2024-01-01T00:00:05.000Z' },
  ]);
});

t.test('GET /metrics is the text that Prometheus reads', async (t) => {
  const admin = await openAdmin(t);
  const { status, headers, text } = await admin.ask('GET /metrics');
  t.equal(status, 200);
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  t.match(text, `tidegate_build_info{version="${VERSION}"`);
});

t.test('GET /connections is limited and sorted as asked', async (t) => {
  const staged = new StagedDrain();
  const admin = await openAdmin(t, { staged });
  staged.traffic.websocket();
  staged.clock.advance(1_000);
  staged.traffic.request();
  const kinds = async (query: string): Promise<unknown> => {
    const { json } = await admin.ask(`GET /connections${query}`);
    return (json?.connections as { kind: string }[]).map(({ kind }) => kind);
  };
  t.same(await kinds(''), ['websocket', 'http1']);
  t.same(await kinds('?sort=age'), ['websocket', 'http1']);
  t.same(await kinds('?sort=kind'), ['http1', 'websocket']);
  t.same(await kinds('?limit=1'), ['websocket']);
  for (const query of ['sort=size', 'sort=', 'limit=0', 'limit=10001', 'limit=1.5', 'limit=-1']) {
    const { status, json } = await admin.ask(`GET /connections?${query}`);
    t.match([status, json?.error], [400, 'bad-request'], query);
  }
  t.equal((await admin.ask('GET /connections?limit=10000')).status, 200);
});

t.test('GET /connections gives one long list at a time, and rests behind it', async (t) => {
  const staged = new StagedDrain();
  const admin = await openAdmin(t, { staged });
  for (let count = 0; count <= LIST_SHORT_MAX; count++) staged.traffic.websocket();
  const long = `GET /connections?limit=${LIST_SHORT_MAX + 1}`;
  const short = `GET /connections?limit=${LIST_SHORT_MAX}`;
  const answers = await Promise.all([admin.ask(long), admin.ask(long), admin.ask(short)]);
  t.same(answers.map(({ status }) => status).sort(), [200, 200, 429]);
  const busy = await admin.ask(long);
  t.match(busy, { status: 429, json: { error: 'busy' }, headers: { 'retry-after': '1' } });
  t.equal((await admin.ask(short)).status, 200);
  staged.clock.advance(LIST_REST_MS);
  t.equal((await admin.ask(long)).status, 200);
});

t.test('README.md names every call, with every query key it knows', async (t) => {
  const { routes } = await openAdmin(t);
  const calls = Object.entries(routes).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { query = [] }]) => {
      return `${method} ${path} ${[...query].sort().join(' ')}`.trim();
    }),
  );
  const rows = tableBelow(readDocument('README.md'), 'Endpoints').slice(1);
  const told = rows.map(([call, answer]) => {
    const [target] = codeIn(call)[0].split('?');
    const keys = [call, ...codeIn(answer)].flatMap((text) => [...text.matchAll(/(\w+)=/g)]);
    const query = new Set(keys.map(([, key]) => key));
    return `${target} ${[...query].sort().join(' ')}`.trim();
  });
  t.same(told.sort(), calls.sort());
});
