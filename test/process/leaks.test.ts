/**
 * What is over leaves nothing behind: after a hundred thousand requests, or ten thousand
 * connections that came and went, the built program has no socket and no entry more than before,
 * and its memory does not know how many there were. What has no outside, timers and objects, is
 * counted in the test's own process.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/clock.js';
import { Tracker } from '../../src/tracker.js';
import { createListener } from '../../src/tunnel/listener.js';
import type { Policy } from '../../src/tunnel/policy.js';
import type { Tunnel } from '../../src/tunnel/tunnel.js';
import { KeptLoad, LeanApp, visit } from '../peers/lean-load.js';
import { type At, type Leaving, Peer, freePort } from '../peers/peer.js';
import { POLICY } from '../peers/policy.js';
import { inFrontOf, leavesNothing } from '../peers/running.js';
import type { Tidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const CONNECTIONS = 64;
const REQUESTS_FIRST = 20_000;
const REQUESTS_MORE = 80_000;
const VISITORS_FIRST = 2_000;
const VISITORS_MORE = 8_000;
const VISITORS_AT_ONCE = 32;
/** Memory is read so many times on the way; a median is no collection's lucky or unlucky moment. */
const SAMPLES = 5;
/** The least that a request could leave, an object of 56 bytes, would be more. */
const REQUEST_BYTES_MAX = 52;
/**
 * Dead sockets outlive young collections, and the old ones come late: memory goes up and down by
 * some 24 MiB, on average over these visitors by 2 KB each. A pair of sockets that stays costs 4.
 */
const VISITOR_BYTES_MAX = 3_072;
/** Those who meet the listener of this process, half of them without an app. */
const INSIDE_VISITORS = 300;

/** Does `work` in parts and reads the memory after each; returns the median of the last parts. */
async function residentAfter(
  tidegate: Tidegate,
  total: number,
  work: (part: number) => Promise<void>,
): Promise<number> {
  const part = total / (4 * SAMPLES);
  const samples: number[] = [];
  for (let done = 0; done < total; done += part) {
    await work(part);
    samples.push(tidegate.residentBytes());
  }
  return samples.slice(-SAMPLES).sort((a, b) => a - b)[(SAMPLES - 1) / 2];
}

/** How many come first, as a warm-up, how many more, and what each of those may add; bytes. */
interface Load {
  readonly first: number;
  readonly more: number;
  readonly bytesMax: number;
}

async function staysFlat(
  t: Test,
  tidegate: Tidegate,
  { first, more, bytesMax }: Load,
  work: (part: number) => Promise<void>,
): Promise<void> {
  const before = await residentAfter(tidegate, first, work);
  const each = ((await residentAfter(tidegate, more, work)) - before) / more;
  t.ok(each < bytesMax, `${more} more add ${each.toFixed(1)} bytes each to ${before}`);
}

async function isEmpty(t: Test, tidegate: Tidegate): Promise<void> {
  await leavesNothing(t, tidegate);
  await until(
    () => tidegate.sockets() === 0,
    () => `no socket is left, not ${tidegate.sockets()}`,
  );
}

async function openApp(t: Test): Promise<LeanApp> {
  const app = await LeanApp.open();
  t.teardown(() => app.close());
  return app;
}

/** What would keep this process running, by its kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Remembers every tunnel there was without keeping it. */
class RememberingTracker extends Tracker {
  readonly all: WeakRef<Tunnel>[] = [];

  constructor() {
    const nothing = (): void => undefined;
    super(systemClock, {
      appUnreachable: nothing,
      appReached: nothing,
      secondChance: nothing,
      gaveUp: nothing,
      tlsCarried: nothing,
      fault: nothing,
      idle: nothing,
      busy: nothing,
    });
  }

  override opened(tunnel: Tunnel): void {
    super.opened(tunnel);
    this.all.push(new WeakRef(tunnel));
  }
}

