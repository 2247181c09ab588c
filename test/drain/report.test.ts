/**
 * What a drain leaves behind: that it says why and how it ended, and fits into the pod's status
 * whatever the reason was.
 */
import t from 'tap';
import { type DrainReport, MESSAGE_BYTES_MAX, terminationMessage } from '../../src/drain/report.js';
import { drainIn, StagedDrain } from '../peers/drain.js';

const REPORT: DrainReport = {
  reason: 'preStop',
  ended: 'deadline',
  startedAt: new Date('2024-01-01T12:00:00Z'),
  tookMs: 22_049,
  activeAtStart: 5,
  activeAtEnd: 2,
  leasesAtEnd: 1,
  finished: 4,
  farewell: 0,
  cut: 3,
};

t.test('the message is one line of JSON, in the units that people read', (t) => {
  const message = terminationMessage(REPORT);
  t.equal(message.indexOf('\n'), message.length - 1);
  t.same(JSON.parse(message), {
    drained: true,
    reason: 'preStop',
    startedAt: '2024-01-01T12:00:00.000Z',
    tookSeconds: 22,
    ended: 'deadline',
    activeAtStart: 5,
    activeAtEnd: 2,
    leasesAtEnd: 1,
    finished: 4,
    farewell: 0,
    cut: 3,
  });
  t.match(terminationMessage({ ...REPORT, tookMs: 1_250 }), '"tookSeconds":1.3');
  t.end();
});

t.test(
  'the message is shorter than 1 KB, whatever the reason and however large the numbers',
  (t) => {
    const most = Number.MAX_SAFE_INTEGER;
    const largest: DrainReport = {
      ...REPORT,
      ended: 'finished',
      tookMs: most,
      activeAtStart: most,
      activeAtEnd: most,
      leasesAtEnd: most,
      finished: most,
      farewell: most,
      cut: most,
    };
    for (const character of ['a', '"', '\\', '\0', '\u001f', 'ä', '日', '🌊', '\ud83c', '\u2028']) {
      const reason = character.repeat(8_000);
      const message = terminationMessage({ ...largest, reason });
      const bytes = Buffer.byteLength(message);
      t.ok(bytes <= MESSAGE_BYTES_MAX && bytes < 1_024, `${bytes} bytes of ${character}`);
      const told = (JSON.parse(message) as { reason: string }).reason;
      t.ok(told.length > 0 && reason.startsWith(told));
    }
    t.end();
  },
);

t.test('a reason is cut between characters, not inside of one', (t) => {
  const reason = `a${'🌊'.repeat(200)}`;
  const told = JSON.parse(terminationMessage({ ...REPORT, reason })) as { reason: string };
  t.notMatch(told.reason, /\p{Surrogate}/u);
  t.ok(told.reason.endsWith('🌊'));
  t.end();
});

t.test('a drain counts what was at work when it began, and how each of it ended', (t) => {
  const staged = new StagedDrain();
  staged.traffic.end(staged.traffic.websocket());
  const tunnels = [1, 2, 3].map(() => staged.traffic.websocket());
  const request = staged.traffic.request();
  staged.traffic.connect();
  staged.clock.advance(500);
  staged.drain.terminate('preStop');
  staged.clock.advance(1_000);
  staged.traffic.end(tunnels[0]);
  staged.traffic.answer(request);
  staged.traffic.request(request);
  staged.clock.advance(99_000);
  t.match(staged.reports, [
    {
      reason: 'preStop',
      ended: 'deadline',
      startedAt: new Date('2024-01-01T00:00:00.500Z'),
      tookMs: 100_000,
      activeAtStart: 4,
      activeAtEnd: 3,
      leasesAtEnd: 0,
      finished: 2,
      farewell: 0,
      cut: 3,
    },
  ]);
  t.end();
});

t.test('a second drain counts its own endings alone', (t) => {
  const { drain, clock, traffic, reports } = drainIn('drained');
  t.equal(reports[0].finished, 1);
  drain.recall();
  const work = traffic.websocket();
  drain.ask('once more');
  clock.advance(10_000);
  traffic.end(work);
  clock.advance(1_000);
  t.match(reports[1], { reason: 'once more', activeAtStart: 1, finished: 1, cut: 0 });
  t.end();
});
