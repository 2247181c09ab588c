/**
 * Who may do what on the admin port of the built program, asked over the network: reading is open,
 * changes are for loopback or the token, and whatever is refused is refused in JSON.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { AdminError } from '../../src/admin/contract.js';
import { testFromOutside } from '../peers/outside.js';
import { freePort, run } from '../peers/running.js';
import { BUNDLE, NODE, startTidegate, type Tidegate } from '../peers/tidegate.js';

const TOKEN = 'correct-horse';
const CALLS = ['POST', 'DELETE'] as const;
const IDLE_MS = 20_000;

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends these bytes and reads until the other side ends. */
async function exchange(
  host: string,
  port: number,
  bytes: string,
  from: { readonly localAddress?: string } = {},
): Promise<Answer> {
  const socket = connect({ port, host, ...from });
  // What is refused while it is still being sent is reset, after its answer.
  socket.on('error', () => undefined);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(bytes);
  await once(socket, 'close');
  const [head, body = ''] = text.split(/\r\n\r\n([^]*)/);
  const isChunked = /^transfer-encoding: chunked$/im.test(head);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  return { status, head, body: isChunked ? unchunked(body) : body };
}

function unchunked(body: string): string {
  const [, size = '0'] = /^([0-9a-f]+)\r\n/.exec(body) ?? [];
  const [from, length] = [size.length + 2, parseInt(size, 16)];
  return length === 0
    ? ''
    : body.slice(from, from + length) + unchunked(body.slice(from + length + 2));
}

function request(method: string, path: string, ...fields: readonly string[]): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...fields, '', ''].join(
    '\r\n',
  );
}

function isRefusal(t: Test, { status, head, body }: Answer, expected: number, error: string): void {
  t.equal(status, expected, `${error}: ${head}`);
  t.match(head, /^content-type: application\/json$/im);
  const said = JSON.parse(body) as AdminError;
  t.equal(said.error, error);
  t.ok(said.reason.length > 10, said.reason);
  t.same(Object.keys(said), ['error', 'reason']);
}

async function start(t: Test, flags: readonly string[], admin?: string): Promise<Tidegate> {
  const app = { port: await freePort() };
  const where = admin === undefined ? {} : { admin };
  const tidegate = await startTidegate({ app, flags, ...where });
  t.teardown(async () => {
    tidegate.kill('SIGKILL');
    await tidegate.exited;
  });
  return tidegate;
}

testFromOutside('another address changes nothing, whatever it says', async (t, address) => {
  for (const flags of [[], [`--admin-token=${TOKEN}`]]) {
    const tidegate = await start(t, flags, '[::]:0');
    const { admin } = tidegate;
    for (const method of CALLS) {
      for (const field of [
        'X-Forwarded-For: 127.0.0.1',
        'Forwarded: for=127.0.0.1;host=localhost',
        'X-Real-IP: ::1',
        'X-Tidegate-Token: ',
        'X-Tidegate-Token: correct-hors',
        'X-Tidegate-Token: correct-horsf',
        'X-Tidegate-Token: correct-horse2',
        'X-Tidegate-Token: undefined',
        'Authorization: Bearer wrong-horse1',
        'Authorization: Bearer undefined',
        `Authorization: Basic ${TOKEN}`,
        `Cookie: token=${TOKEN}`,
      ]) {
        const answer = await exchange(address, admin.port, request(method, '/drain', field));
        isRefusal(t, answer, 403, 'forbidden');
      }
    }
    const answer = await exchange(
      address,
      admin.port,
      request('POST', `/drain?terminating=true&token=${TOKEN}`),
    );
    isRefusal(t, answer, 403, 'forbidden');
    t.equal(
      (await tidegate.metrics()).value('tidegate_phase', { phase: 'serving' }),
      1,
      'it serves on',
    );
  }
});

testFromOutside('what a proxy in the pod passes on is not loopback', async (t, address) => {
  const { admin } = await start(t, [], '[::]:0');
  // As Istio's does with what it takes for any other pod.
  const proxy = { localAddress: '127.0.0.6' };
  for (const method of CALLS) {
    const answer = await exchange(address, admin.port, request(method, '/drain'), proxy);
    isRefusal(t, answer, 403, 'forbidden');
  }
});

testFromOutside('another address may change what it has the token for', async (t, address) => {
  const { admin } = await start(t, [`--admin-token=${TOKEN}`], '0.0.0.0:0');
  for (const field of [
    `X-Tidegate-Token: ${TOKEN}`,
    `Authorization: Bearer ${TOKEN}`,
    // The API server's proxy and a browser may have added one of their own.
    `Authorization: Basic eDp5\r\nX-Tidegate-Token: ${TOKEN}`,
  ]) {
    for (const [method, phase] of [
      ['POST', /^(settling|drained)$/],
      ['DELETE', /^serving$/],
    ] as const) {
      const { status, body } = await exchange(
        address,
        admin.port,
        request(method, '/drain', field),
      );
      t.equal(status, 202, `${method} with ${field}`);
      t.match(JSON.parse(body), { phase });
    }
  }
});