/** Does `body` with a listener in this process, in real time. */
async function inside(
  events: Tracker,
  app: At,
  appConnectTimeoutMs: number,
  body: (listener: At) => Promise<void>,
): Promise<void> {
  const policy: Policy = { ...POLICY, forwarded: 'if-absent', appConnectTimeoutMs };
  const server = createListener(
    { policy, events, clock: systemClock, random: () => 0 },
    app,
    () => undefined,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await body({ host: '127.0.0.1', port });
  server.close();
  await once(server, 'close');
}

/** Clients without an app: some wait for their 503, some reset before, some end and wait. */
async function waitInVain(listener: At, timersBefore: number): Promise<Leaving[]> {
  const peers: Peer[] = [];
  for (let at = 0; at < INSIDE_VISITORS; at++) {
    const peer = await Peer.connect(listener);
    peer.send('GET / HTTP/1.1\r\n\r\n');
    if (at % 3 === 1) peer.end();
    if (at % 3 === 2) peer.reset();
    else peers.push(peer);
  }
  await until(() => (resources()['Timeout'] ?? 0) > timersBefore, 'timers are seen');
  const seen = await Promise.all(peers.map((peer) => peer.left()));
  for (const peer of peers) peer.destroy();
  return seen;
}

t.test('no timer, no handle and no tunnel outlives its connection', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const before = resources();
  const tracker = new RememberingTracker();
  const app = await LeanApp.open();
  await inside(tracker, app.at, 60_000, (listener) =>
    visit(listener, INSIDE_VISITORS, VISITORS_AT_ONCE, ['end', 'reset']),
  );
  await app.close();
  const nowhere = { host: '127.0.0.1', port: await freePort() };
  await inside(tracker, nowhere, 500, async (listener) => {
    const seen = new Set(await waitInVain(listener, before['Timeout'] ?? 0));
    t.same(seen, new Set(['end']), 'who waited was answered');
  });
  const isAsBefore = (): boolean => JSON.stringify(resources()) === JSON.stringify(before);
  await until(isAsBefore, () => JSON.stringify([before, resources()]));
  t.same(resources(), before, 'nothing would keep the process running');
  t.equal(tracker.all.length, 2 * INSIDE_VISITORS);
  const kept = (): number => tracker.all.filter((tunnel) => tunnel.deref() !== undefined).length;
  const isForgotten = (): boolean => {
    collect();
    return kept() === 0;
  };
  await until(isForgotten, () => `no tunnel is kept, not ${kept()}`);
  t.same([...tracker.tunnels()], []);
});

t.test('a hundred thousand requests on kept connections leave nothing behind', async (t) => {
  const app = await openApp(t);
  await inFrontOf(t, app.at.port, async (tidegate) => {
    const load = new KeptLoad(tidegate.listen, CONNECTIONS);
    const amount = {
      first: REQUESTS_FIRST,
      more: REQUESTS_MORE,
      bytesMax: REQUEST_BYTES_MAX,
    };
    await staysFlat(t, tidegate, amount, (part) => load.run(part));
    const metrics = await tidegate.metrics();
    t.equal(metrics.value('tidegate_requests_in_flight'), 0, 'no request is in flight');
    t.equal(metrics.open({ state: 'idle' }), CONNECTIONS, 'all connections are idle');
    t.equal(metrics.open(), CONNECTIONS);
    const answered = metrics.value('tidegate_http_requests_total', { code: '2xx' });
    t.equal(answered, REQUESTS_FIRST + REQUESTS_MORE, 'every request is counted');
    t.equal(tidegate.sockets(), 2 * CONNECTIONS, 'no socket but theirs');
    await load.close();
    await isEmpty(t, tidegate);
  });
});

t.test('ten thousand connections that come and go leave nothing behind', async (t) => {
  const app = await openApp(t);
  await inFrontOf(t, app.at.port, async (tidegate) => {
    const amount = {
      first: VISITORS_FIRST,
      more: VISITORS_MORE,
      bytesMax: VISITOR_BYTES_MAX,
    };
    await staysFlat(t, tidegate, amount, (part) =>
      visit(tidegate.listen, part, VISITORS_AT_ONCE, ['end', 'reset']),
    );
    const metrics = await tidegate.idle();
    const answered = metrics.value('tidegate_http_requests_total', { code: '2xx' });
    t.equal(answered, VISITORS_FIRST + VISITORS_MORE, 'every one is answered');
    const closed = metrics.sum('tidegate_connections_closed_total');
    t.equal(closed, VISITORS_FIRST + VISITORS_MORE, 'every one is counted');
    await isEmpty(t, tidegate);
  });
});
