/**
 * The data port: every client gets a tunnel and a connection of its own, both kept alive by TCP,
 * and neither a client's error nor a failed accept reaches anybody else.
 */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { join, openCarrier } from '../peers/carrier.js';
import { Peer } from '../peers/peer.js';
import { until } from '../peers/until.js';

/** The keep-alive timer of /proc/net/tcp (proc_net_tcp.txt: `tr`). */
const KEEP_ALIVE = '02';
const ESTABLISHED = '01';

interface Timer {
  readonly kind: string;
  readonly seconds: number;
}

/** The timer of the socket at `port` towards `peer`; each alone may be somebody else's as well. */
function timersAt(port: number, peer: number): Timer[] {
  const [local, remote] = [port, peer].map(
    (number) => `:${number.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, at, towards]) => at?.endsWith(local) && towards.endsWith(remote))
    .filter((fields) => fields[3] === ESTABLISHED)
    .map((fields) => {
      const [kind, jiffies] = fields[5].split(':');
      return { kind, seconds: parseInt(jiffies, 16) / 100 };
    });
}

async function timersOfBoth(t: Test, keepAliveMs: number): Promise<Timer[]> {
  const opened = await openCarrier(t, { policy: { keepAliveMs } });
  const { client, app } = await join(opened);
  client.send('a');
  await app.got(1);
  app.send('b');
  await client.got(1);
  const timers = (): Timer[] => [
    ...timersAt(opened.carrier.at.port, client.socket.localPort ?? 0),
    ...timersAt(app.socket.remotePort ?? 0, app.socket.localPort ?? 0),
  ];
  // A timer that is there for another moment is that of a segment not acknowledged yet.
  await until(
    () => timers().every(({ kind }) => kind === KEEP_ALIVE || kind === '00'),
    'all is acknowledged',
  );
  return timers();
}

t.test('both sockets are kept alive by TCP, after the time that is set', async (t) => {
  const timers = await timersOfBoth(t, 60_000);
  t.same(
    timers.map(({ kind }) => kind),
    [KEEP_ALIVE, KEEP_ALIVE],
  );
  for (const { seconds } of timers) t.ok(seconds > 50 && seconds <= 60, `${seconds} s`);
});

t.test('keep-alive can be switched off', async (t) => {
  const timers = await timersOfBoth(t, 0);
  t.same(
    timers.map(({ kind }) => kind),
    ['00', '00'],
  );
});

t.test('each client has its own connection to the app', async (t) => {
  const opened = await openCarrier(t);
  const pairs = [];
  for (let count = 0; count < 20; count++) pairs.push(await join(opened));
  t.equal(opened.carrier.open.tunnels, 20);
  for (const [at, { client }] of pairs.entries()) client.send(`client ${at}`);
  for (const [at, { app }] of pairs.entries()) {
    await app.gotText(`client ${at}`);
    t.equal(app.text, `client ${at}`);
    app.end();
  }
  for (const { client } of pairs) {
    await client.ended();
    client.end();
  }
  await opened.carrier.empty();
});

t.test('a listener that is closed takes nobody in and keeps those it has', async (t) => {
  const opened = await openCarrier(t);
  const { at, server } = opened.carrier;
  const { client, app } = await join(opened);
  server.close();
  const late = Peer.dial(at);
  await late.gone();
  t.equal(late.errorCode, 'ECONNREFUSED');
  client.send('still here');
  await app.gotText('still here');
});

t.test('a connection that could not be taken is told, and the next one is', async (t) => {
  const opened = await openCarrier(t);
  const error = new Error('EMFILE');
  opened.carrier.server.emit('error', error);
  t.same(opened.carrier.refused, [error]);
  const { client, app } = await join(opened);
  client.send('x');
  await app.got(1);
});
