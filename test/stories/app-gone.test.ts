/**
 * The app's port refuses: in a drain its container is dead and nothing is left to wait for, unless
 * what it took is still at work, which says that it has only stopped listening.
 */
import t from 'tap';
import { IDLE_CONFIRM_MS } from '../../src/drain/controller.js';
import { DRAIN_SETTINGS, drainIn, StagedDrain } from '../peers/drain.js';

t.test('an app that refuses ends nothing while the pod serves', (t) => {
  const { drain, told } = drainIn('serving');
  drain.appRefuses();
  t.equal(drain.phase, 'serving');
  t.same(told, []);
  t.end();
});

for (const phase of ['settling', 'draining', 'closing'] as const) {
  t.test(`an app that is gone in ${phase} leaves nothing to wait for`, (t) => {
    const { drain, clock, traffic, reports, told } = drainIn(phase);
    drain.terminate('preStop');
    told.length = 0;
    traffic.dial();
    const idle = traffic.connect();
    for (const tunnel of traffic.tracker.tunnels()) {
      if (tunnel.kind === 'websocket') traffic.cut(tunnel, 'error');
    }
    drain.appRefuses();
    t.equal(drain.phase, 'drained');
    t.same(told, ['drained app-gone']);
    t.match(reports, [{ ended: 'app-gone', cut: 0 }]);
    t.equal(idle.isOver, false, 'what is idle is left alone');
    drain.appRefuses();
    clock.advance(200_000);
    t.equal(reports.length, 1, 'and told once');
    t.end();
  });

  t.test(`an app that has only stopped listening in ${phase} finishes what it took`, (t) => {
    const { drain, clock, traffic, told } = drainIn(phase);
    drain.appRefuses();
    t.equal(drain.phase, phase);
    for (const tunnel of traffic.tracker.tunnels()) traffic.end(tunnel);
    t.equal(drain.phase, phase);
    drain.appRefuses();
    t.equal(drain.phase, 'drained');
    t.equal(told.at(-1), 'drained app-gone');
    clock.advance(IDLE_CONFIRM_MS);
    t.end();
  });
}

t.test(
  'what the app has ended is not waited for, though its client keeps its own side open',
  (t) => {
    const { drain, traffic, reports } = drainIn('draining');
    for (const tunnel of traffic.tracker.tunnels()) traffic.fin(tunnel, 'app');
    t.equal(traffic.tracker.total, 1);
    t.equal(drain.phase, 'draining', 'while the app may still listen');
    drain.appRefuses();
    t.equal(drain.phase, 'drained');
    t.match(reports, [{ ended: 'app-gone', activeAtEnd: 1, cut: 0 }]);
    t.end();
  },
);

t.test('an app that is gone when all is drained changes nothing', (t) => {
  const { drain, told } = drainIn('drained');
  drain.appRefuses();
  t.equal(drain.phase, 'drained');
  t.same(told, []);
  t.end();
});

t.test('an app that comes back in a drain by hand is waited for again', (t) => {
  const staged = new StagedDrain();
  staged.drain.ask('by hand');
  staged.drain.appRefuses();
  t.equal(staged.phase, 'drained');
  const work = staged.traffic.request();
  t.equal(staged.phase, 'draining');
  staged.traffic.answer(work);
  staged.clock.advance(DRAIN_SETTINGS.idleFarewellMs - 1);
  t.equal(staged.phase, 'draining', 'its connection may yet speak');
  staged.clock.advance(1 + IDLE_CONFIRM_MS);
  t.same(staged.told, ['began by hand 0', 'drained app-gone', 'drained finished']);
  t.end();
});

t.test('an app that is gone for good is not waited for, whoever still dials it', (t) => {
  const staged = new StagedDrain();
  staged.drain.terminate('preStop');
  staged.drain.appRefuses();
  staged.traffic.dial();
  staged.clock.advance(1_000);
  t.equal(staged.phase, 'drained');
  t.end();
});

const ELSEWHERE = { secondChance: { host: 'web', port: 80 } };