testFromOutside('another address may read', async (t, address) => {
  const { admin } = await start(t, [], '0.0.0.0:0');
  for (const [path, expected] of Object.entries({
    '/livez': 200,
    '/readyz': 503,
    '/metrics': 200,
    '/status': 200,
    '/connections': 200,
    '/safe-to-delete': 409,
  })) {
    const { status, body } = await exchange(address, admin.port, request('GET', path));
    t.equal(status, expected, path);
    t.ok(body.length > 0);
    const head = await exchange(address, admin.port, request('HEAD', path));
    t.same([head.status, head.body], [expected, ''], `HEAD ${path}`);
  }
});

testFromOutside('the command line says what to do about a refusal', async (t, address) => {
  const { admin } = await start(t, [`--admin-token=${TOKEN}`], '0.0.0.0:0');
  const drain = async (env: Readonly<Record<string, string>>): Promise<[unknown, string]> => {
    const at = `--admin=${address}:${admin.port}`;
    const { code, stderr } = await run(NODE, [BUNDLE, 'drain', at], { env });
    return [code, stderr];
  };
  t.match(await drain({}), [1, /takes changes from its own pod only: .* --token-file or in TIDE/]);
  t.match(await drain({ TIDEGATE_ADMIN_TOKEN: 'another-one' }), [1, /refuses the token: /]);
  t.same(await drain({ TIDEGATE_ADMIN_TOKEN: TOKEN }), [0, '']);
});

t.test('each way to say loopback may change what it likes', async (t) => {
  const { admin } = await start(t, [`--admin-token=${TOKEN}`], '[::]:0');
  // Where both families share a socket, IPv4 arrives mapped: ::ffff:127.0.0.1.
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
    for (const method of CALLS) {
      const answer = await exchange(host, admin.port, request(method, '/drain'));
      t.equal(answer.status, 202, `${method} from ${host}: ${answer.body}`);
    }
  }
});

t.test('what cannot be answered is refused in JSON', async (t) => {
  const { admin } = await start(t, []);
  const ask = (bytes: string): Promise<Answer> => exchange('127.0.0.1', admin.port, bytes);
  const [status, drain] = [
    await ask(request('PUT', '/status')),
    await ask(request('GET', '/drain')),
  ];
  isRefusal(t, status, 405, 'method-not-allowed');
  isRefusal(t, drain, 405, 'method-not-allowed');
  t.match(status.head, /^allow: GET, HEAD$/im);
  t.match(drain.head, /^allow: POST, DELETE$/im);
  for (const path of [
    '/',
    '/lease',
    '/leases/',
    '/statu',
    '/status/',
    '//status',
    '/%73tatus',
    '/__proto__',
  ]) {
    isRefusal(t, await ask(request('GET', path)), 404, 'not-found');
  }
  isRefusal(t, await ask(request('GET', '/status?deep=1')), 400, 'bad-request');
  isRefusal(t, await ask(request('POST', '/drain?reasons=x')), 400, 'bad-request');
  isRefusal(t, await ask(request('POST', '/drain?readiness=maybe')), 400, 'bad-request');
  isRefusal(t, await ask(request('GET', '/connections?limit=0')), 400, 'bad-request');
  isRefusal(t, await ask('\x16\x03\x01 TLS\r\n\r\n'), 400, 'bad-request');
  isRefusal(t, await ask(request('GET', '/livez', 'X-Big: '.padEnd(9_000, 'x'))), 431, 'too-large');
  isRefusal(t, await ask(request('GET', `/${'x'.repeat(9_000)}`)), 431, 'too-large');
  const body = request('POST', '/drain', 'Content-Length: 70000') + 'x'.repeat(70_000);
  isRefusal(t, await ask(body), 413, 'too-large');
  isRefusal(t, await ask(request('GET', '/livez', 'Expect: wonders')), 417, 'expectation-failed');
  const after = await ask(request('GET', '/status'));
  t.match(JSON.parse(after.body), { phase: 'serving' }, 'nothing of it began a drain');
});

t.test('odd forms of a request are understood', async (t) => {
  const { admin } = await start(t, []);
  const ask = (bytes: string): Promise<Answer> => exchange('127.0.0.1', admin.port, bytes);
  t.equal((await ask('GET /livez HTTP/1.0\r\n\r\n')).status, 200, 'HTTP/1.0');
  const absolute = `http://127.0.0.1:${admin.port}/livez`;
  t.equal((await ask(request('GET', absolute))).status, 200, 'absolute-form');
  t.equal((await ask(request('GET', '/livez', 'Expect: 100-continue'))).status, 100);
  const chunked = request('POST', '/drain', 'Transfer-Encoding: chunked') + '3\r\nabc\r\n0\r\n\r\n';
  t.equal((await ask(chunked)).status, 202, 'a small body that nobody needs');
});
