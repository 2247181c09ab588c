/**
 * What is open and what has been, in numbers: that each fact moves the counts it should, that what
 * is counted is never counted twice, and that nothing is left over when all have gone.
 */
import t from 'tap';
import { KINDS } from '../src/protocol/contract.js';
import { ENDED_BY } from '../src/tunnel/events.js';
import { HandClock } from './peers/clock.js';
import { Traffic } from './peers/traffic.js';

function staged(): { clock: HandClock; traffic: Traffic; tracker: Traffic['tracker'] } {
  const clock = new HandClock();
  const traffic = new Traffic(clock);
  return { clock, traffic, tracker: traffic.tracker };
}

t.test('a connection whose app is not reached yet is at work: its bytes may wait', (t) => {
  const { traffic, tracker } = staged();
  traffic.dial();
  t.equal(tracker.active.tcp, 1);
  t.equal(tracker.idle.tcp, 0);
  t.equal(tracker.activeTotal, 1);
  t.equal(tracker.openedAs.tcp, 0, 'of what kind it is, nobody knows yet');
  t.end();
});

t.test('a connection is idle while nothing has been said, and opened as what it says', (t) => {
  const { traffic, tracker } = staged();
  traffic.connect();
  t.equal(tracker.idle.tcp, 1);
  t.equal(tracker.activeTotal, 0);
  traffic.raw();
  t.equal(tracker.active.tcp, 1);
  t.equal(tracker.openedAs.tcp, 1);
  traffic.request();
  t.same([tracker.openedAs.tcp, tracker.openedAs.http1], [1, 1]);
  t.equal(tracker.total, 3);
  t.end();
});

t.test('HTTP is at work from a request to the end of its answer', (t) => {
  const { traffic, tracker } = staged();
  const tunnel = traffic.request();
  t.same([tracker.active.http1, tracker.idle.http1, tracker.requestsInFlight], [1, 0, 1]);
  traffic.request(tunnel);
  t.same([tracker.active.http1, tracker.requestsInFlight], [1, 2], 'pipelined');
  traffic.answer(tunnel, 204);
  t.same([tracker.active.http1, tracker.idle.http1, tracker.requestsInFlight], [1, 0, 1]);
  traffic.answer(tunnel, 503);
  t.same([tracker.active.http1, tracker.idle.http1, tracker.requestsInFlight], [0, 1, 0]);
  t.same(tracker.answeredClass, [0, 0, 1, 0, 0, 1]);
  t.equal(tracker.openedAs.http1, 1);
  t.end();
});

t.test('an answer of no known class is none of the five', (t) => {
  const { traffic, tracker } = staged();
  for (const status of [101, 299, 301, 404, 599, 600, 999]) {
    traffic.answer(traffic.request(), status);
  }
  t.same(tracker.answeredClass, [2, 1, 1, 1, 1, 1]);
  t.end();
});

t.test('an upgrade is one connection of two kinds', (t) => {
  const { traffic, tracker } = staged();
  traffic.websocket();
  t.same([tracker.openedAs.http1, tracker.openedAs.websocket], [1, 1]);
  t.same([tracker.active.websocket, tracker.active.http1, tracker.idle.http1], [1, 0, 0]);
  t.equal(tracker.total, 1);
  t.end();
});

t.test('an event stream is one while it is answered, and HTTP again behind it', (t) => {
  const { traffic, tracker } = staged();
  const tunnel = traffic.stream();
  t.same([tracker.active.sse, tracker.openedAs.sse, tracker.openedAs.http1], [1, 1, 1]);
  tunnel.carries('http1');
  tunnel.exchangeEnded('work');
  t.same([tracker.active.sse, tracker.idle.http1], [0, 1]);
  t.equal(tracker.openedAs.http1, 1, 'it is no other HTTP connection than before');
  t.end();
});

t.test(
  'an event stream that cannot be followed counts as opened as what it is from then on',
  (t) => {
    const { traffic, tracker } = staged();
    const tunnel = traffic.stream();
    tunnel.gaveUp('answer-syntax');
    tunnel.carries('tcp');
    t.same([tracker.openedAs.sse, tracker.openedAs.tcp], [1, 1]);
    t.same([tracker.active.sse, tracker.active.tcp], [0, 1]);
    t.end();
  },
);