t.test('an app that is gone while it settles is no reason to go, where others answer', (t) => {
  const staged = new StagedDrain(ELSEWHERE);
  staged.drain.terminate('preStop');
  for (let ms = 0; ms < DRAIN_SETTINGS.settleMinMs; ms += 1_000) {
    staged.drain.appRefuses();
    t.equal(staged.phase, 'settling', `${ms} ms`);
    staged.clock.advance(1_000);
  }
  staged.clock.advance(IDLE_CONFIRM_MS);
  t.same(staged.told.slice(1), ['drained finished']);
  t.end();
});

t.test('those who are answered elsewhere are waited for, those whom the app left are not', (t) => {
  const staged = drainIn('draining', ELSEWHERE);
  for (const tunnel of staged.traffic.tracker.tunnels()) staged.traffic.fin(tunnel, 'app');
  const hop = staged.traffic.asksElsewhere();
  staged.drain.appRefuses();
  t.equal(staged.phase, 'draining');
  staged.traffic.cut(hop, 'client');
  t.equal(staged.phase, 'draining', 'its client keeps its own side open');
  staged.drain.appRefuses();
  t.equal(staged.phase, 'drained');
  t.same(staged.told, ['drained app-gone']);
  t.end();
});

t.test('a check that says nothing is not waited for, where others answer', (t) => {
  const staged = drainIn('draining', ELSEWHERE);
  for (const tunnel of staged.traffic.tracker.tunnels()) staged.traffic.cut(tunnel, 'client');
  staged.traffic.dial();
  staged.drain.appRefuses();
  t.equal(staged.phase, 'drained');
  t.same(staged.told, ['drained app-gone']);
  t.end();
});

t.test('an idle connection may yet ask, where others answer', (t) => {
  const staged = new StagedDrain(ELSEWHERE);
  staged.traffic.connect();
  staged.drain.terminate('preStop');
  staged.clock.advance(DRAIN_SETTINGS.settleMinMs + DRAIN_SETTINGS.idleFarewellMs - 1);
  staged.drain.appRefuses();
  t.equal(staged.phase, 'draining');
  staged.clock.advance(1 + IDLE_CONFIRM_MS);
  t.equal(staged.phase, 'drained', 'until it is ended');
  t.equal(staged.traffic.endedIdle.length, 1);
  t.end();
});

t.test('who comes when all is drained is waited for, where others answer', (t) => {
  const staged = drainIn('drained', ELSEWHERE);
  staged.drain.terminate('preStop');
  const hop = staged.traffic.asksElsewhere();
  staged.drain.appRefuses();
  t.equal(staged.phase, 'draining');
  staged.traffic.cut(hop, 'client');
  staged.clock.advance(IDLE_CONFIRM_MS);
  t.equal(staged.phase, 'drained');
  t.end();
});

t.test('a WebSocket with another pod is not work of an app that is gone', (t) => {
  const staged = drainIn('draining', ELSEWHERE);
  const [own] = staged.traffic.tracker.tunnels();
  staged.drain.terminate('preStop');
  t.equal(staged.drain.outlivesApp, false, 'the app is at it');
  const other = staged.traffic.websocket(true);
  staged.traffic.end(own);
  t.equal(staged.drain.outlivesApp, true);
  staged.drain.appRefuses();
  t.equal(staged.phase, 'draining', 'it is answered elsewhere');
  staged.traffic.fin(other, 'app');
  staged.drain.appRefuses();
  t.same(staged.told, ['drained app-gone'], 'until the other pod has left it');
  t.end();
});

t.test(
  'who comes behind the end of an app that is gone is waited for, where others answer',
  (t) => {
    const staged = drainIn('draining', ELSEWHERE);
    staged.drain.terminate('preStop');
    const [left] = staged.traffic.tracker.tunnels();
    staged.traffic.fin(left, 'app');
    staged.drain.appRefuses();
    t.same(staged.told, ['drained app-gone']);
    staged.traffic.cut(left, 'client');
    const hop = staged.traffic.asksElsewhere();
    t.equal(staged.phase, 'draining');
    staged.traffic.cut(hop, 'client');
    staged.clock.advance(IDLE_CONFIRM_MS);
    t.same(staged.told, ['drained app-gone', 'drained finished']);
    t.end();
  },
);
