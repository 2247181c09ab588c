/**
 * Probes and scrapers in a verdict and in a drain: as if they had not come, but that they are counted
 * and get their answers; and connections on which nothing is said.
 */
import t from 'tap';
import { PARTING_MS_MAX } from '../../src/drain/endings.js';
import { drainIn, StagedDrain } from '../peers/drain.js';

/** One comes on a connection of its own, is answered, and leaves. */
function probe({ traffic }: StagedDrain): void {
  const tunnel = traffic.request(traffic.connect(), 'probe');
  traffic.answer(tunnel, 200, 'probe');
  traffic.end(tunnel);
}

t.test('a pod is safe after quietFor, however often it is asked whether it is there', (t) => {
  const staged = new StagedDrain();
  const { clock, drain, traffic } = staged;
  traffic.answer(traffic.request());
  for (let ms = 0; ms < 60_000; ms += 100) {
    t.equal(drain.quietSinceMs, 0);
    if (drain.verdict().safe) t.fail(`after ${ms}`);
    probe(staged);
    traffic.end(traffic.connect());
    clock.advance(100);
  }
  t.same(drain.verdict(), { safe: true });
  traffic.answer(traffic.request());
  t.same(drain.verdict(), { safe: false, reason: 'not-quiet' }, 'but not whenever it has work');
  t.equal(drain.quietSinceMs, 60_000);
  t.end();
});

t.test('whose head is still to come may be work; a probe then takes back what it seemed', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  clock.advance(60_000);
  const tunnel = traffic.connect();
  t.same(drain.verdict(), { safe: true });
  traffic.request(tunnel, 'unknown');
  t.same(drain.verdict(), { safe: false, reason: 'active' });
  clock.advance(1_000);
  tunnel.exchangeKnown('probe');
  t.same(drain.verdict(), { safe: true });
  t.equal(drain.quietSinceMs, 0);
  traffic.answer(tunnel, 200, 'probe');
  traffic.request(tunnel, 'unknown');
  tunnel.exchangeKnown('work');
  traffic.answer(tunnel);
  t.equal(drain.quietSinceMs, 61_000);
  t.end();
});

t.test('work that ends while a head is still to come is what it was', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  const probe = traffic.request(traffic.connect(), 'unknown');
  clock.advance(10);
  const work = traffic.request();
  clock.advance(10);
  traffic.answer(work);
  clock.advance(10);
  probe.exchangeKnown('probe');
  t.equal(drain.quietSinceMs, 20);
  t.end();
});

t.test('a connection is at work while any request on it is no probe', (t) => {
  const { traffic } = new StagedDrain();
  const { tracker } = traffic;
  const tunnel = traffic.request(traffic.connect(), 'probe');
  t.same([tunnel.active, tracker.requestsInFlight, tracker.activeTotal], [false, 1, 0]);
  traffic.request(tunnel);
  t.same([tunnel.active, tunnel.exchangesOpen], [true, 2]);
  traffic.answer(tunnel, 200, 'probe');
  t.equal(tunnel.active, true);
  traffic.request(tunnel, 'probe');
  traffic.answer(tunnel);
  t.same([tunnel.active, tracker.requestsInFlight], [false, 1]);
  traffic.answer(tunnel, 200, 'probe');
  t.same(tracker.answeredClass, [0, 0, 3, 0, 0, 0], 'all are counted');
  t.end();
});

t.test('an event stream is work, whoever asked for it', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  const tunnel = traffic.request(traffic.connect(), 'probe');
  tunnel.carries('sse');
  t.same([tunnel.active, tunnel.isWork], [true, true]);
  tunnel.exchangeBegan('probe');
  t.equal(tunnel.active, true, 'what is pipelined behind it changes nothing');
  clock.advance(500);
  tunnel.carries('http1');
  t.same([tunnel.active, drain.quietSinceMs], [false, 500]);
  t.end();
});

t.test('settling ends although probes and mere connections come', (t) => {
  const staged = new StagedDrain();
  const { drain, clock, traffic } = staged;
  traffic.websocket();
  drain.terminate('preStop');
  for (let ms = 0; ms < 10_000; ms += 100) {
    t.equal(drain.phase, 'settling');
    probe(staged);
    traffic.end(traffic.connect());
    clock.advance(100);
  }
  t.equal(drain.phase, 'draining');
  t.end();
});

t.test('settling goes on while requests come', (t) => {
  const { drain, clock, traffic } = new StagedDrain();
  const tunnel = traffic.connect();
  drain.terminate('preStop');
  for (let ms = 0; ms < 20_000; ms += 1_000) {
    t.equal(drain.phase, 'settling', `${ms}`);
    traffic.answer(traffic.request(tunnel));
    clock.advance(1_000);
  }
  t.not(drain.phase, 'settling', 'for settleMax at most');
  t.end();
});

t.test('drained is not taken back by a probe, nor by a connection, but by work', (t) => {
  const staged = drainIn('drained');
  const { drain, clock, traffic, told } = staged;
  const before = told.length;
  for (let times = 0; times < 10; times++) {
    probe(staged);
    traffic.end(traffic.connect());
    traffic.request(traffic.connect(), 'unknown').exchangeKnown('probe');
    clock.advance(100);
  }
  t.equal(drain.phase, 'drained');
  t.equal(told.length, before);
  traffic.request();
  t.equal(drain.phase, 'draining');
  t.end();
});

t.test('a drain lets a probe have its answer, but not for ever, and ends nothing under it', (t) => {
  for (const isAnswered of [true, false]) {
    const { drain, clock, traffic } = drainIn('draining');
    const tunnel = traffic.request(traffic.connect(), 'probe');
    for (const other of [...traffic.tracker.tunnels()]) if (other !== tunnel) traffic.end(other);
    const from = clock.now();
    clock.advance(1_000);
    t.equal(drain.phase, 'draining');
    if (isAnswered) traffic.end(tunnel, 'app');
    clock.advance(isAnswered ? 1_000 : PARTING_MS_MAX);
    t.equal(drain.phase, 'drained', `${clock.now() - from} ms`);
    t.notOk(traffic.endedIdle.some((ended) => ended.tunnel === tunnel));
  }
  t.end();
});

t.test('what probes ask in a drain is no work that finished', (t) => {
  const staged = drainIn('draining');
  const { traffic } = staged;
  const { finished } = traffic.tracker;
  probe(staged);
  t.equal(traffic.tracker.finished, finished);
  traffic.answer(traffic.request());
  t.equal(traffic.tracker.finished, finished + 1);
  t.end();
});