t.test(
  'what is given up on is counted by reason, and its requests are no longer in flight',
  (t) => {
    const { traffic, tracker } = staged();
    const tunnel = traffic.request(traffic.request());
    tunnel.gaveUp('request-syntax');
    tunnel.carries('tcp');
    t.equal(tracker.requestsInFlight, 0);
    t.equal(tracker.gaveUpFor['request-syntax'], 1);
    t.equal(tracker.gaveUpFor['answer-syntax'], 0);
    t.same(traffic.heard.slice(-1), ['gaveUp request-syntax']);
    t.equal(tracker.active.tcp, 1);
    traffic.end(tunnel);
    t.equal(tracker.requestsInFlight, 0, 'not taken away twice');
    t.end();
  },
);

t.test('a connection that ends is counted by its last kind and by who ended it', (t) => {
  const { traffic, tracker } = staged();
  traffic.end(traffic.request(), 'app');
  traffic.end(traffic.connect(), 'client');
  traffic.cut(traffic.websocket(), 'drain');
  traffic.cut(traffic.stream(), 'deadline');
  const broken = traffic.raw();
  broken.broke(broken.client);
  broken.client.destroy();
  broken.app?.destroy();
  traffic.cut(traffic.connect(), 'drain');
  t.same(
    KINDS.flatMap((kind) =>
      ENDED_BY.filter((by) => tracker.closedBy[kind][by] > 0).map((by) => `${kind} ${by}`),
    ),
    ['http1 app', 'sse deadline', 'websocket drain', 'tcp client', 'tcp drain', 'tcp error'],
  );
  t.equal(tracker.total, 0);
  t.end();
});

t.test('when all have gone, nothing is counted as open', (t) => {
  const { traffic, tracker } = staged();
  const tunnels = [
    traffic.dial(),
    traffic.connect(),
    traffic.request(traffic.request()),
    traffic.websocket(),
    traffic.stream(),
    traffic.raw(),
  ];
  t.equal(tracker.total, 6);
  t.same([...tracker.tunnels()].length, 6);
  for (const tunnel of tunnels) traffic.end(tunnel);
  t.same(
    KINDS.map((kind) => tracker.active[kind] + tracker.idle[kind]),
    KINDS.map(() => 0),
  );
  t.same([tracker.total, tracker.activeTotal, tracker.requestsInFlight], [0, 0, 0]);
  t.same([...tracker.tunnels()], []);
  t.end();
});

t.test('the oldest of a kind is the one that has been it for longest', (t) => {
  const { clock, traffic, tracker } = staged();
  t.equal(tracker.oldestMs('http1'), undefined);
  const early = traffic.connect();
  clock.advance(1_000);
  const first = traffic.request();
  clock.advance(1_000);
  traffic.request(early);
  t.equal(tracker.oldestMs('http1'), 1_000, 'an older connection that came to it later is not');
  traffic.end(first);
  t.equal(tracker.oldestMs('http1'), 2_000);
  traffic.end(early);
  t.equal(tracker.oldestMs('http1'), undefined);
  t.end();
});

t.test('how long things took is kept in buckets', (t) => {
  const { clock, traffic, tracker } = staged();
  const tunnel = traffic.request();
  clock.advance(30);
  traffic.answer(tunnel);
  clock.advance(3_600_000 - 30);
  traffic.end(tunnel);
  t.equal(tracker.requestSeconds.sum, 0.03);
  t.equal(tracker.requestSeconds.counts[tracker.requestSeconds.bounds.indexOf(0.05)], 1);
  const { bounds, counts, sum } = tracker.connectionSeconds.http1;
  t.equal(sum, 3_600);
  t.equal(counts[bounds.indexOf(3_600)], 1);
  t.end();
});

t.test('how long a connection lived counts from when it became its kind', (t) => {
  const { clock, traffic, tracker } = staged();
  const tunnel = traffic.request();
  clock.advance(10_000);
  traffic.answer(tunnel, 101);
  tunnel.carries('websocket');
  clock.advance(4_000);
  traffic.end(tunnel);
  t.equal(tracker.connectionSeconds.websocket.sum, 4);
  t.equal(tracker.connectionSeconds.http1.sum, 0);
  t.end();
});

t.test('connections and requests both count as arrivals', (t) => {
  const { traffic, tracker } = staged();
  const tunnel = traffic.connect();
  t.equal(tracker.arrivals, 1);
  traffic.answer(traffic.request(tunnel));
  traffic.request(tunnel);
  t.equal(tracker.arrivals, 3);
  t.end();
});

