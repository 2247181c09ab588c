/**
 * A real Prometheus scrapes tidegate through traffic and a drain: what it has seen is what the
 * clients hold, every family is there from the first scrape to the last, and no scrape fails.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { codeIn, readDocument, tableBelow } from '../documents.js';
import { testWith } from '../peers/programs.js';
import { Prometheus } from '../peers/prometheus.js';
import { inFrontOf } from '../peers/running.js';
import type { Tidegate } from '../peers/tidegate.js';
import { within } from '../peers/until.js';

const OPENED = 25;
const CLOSED = 10;
/** Settling is long enough to be scraped, and the deadline never comes. */
const BUDGET = [
  ...['--grace-period=60s', '--app-shutdown=1s', '--margin=1s', '--close-window=5s'],
  ...['--settle-min=3s', '--settle-quiet=0s', '--settle-max=5s'],
];
const SOCKETS = 'sum(tidegate_connections{kind="websocket",state="active"})';
const phaseIs = (phase: string): string => `tidegate_phase{phase="${phase}"}`;

/** An app that says hello and takes WebSockets; returns its port. */
async function serveApp(t: Test): Promise<number> {
  const server = createServer((_, response) => response.end('hello'));
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function open({ listen }: Tidegate): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${listen.host}:${listen.port}/`);
  await within(once(socket, 'open'), 'the socket opens');
  return socket;
}

async function close(sockets: readonly WebSocket[]): Promise<void> {
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.close();
  await within(Promise.all(closed), 'the sockets close');
}

async function ask({ listen }: Tidegate): Promise<void> {
  const headers = { connection: 'close' };
  await (await fetch(`http://${listen.host}:${listen.port}/`, { headers })).text();
}

/** The families of the README's table, by their names alone. */
function documented(): string[] {
  const rows = tableBelow(readDocument('README.md'), 'Metrics').slice(1);
  return rows.flatMap(([cell]) => codeIn(cell).map((name) => name.replace(/\{.*/, ''))).sort();
}

/** Sockets come and some go: each change is seen, to the last one. */
async function traffic(t: Test, tidegate: Tidegate, prometheus: Prometheus): Promise<WebSocket[]> {
  const sockets = await Promise.all(Array.from({ length: OPENED }, () => open(tidegate)));
  const held = (): number => sockets.filter(({ readyState }) => readyState === 1).length;
  await prometheus.sees(SOCKETS, held());
  t.equal(held(), OPENED);
  await close(sockets.slice(0, CLOSED));
  await prometheus.sees(SOCKETS, held());
  t.equal(held(), OPENED - CLOSED);
  await prometheus.sees('sum(tidegate_connections_closed_total{kind="websocket"})', CLOSED);
  await prometheus.sees('tidegate_connections_opened_total{kind="websocket"}', OPENED);

  const requests = 'tidegate_http_requests_total{code="2xx"}';
  await Promise.all(Array.from({ length: 10 }, () => ask(tidegate)));
  await prometheus.sees(requests, 10);
  // Prometheus needs a histogram's buckets to rise from scrape to scrape.
  const buckets = 'sum by (le) (increase(tidegate_http_request_duration_seconds_bucket[1m]))';
  const median = await prometheus.value(`histogram_quantile(0.5, ${buckets})`);
  t.ok(median !== undefined && median > 0 && median < 1, `a request takes ${median} s`);
  return sockets.slice(CLOSED);
}

/** From serving to drained: the phase and the verdict are seen to change. */
async function drain(
  { admin }: Tidegate,
  prometheus: Prometheus,
  sockets: readonly WebSocket[],
): Promise<void> {
  await prometheus.sees(phaseIs('serving'), 1);
  await prometheus.sees('tidegate_safe_to_delete', 0);
  await prometheus.sees('tidegate_drain_start_timestamp_seconds', 0);
  const call = `http://${admin.host}:${admin.port}/drain?terminating=true`;
  await (await fetch(call, { method: 'POST', headers: { connection: 'close' } })).text();
  await prometheus.sees(phaseIs('settling'), 1);
  await prometheus.sees(phaseIs('serving'), 0);
  await prometheus.sees('abs(time() - tidegate_drain_start_timestamp_seconds) < bool 30', 1);
  const length =
    'tidegate_drain_deadline_timestamp_seconds - tidegate_drain_start_timestamp_seconds';
  await prometheus.sees(`round(${length})`, 58);
  await prometheus.sees(phaseIs('draining'), 1);
  await prometheus.sees(SOCKETS, sockets.length);
  await prometheus.sees('tidegate_safe_to_delete', 0);
  await close(sockets);
  await prometheus.sees(phaseIs('drained'), 1);
  await prometheus.sees(SOCKETS, 0);
  await prometheus.sees('tidegate_safe_to_delete', 1);
  await prometheus.sees('tidegate_drain_endings_total{outcome="finished"}', sockets.length);
}

testWith(['prometheus'], 'Prometheus sees what clients hold', async (t, programs) => {
  const body = async (tidegate: Tidegate): Promise<void> => {
    const prometheus = await Prometheus.start(t, programs.prometheus, tidegate.admin);
    const families = await prometheus.families();
    t.same(Object.keys(families).sort(), documented(), 'every metric is there at once');
    for (const [name, { type, help }] of Object.entries(families)) {
      t.equal(type === 'counter', name.endsWith('_total'), `${name} is a ${type}: ${help}`);
    }
    const sockets = await traffic(t, tidegate, prometheus);
    await drain(tidegate, prometheus, sockets);

    t.equal(await prometheus.value('min_over_time(up[5m])'), 1, 'no scrape failed');
    t.equal(await prometheus.lastError(), '');
    const samples = await prometheus.value('changes(scrape_samples_scraped[5m])');
    t.equal(samples, 0, 'no label set came or went');
    const phases = 'sum(tidegate_phase)[5m:500ms]';
    for (const over of ['min_over_time', 'max_over_time']) {
      t.equal(await prometheus.value(`${over}(${phases})`), 1, 'always in one phase');
    }
    t.same(prometheus.complaints, []);
  };
  await inFrontOf(t, await serveApp(t), body, BUDGET);
});
