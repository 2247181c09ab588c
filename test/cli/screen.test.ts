/**
 * The status as people see it: exact screens, and that they fit.
 */
import t from 'tap';
import type { Status } from '../../src/admin/contract.js';
import {
  type Paint,
  renderScreen,
  statusLine,
  verdictLine,
  withColour,
  withoutColour,
} from '../../src/cli/screen.js';
import { connections, DRAINING, SAFE, SERVING } from './fixtures.js';

function screen(status: Status, paint: Paint = withoutColour): string {
  const atMs = new Date('2024-01-01T12:02:40Z').getTime();
  return renderScreen(status, '127.0.0.1:9180', atMs, paint);
}

t.test('a quiet pod is told as safe to delete', (t) => {
  t.equal(
    screen(SERVING),
    `tidegate 1.2.3 on Node v24.0.0, admin port 127.0.0.1:9180

Verdict   safe to delete: nothing is at work
Quiet     since 2024-01-01 11:58:00 UTC (4m39s)
Phase     serving: no drain is going on
          since 2024-01-01 10:00:00 UTC (2h2m)
App       answers

KIND          ACTIVE      IDLE    OLDEST
http1              0         0         -
sse                0         0         -
websocket          0         0         -
http2              0         0         -
tls                0         0         -
tcp                0         0         -
total              0         0         -

Requests in flight: 0. Arrivals so far: 0.
`,
  );
  t.end();
});

t.test('leases are told by their number and the one that is held for longest', (t) => {
  const oldest = {
    id: 'a1',
    name: 'report 7',
    holder: 'worker-1',
    ttlSeconds: 30,
    since: '2024-01-01T12:00:00.000Z',
    expires: '2024-01-01T12:03:00.000Z',
  };
  const line = (leases: Status['leases']): string | undefined =>
    screen({ ...DRAINING, leases })
      .split('\n')
      .find((line) => line.startsWith('Leases'));
  t.equal(line({ held: 1, oldest }), 'Leases    report 7 by worker-1 (2m40s)');
  t.equal(
    line({ held: 1_000, oldest: { ...oldest, holder: null } }),
    'Leases    1,000, the oldest: report 7 (2m40s)',
  );
  const long = line({ held: 2, oldest: { ...oldest, name: 'x\x1b'.repeat(60) } });
  t.match(long, /^Leases {4}2, the oldest: x\u{FFFD}x.*…$/u);
  t.equal(long?.length, 80);
  t.equal(line({ held: 0, oldest: null }), undefined);
  t.end();
});

t.test('a drain tells what it waits for, since when and until when', (t) => {
  t.equal(
    screen(DRAINING),
    `tidegate 1.2.3 on Node v24.0.0, admin port 127.0.0.1:9180

Verdict   not safe to delete: 9,001 connections are still at work
Phase     draining: until work in progress has ended
          since 2024-01-01 12:00:30 UTC (2m10s)
Drain     since 2024-01-01 12:00:00 UTC (2m40s), the pod is terminating
Reason    preStop
Until     2024-01-01 12:30:00 UTC at the latest (29m30s left)
App       answers

KIND          ACTIVE      IDLE    OLDEST
http1              2        14      1m1s
sse                0         0         -
websocket      8,999         0      1d2h
http2              0         0         -
tls                0         0         -
tcp                0         0         -
total          9,001        14      1d2h

Requests in flight: 2. Arrivals so far: 18,233.
`,
  );
  t.end();
});

t.test('a drain that is over has no end ahead', (t) => {
  const lines = screen({ ...DRAINING, phase: 'drained', eta: null, app: { up: false } }).split(
    '\n',
  );
  t.same(lines.slice(3, 8), [
    'Phase     drained: nothing is left to wait for',
    '          since 2024-01-01 12:00:30 UTC (2m10s)',
    'Drain     since 2024-01-01 12:00:00 UTC (2m40s), the pod is terminating',
    'Reason    preStop',
    'App       does not answer',
  ]);
  t.end();
});

t.test('a deadline that has passed is told as over', (t) => {
  const drain = { ...DRAINING.drain, secondsLeft: 0 } as NonNullable<Status['drain']>;
  t.match(screen({ ...DRAINING, drain }), 'Until     2024-01-01 12:30:00 UTC at the latest (over)');
  t.end();
});

t.test('every phase is told in words', (t) => {
  const words = ['serving', 'settling', 'draining', 'closing', 'drained', 'ebbing'].map(
    (phase) => /Phase {5}(.*)/.exec(screen({ ...SERVING, phase } as Status))?.[1],
  );
  t.same(words, [
    'serving: no drain is going on',
    'settling: until load balancers stop sending; nothing is refused',
    'draining: until work in progress has ended',
    'closing: what remains is told to go; at the deadline it is cut',
    'drained: nothing is left to wait for',
    'ebbing',
  ]);
  t.end();
});

t.test('whatever is told, it fits a screen of 80 by 24 and moves no cursor', (t) => {
  const reason = `\x1b[2J${'because '.repeat(100)}\n\n\n`;
  const drain = { ...DRAINING.drain, reason } as NonNullable<Status['drain']>;
  const many = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [
      `kind${at}`,
      { active: 1e9, idle: 1e9, oldestSeconds: 1e9 },
    ]),
  );
  const text = screen({
    ...DRAINING,
    verdict: { ...DRAINING.verdict, active: 1e15, quietSince: DRAINING.since },
    drain,
    connections: { ...connections({}), byKind: many as Status['connections']['byKind'] },
  });
  const lines = text.split('\n');
  // The last one is where the cursor stands.
  t.equal(lines.length, 24);
  t.ok(lines.every((line) => [...line].length <= 80));
  t.match(text, 'Reason    �[2Jbecause because');
  t.equal(text.replaceAll('\n', '').search(/\p{Cc}/u), -1);
  t.end();
});

t.test('colour is put on the verdict alone, and only if asked for', (t) => {
  t.match(
    screen(SERVING, withColour),
    'Verdict   \x1b[32msafe to delete: nothing is at work\x1b[0m\n',
  );
  const draining = screen(DRAINING, withColour);
  t.match(draining, 'Verdict   \x1b[33mnot safe to delete: ');
  t.equal(draining.replaceAll(/\x1b\[\d+m/g, ''), screen(DRAINING));
  t.end();
});

t.test('a line tells the phase, the verdict and what is at work', (t) => {
  t.equal(
    statusLine(DRAINING),
    'draining  not safe to delete: 9,001 connections are still at work (2 http1, 8,999 websocket)',
  );
  t.equal(statusLine(SERVING), 'serving  safe to delete: nothing is at work');
  t.equal(verdictLine(SAFE), 'serving  safe to delete: nothing is at work');
  t.equal(
    verdictLine(DRAINING.verdict),
    'draining  not safe to delete: 9,001 connections are still at work',
  );
  t.end();
});