t.test('requests are late, and endings counted, only while a drain goes on', (t) => {
  const { traffic, tracker } = staged();
  traffic.end(traffic.websocket());
  traffic.answer(traffic.request());
  t.same([tracker.lateRequests, tracker.finished, tracker.cut], [0, 0, 0]);
  tracker.isLate = true;
  traffic.answer(traffic.request());
  t.same([tracker.lateRequests, tracker.finished], [1, 1]);
  tracker.isLate = false;
  traffic.answer(traffic.request());
  t.same([tracker.lateRequests, tracker.finished], [1, 1]);
  t.end();
});

t.test('in a drain, work is counted once, by how it ended', (t) => {
  const { traffic, tracker } = staged();
  const counted = (): number[] => [tracker.finished, tracker.cut];
  const idle = traffic.connect();
  const pipelined = traffic.request(traffic.request());
  const [first, second] = [traffic.websocket(), traffic.websocket()];
  const halves = traffic.request(traffic.request());
  tracker.isLate = true;
  traffic.cut(idle, 'deadline');
  t.same(counted(), [0, 0], 'an idle connection is no work');
  traffic.end(first);
  t.same(counted(), [1, 0], 'a socket');
  traffic.cut(second, 'deadline');
  t.same(counted(), [1, 1], 'a socket that is cut');
  traffic.answer(pipelined);
  traffic.answer(pipelined);
  traffic.end(pipelined);
  t.same(counted(), [3, 1], 'two requests, and their connection is none more');
  traffic.answer(halves);
  traffic.cut(halves, 'drain');
  t.same(counted(), [4, 2], 'of two requests one was answered, the other one cut');
  traffic.end(traffic.dial());
  t.same(counted(), [4, 2], 'a client that never reached the app was never at work');
  t.end();
});

t.test('in a drain, work that has taken its goodbye is counted apart', (t) => {
  const { clock, traffic, tracker } = staged();
  const counted = (): number[] => [tracker.finished, tracker.farewell, tracker.cut];
  tracker.isLate = true;
  traffic.manners.farewell = 30;
  const taking = [traffic.websocket(), traffic.stream(), traffic.raw()];
  const before = counted();
  for (const tunnel of taking) tunnel.sayFarewell();
  t.same(counted(), before, 'said is not taken');
  clock.advance(30);
  t.same(counted(), [before[0], 3, 0]);
  traffic.manners.farewell = 'never';
  traffic.websocket().sayFarewell();
  clock.advance(60_000);
  t.same(counted().slice(1), [3, 1], 'one that is never taken ends in a cut');
  traffic.connect().endIdle();
  clock.advance(0);
  t.same(counted().slice(1), [3, 1], 'and an idle connection is no work');
  t.equal(tracker.closedBy.websocket.drain, 2);
  tracker.isLate = false;
  traffic.manners.farewell = 0;
  traffic.websocket().sayFarewell();
  clock.advance(0);
  t.same(counted().slice(1), [3, 1], 'outside of a drain nothing is counted');
  t.end();
});

t.test('late upgrades that are refused are counted', (t) => {
  const { tracker } = staged();
  tracker.refusedLate();
  tracker.refusedLate();
  t.equal(tracker.lateRefused, 2);
  t.end();
});

t.test('idle and busy are told when the last work ends and the first begins', (t) => {
  const { clock, traffic, tracker } = staged();
  const turns = (): string[] => traffic.heard.splice(0);
  const one = traffic.request();
  t.same(turns(), ['idle', 'busy'], 'dialling is not work yet');
  const other = traffic.websocket();
  t.same(turns(), [], 'another one changes nothing');
  traffic.end(other);
  t.same(turns(), []);
  clock.advance(70);
  traffic.answer(one);
  t.same(turns(), ['idle']);
  t.equal(tracker.lastActiveMs, 70);
  clock.advance(5);
  traffic.end(one);
  t.same(turns(), [], 'it was idle already');
  t.equal(tracker.lastActiveMs, 70);
  t.end();
});

t.test('a kind that turns into another one at work is never idle in between', (t) => {
  const { traffic } = staged();
  const tunnel = traffic.request();
  traffic.heard.length = 0;
  tunnel.carries('sse');
  t.same(traffic.heard, []);
  t.end();
});

t.test('what is rare is passed on to those who speak', (t) => {
  const { traffic, tracker } = staged();
  tracker.dialFailed('ECONNREFUSED');
  tracker.reached();
  tracker.fault(new Error('a bug'));
  traffic.connect().carries('tls');
  t.same(
    traffic.heard.filter((word) => word !== 'busy' && word !== 'idle'),
    ['appUnreachable ECONNREFUSED', 'appReached', 'fault Error: a bug', 'tlsCarried'],
  );
  t.equal(tracker.appConnectErrors, 1);
  t.end();
});
