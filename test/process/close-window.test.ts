/**
 * The close window of the built program, seen from its clients: every WebSocket is told 1001, no
 * second is much fuller than another, and whoever waits for the end hears of it at once.
 */
import t from 'tap';
import { Member, startApp } from './crowd/crowd.js';
import { startDrained } from './crowd/drained.js';

const CLEAN = { code: 0, signal: null };
/** The window is a quarter of the budget, as it is unless told otherwise. */
const WINDOW_SHARE = 0.25;
const RATE_TIMES_MAX = 1.5;
/** On a quiet machine it is 50 ms; this one may have others on it. */
const VERDICT_MS_MAX = 250;

const CROWDS = [
  { sockets: 1_000, deadlineS: 16 },
  { sockets: 5_000, deadlineS: 28 },
];

for (const { sockets, deadlineS } of CROWDS) {
  const windowS = deadlineS * WINDOW_SHARE;
  const title = `${sockets} WebSockets are told to go over ${windowS} s, evenly`;
  t.test(title, { timeout: 100_000 }, async (t) => {
    const { port } = await startApp(t);
    const clients = new Member(t, 'clients');
    const drained = await startDrained(t, { port, deadlineS });
    const { tidegate } = drained;
    await clients.ask('open', { port: tidegate.listen.port, count: sockets });
    const beganMs = Date.now();
    tidegate.kill('SIGTERM');
    await fetch(`http://127.0.0.1:${tidegate.admin.port}/drain/wait`);
    const answeredMs = Date.now();
    t.same(await drained.ended(), CLEAN);

    const closes = await clients.ask('closes');
    t.equal(closes['1001'], sockets, 'every one of them by 1001');
    t.equal(closes['all'], sockets);
    const tally = await clients.ask('tally');
    t.same(tally, { open: 0, byReset: 0, byEnd: sockets, refused: 0 }, 'and ended in order');
    t.match(drained.message(), { farewell: sockets, cut: 0, finished: 0 });

    const even = sockets / windowS;
    const times = (closes['fullest'] / even).toFixed(2);
    t.ok(closes['fullest'] <= RATE_TIMES_MAX * even, `the fullest second has ${times} x the even`);
    const openedMs = deadlineS * 1_000 * (1 - WINDOW_SHARE);
    t.ok(closes['firstAtMs'] >= beganMs + openedMs - 100, 'none before the window opens');
    const verdictMs = answeredMs - closes['endedAtMs'];
    t.ok(verdictMs < VERDICT_MS_MAX, `heard ${verdictMs} ms after the last end`);
  });
}
