/**
 * Two pods behind a Service: a tidegate whose app is gone and that may send requests to another,
 * and the other one with its app. Both are the built program, the peers are raw.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Test } from 'tap';
import { type Bytes, Peer, RawApp, freePort } from './peer.js';
import { startTidegate, type Tidegate } from './tidegate.js';
import { until } from './until.js';

/** What an upload may cost, of whatever size. */
const GROWTH_BYTES_MAX = 96 * 1_048_576;
const PIECE = Buffer.alloc(1_048_576, 'x');

export interface Pods {
  /** Its app is gone. */
  readonly here: Tidegate;
  readonly there: Tidegate;
  readonly app: RawApp;
  /** Where the app of `here` would listen. */
  readonly appPort: number;
}

/** Both pods while `t` runs; `flags` are those of the one without an app. */
export async function openPods(t: Test, flags: readonly string[] = []): Promise<Pods> {
  const app = await RawApp.open();
  const there = await startTidegate({ app: app.at });
  const { here, appPort } = await withoutApp(t, there.listen.port, flags);
  t.teardown(async () => {
    await there.stop();
    await app.close();
  });
  return { here, there, app, appPort };
}

/** A tidegate whose app is gone, with the Service at `port`. */
export async function withoutApp(
  t: Test,
  port: number | undefined,
  flags: readonly string[] = [],
): Promise<{ here: Tidegate; appPort: number }> {
  const appPort = await freePort();
  const chance = port === undefined ? [] : [`--second-chance=127.0.0.1:${port}`];
  const here = await startTidegate({ app: { port: appPort }, flags: [...chance, ...flags] });
  t.teardown(() => here.stop());
  return { here, appPort };
}

/** A Service that hands its connections to these ports in turns. */
export async function openService(t: Test, turns: () => number): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (from) => {
    const to = connect({ port: turns(), host: '127.0.0.1', allowHalfOpen: true });
    from.on('error', () => to.destroy()).pipe(to);
    to.on('error', () => from.destroy()).pipe(from);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A client of `here` that has sent `request`. */
export async function ask({ here }: Pick<Pods, 'here'>, request: Bytes): Promise<Peer> {
  const client = await Peer.connect(here.listen);
  client.send(request);
  return client;
}

/** A client that has sent `request`, and the app of the other pod, which has got `seen` of it. */
export async function exchange(
  pods: Pods,
  request: Bytes,
  seen = '\r\n\r\n',
): Promise<{ client: Peer; app: Peer }> {
  const client = await ask(pods, request);
  const app = await pods.app.accepted();
  await app.gotText(seen);
  return { client, app };
}

/** An upload of so many bytes through the pod without an app, whose memory it does not fill. */
export async function streamsUpload(t: Test, uploadBytes: number): Promise<void> {
  const pods = await openPods(t);
  const before = pods.here.residentBytes();
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${uploadBytes}\r\n\r\n`;
  const { client, app } = await exchange(pods, head);
  app.keeps = false;
  const headBytes = app.receivedBytes;
  for (let sent = 0; sent < uploadBytes; sent += PIECE.length) {
    if (!client.socket.write(PIECE)) {
      await until(() => !client.socket.writableNeedDrain, 'it is taken', 30_000);
    }
  }
  await app.got(headBytes + uploadBytes, 60_000);
  const growth = pods.here.residentBytes() - before;
  t.ok(growth < GROWTH_BYTES_MAX, `it has grown by ${growth} bytes`);
  t.comment(`it has grown by ${Math.round(growth / 1_048_576)} MiB`);
  app.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  t.equal(await client.left(), 'end');
  client.end();
  await leavesNothing(t, pods);
}

/** The message without what the way adds to it. */
export function asSent(text: string): string {
  return text
    .replace(/^Tidegate-Second-Chance: [0-9a-f-]{36}\r\n/m, '')
    .replace(/^X-Forwarded-For: 127\.0\.0\.1\r\n/m, '')
    .replace(/^Connection: close\r\n/m, '');
}

/** Nothing is left open anywhere. */
export async function leavesNothing(t: Test, { here, there, app }: Pods): Promise<void> {
  await until(
    () => app.peers.every(({ leaving, closed }) => leaving !== 'open' || closed),
    'the app is left',
  );
  for (const peer of app.peers) peer.end();
  const [metrics] = await Promise.all([here.idle(), there.idle()]);
  t.equal(metrics.value('tidegate_requests_in_flight'), 0, 'no request is left');
  const isAlone = (): boolean => here.sockets() + there.sockets() <= 0;
  await until(isAlone, 'no socket is left');
  t.same([...here.output, ...there.output], [], 'nobody complains');
  const faults = here.lines.filter(({ level }) => level === 'error');
  t.same(faults, [], 'there was no fault');
}
