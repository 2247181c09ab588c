/**
 * Prometheus' own promtool finds nothing wrong with `/metrics`: neither on an idle tidegate nor
 * under traffic of every kind, nor in any phase of a drain.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import type { Metrics } from '../peers/metrics.js';
import { testWith } from '../peers/programs.js';
import { run } from '../peers/running.js';
import { startTidegate, type Tidegate } from '../peers/tidegate.js';
import { until, within } from '../peers/until.js';

const BUDGET = [
  ...['--grace-period=6s', '--app-shutdown=500ms', '--margin=500ms', '--close-window=1s'],
  ...['--settle-min=500ms', '--settle-quiet=0s', '--settle-max=900ms'],
];
const KINDS = ['http1', 'sse', 'websocket', 'http2', 'tls', 'tcp'];
/** What clients of connections begin with that are told apart by their first bytes. */
const RAW = [
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
  '\x00not HTTP\n',
];

/** An app for every kind: it streams, fails, takes WebSockets, and keeps what it cannot read. */
async function serveApp(t: Test): Promise<number> {
  const server = createServer(({ url = '' }, response) => answer(url, response));
  const sockets = new WebSocketServer({ server });
  server.on('clientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function answer(url: string, response: ServerResponse): void {
  if (url === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  } else {
    response.writeHead(url === '/' ? 200 : Number(url.slice(1)), { connection: 'close' });
    response.end('hello');
  }
}

/** A connection of every kind, open until the test ends; more than one answer behind them. */
async function traffic(t: Test, { listen: { host, port } }: Tidegate): Promise<void> {
  const at = `${host}:${port}`;
  for (const path of ['/', '/304', '/404', '/500'])
    await (await fetch(`http://${at}${path}`)).text();
  const socket = new WebSocket(`ws://${at}/`).on('error', () => undefined);
  await within(once(socket, 'open'), 'the WebSocket opens');
  t.teardown(() => socket.terminate());
  for (const bytes of [
    ...RAW,
    'GET /stream HTTP/1.1\r\nHost: app\r\n\r\n',
    'POST / HTTP/1.1\r\n',
  ]) {
    const raw = connect(port, host).on('error', () => undefined);
    t.teardown(() => void raw.destroy());
    raw.resume().write(bytes, 'latin1');
  }
}

testWith(['promtool'], 'promtool has nothing to say about the metrics', async (t, { promtool }) => {
  const check = (text: string): ReturnType<typeof run> =>
    run(promtool, ['check', 'metrics'], { input: text });
  const silence = { code: 0, stdout: '', stderr: '' };
  const tidegate = await startTidegate({ app: { port: await serveApp(t) }, flags: BUDGET });
  t.teardown(() => tidegate.kill('SIGKILL'));
  let metrics = await tidegate.metrics();
  t.same(await check(metrics.text), silence, 'idle');
  t.notSame(await check(metrics.text.replace(/^# HELP.*\n/m, '')), silence, 'it does look');
  const families = familiesOf(metrics);

  await traffic(t, tidegate);
  const isThere = async (): Promise<boolean> => {
    metrics = await tidegate.metrics();
    return KINDS.every((kind) => metrics.open({ kind, state: 'active' }) === 1);
  };
  await until(isThere, () => `one of each kind: ${metrics.text}`);
  t.equal(metrics.sum('tidegate_http_requests_total'), 6);
  t.same(await check(metrics.text), silence, 'under traffic of every kind');

  const { host, port } = tidegate.admin;
  await fetch(`http://${host}:${port}/drain?terminating=true`, { method: 'POST' });
  for (const phase of ['settling', 'draining', 'closing', 'drained']) {
    const isIn = async (): Promise<boolean> => {
      metrics = await tidegate.metrics();
      return metrics.value('tidegate_phase', { phase }) === 1;
    };
    await until(isIn, phase);
    t.same(await check(metrics.text), silence, phase);
    t.same(familiesOf(metrics), families, 'no family and no label set came or went');
  }
  // Each is counted when its sockets have closed.
  metrics = await tidegate.idle();
  const endings = (outcome: string): number =>
    metrics.value('tidegate_drain_endings_total', { outcome });
  t.equal(endings('cut'), 1, 'the request');
  t.equal(endings('farewell'), KINDS.length - 1, 'all others');
  t.same(await check(metrics.text), silence, 'when all is over');
  t.same(await tidegate.stop(), { code: 0, signal: null });
});

/** Names and labels of all samples. */
function familiesOf({ samples }: Metrics): string[] {
  return samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`).sort();
}
