/**
 * A request whose app is gone is answered by another pod: its bytes and those of the answer arrive as
 * they were meant, framed anew. On the built program, by raw peers.
 */
import t from 'tap';
import { asSent, ask, exchange, leavesNothing, openPods } from '../peers/chance.js';
import type { Bytes } from '../peers/peer.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
const CLOSED = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi';

interface Case {
  readonly request: string;
  /** At the app, without the fields of the way; as it was sent if it is not told. */
  readonly seen?: string;
  readonly answer?: Bytes;
  /** Whether the app ends behind its answer. */
  readonly ends?: boolean;
  readonly got?: string;
}

const head = (line: string, ...fields: readonly string[]): string =>
  [line, ...fields].join('\r\n') + '\r\n\r\n';

const CASES: Readonly<Record<string, Case>> = {
  'a GET': { request: head('GET /a HTTP/1.1', 'Host: a') },
  'a target with // and ?': { request: head('GET //a//b?c=//d?e=http:/f#g HTTP/1.1', 'Host: a') },
  'a target in absolute form': { request: head('GET http://a//b HTTP/1.1', 'Host: a') },
  'fields in their order, case and number': {
    request: head('GET / HTTP/1.1', 'hOsT: a', 'X-B: 1', 'Cookie: a=1', 'x-b: 2', 'cookie: b=2'),
    answer: head(
      'HTTP/1.1 204 All Well',
      'Set-Cookie: a=1',
      'X-Y: \xe4',
      'set-cookie: b=2',
      'X-Y:',
    ),
    got: head(
      'HTTP/1.1 204 All Well',
      'Set-Cookie: a=1',
      'X-Y: \xe4',
      'set-cookie: b=2',
      'X-Y: ',
      'Connection: close',
    ),
  },
  'a value that is no ASCII': { request: head('GET / HTTP/1.1', 'Host: a', 'X-A: \xfc\xe4') },
  'more fields than Node would take': {
    request: head('GET / HTTP/1.1', ...Array.from({ length: 2_500 }, (_, at) => `X-${at}: ${at}`)),
  },
  'a POST with a length': {
    request: head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5') + 'hello',
  },
  'a POST without a body': {
    request: head('POST / HTTP/1.1', 'Host: a'),
    seen: head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0'),
  },
  'a chunked POST with trailers': {
    request:
      head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') +
      '5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
  },
  'a chunked DELETE with a body': {
    request:
      head('DELETE /a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked') + '2\r\nhi\r\n0\r\n\r\n',
  },
  'a DELETE without a body': { request: head('DELETE /a HTTP/1.1', 'Host: a') },
  'a chunked OPTIONS with a body': {
    request:
      head('OPTIONS * HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked') + '2\r\nhi\r\n0\r\n\r\n',
  },
  'a GET with a body': {
    request: head('GET / HTTP/1.1', 'Host: a', 'Content-Length: 2') + 'hi',
  },
  'a HEAD': {
    request: head('HEAD / HTTP/1.1', 'Host: a'),
    answer: head('HTTP/1.1 200 OK', 'Content-Length: 5'),
    got: head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Connection: close'),
  },
  'an answer 304 with a length': {
    request: head('GET / HTTP/1.1', 'Host: a'),
    answer: head('HTTP/1.1 304 Not Modified', 'Content-Length: 5'),
    got: head('HTTP/1.1 304 Not Modified', 'Content-Length: 5', 'Connection: close'),
  },
  'an answer behind 103': {
    request: head('GET / HTTP/1.1', 'Host: a'),
    answer: head('HTTP/1.1 103 Early Hints', 'Link: </a>', 'Link: </b>') + OK,
    got: head('HTTP/1.1 103 Early Hints', 'Link: </a>', 'Link: </b>') + CLOSED,
  },
  'a chunked answer with trailers': {
    request: head('GET / HTTP/1.1', 'Host: a', 'TE: trailers, gzip', 'Connection: TE'),
    seen: head('GET / HTTP/1.1', 'Host: a', 'TE: trailers', 'Connection: close, TE'),
    answer:
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') +
      '2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n',
    got:
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Sum', 'Connection: close') +
      '2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n',
  },
  'an answer that the end of its connection ends': {
    request: head('GET / HTTP/1.1', 'Host: a'),
    answer: head('HTTP/1.1 200 OK') + 'hi',
    ends: true,
    got:
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Connection: close') +
      '2\r\nhi\r\n0\r\n\r\n',
  },
  'a client of HTTP/1.0': {
    request: head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive'),
    seen: head('GET / HTTP/1.1', 'Host: a'),
    answer: head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + '2\r\nhi\r\n0\r\n\r\n',
    got: head('HTTP/1.1 200 OK', 'Connection: close') + 'hi',
  },
  'fields of the connection': {
    request: head(
      'GET / HTTP/1.1',
      'Host: a',
      'Connection: keep-alive, X-Hop, Host',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: close',
      'X-Hop: 1',
      'X-End: 1',
    ),
    seen: head('GET / HTTP/1.1', 'Host: a', 'X-End: 1'),
    answer: head(
      'HTTP/1.1 200 OK',
      'Connection: X-Hop',
      'X-Hop: 1',
      'Content-Length: 0',
      'X-End: 1',
    ),
    got: head('HTTP/1.1 200 OK', 'Content-Length: 0', 'X-End: 1', 'Connection: close'),
  },
  'an upgrade to h2c': {
    request: head('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c'),
    seen: head('GET / HTTP/1.1', 'Host: a'),
  },
  'an upgrade to WebSocket that is refused': {
    request: head('GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: Upgrade'),
    answer: head('HTTP/1.1 403 Forbidden', 'Transfer-Encoding: chunked') + '2\r\nno\r\n0\r\n\r\n',
    got:
      head('HTTP/1.1 403 Forbidden', 'Transfer-Encoding: chunked', 'Connection: close') +
      '2\r\nno\r\n0\r\n\r\n',
  },
  'an unknown expectation': {
    request: head('GET / HTTP/1.1', 'Host: a', 'Expect: cake'),
    answer: head('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0'),
    got: head('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0', 'Connection: close'),
  },
};

t.test('requests and answers pass as they were meant', async (t) => {
  const pods = await openPods(t);
  for (const [name, { request, seen = request, answer = OK, ends, got = CLOSED }] of Object.entries(
    CASES,
  )) {
    const headEnd = seen.indexOf('\r\n\r\n');
    const { client, app } = await exchange(pods, request, seen.slice(headEnd));
    app.send(answer);
    if (ends === true) app.end();
    t.equal(await client.left(), 'end', name);
    t.equal(client.text, got, name);
    t.equal(asSent(app.text), seen, name);
    client.end();
  }
  const count = Object.keys(CASES).length;
  const metrics = await pods.here.metrics();
  t.equal(metrics.value('tidegate_late_requests_total', { answer: 'second_chance' }), count);
  const said = pods.here.lines.map(({ msg }) => msg);
  t.equal(said.filter((msg) => /other pods/.test(msg)).length, 1, 'it is said once');
  await leavesNothing(t, pods);
});

t.test('a body that waits for 100 gets it from the app, or never comes', async (t) => {
  const pods = await openPods(t);
  const request = head('POST / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 5');
  const { client, app } = await exchange(pods, request);
  t.equal(client.text, '', 'nobody answers for the app');
  app.send(head('HTTP/1.1 100 Continue'));
  await client.gotText('100 Continue');
  client.send('hello');
  await app.gotText('hello');
  app.send(OK);
  t.equal(await client.left(), 'end');
  t.equal(client.text, head('HTTP/1.1 100 Continue') + CLOSED);
  client.end();
  const refused = await exchange(pods, request);
  refused.app.send(head('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0'));
  t.equal(await refused.client.left(), 'end');
  t.match(refused.client.text, /^HTTP\/1\.1 417 /);
  refused.client.send('hello');
  refused.client.end();
  await leavesNothing(t, pods);
});

t.test('what comes behind the request is nobody’s, and resets no answer', async (t) => {
  const pods = await openPods(t);
  const get = head('GET /1 HTTP/1.1', 'Host: a');
  const { client, app } = await exchange(pods, get + head('GET /2 HTTP/1.1', 'Host: a'));
  app.send(OK);
  t.equal(await client.left(), 'end');
  t.equal(client.text, CLOSED);
  t.equal(asSent(app.text), get);
  client.send(get);
  client.end();
  await leavesNothing(t, pods);
  t.equal(pods.app.peers.length, 1);
});

t.test('an answer may come before its request is whole', async (t) => {
  const pods = await openPods(t);
  const request = head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100000') + 'begun';
  const { client, app } = await exchange(pods, request, 'begun');
  app.send(head('HTTP/1.1 413 Too Large', 'Content-Length: 3') + 'n');
  await client.gotText('413');
  client.send('x'.repeat(1_000));
  await app.gotText('x'.repeat(1_000));
  app.send('o!');
  t.equal(await client.left(), 'end');
  t.match(client.text, /no!$/);
  client.send('y'.repeat(1_000));
  client.end();
  await leavesNothing(t, pods);
});

t.test(
  'a client that has ended waits for its answer, and the app is told of the end',
  async (t) => {
    const pods = await openPods(t);
    const client = await ask(pods, head('GET / HTTP/1.1', 'Host: a'));
    client.end();
    const app = await pods.app.accepted();
    await app.ended();
    app.send(OK);
    app.end();
    t.equal(await client.left(), 'end');
    t.equal(client.text, CLOSED);
    await leavesNothing(t, pods);
  },
);

t.test('a head that no app would take is refused here', async (t) => {
  const pods = await openPods(t);
  const faults: Readonly<Record<string, string>> = {
    400: head('GET / HTTP/1.1', 'no field'),
    431: head('GET / HTTP/1.1', `X-A: ${'a'.repeat(70_000)}`),
  };
  for (const [status, request] of Object.entries(faults)) {
    const client = await ask(pods, request);
    t.equal(await client.left(), 'end');
    t.match(client.text, new RegExp(`^HTTP/1\\.1 ${status} `));
    client.end();
  }
  await leavesNothing(t, pods);
  t.equal(pods.app.peers.length, 0);
});
