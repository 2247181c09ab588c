/**
 * The log: which line each sentence is, and that what would repeat is said once.
 */
import t from 'tap';
import type { LogLevel } from '../src/config.js';
import { ListenError } from '../src/errors.js';
import { createJournal, type Journal } from '../src/journal.js';

type Line = Readonly<Record<string, unknown>>;

/** A journal, and the lines it has written so far, without their time. */
function writtenBy(level: LogLevel = 'debug'): [Journal, () => Line[]] {
  const texts: string[] = [];
  const journal = createJournal(level, { write: (text) => void texts.push(text) });
  return [journal, () => texts.map(withoutTime)];
}

function withoutTime(text: string): Line {
  const { time, ...line } = JSON.parse(text) as { time: string };
  t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.equal(text.indexOf('\n'), text.length - 1);
  return line;
}

t.test('a line has its level as a word, its fields and its sentence, and nothing else', (t) => {
  const [journal, lines] = writtenBy();
  journal.listening({
    listen: { port: 8080 },
    admin: { host: '::1', port: 9180 },
    app: { host: 'app', port: 3000 },
  });
  t.same(lines(), [
    { level: 'info', listen: '8080', admin: '[::1]:9180', app: 'app:3000', msg: 'listening' },
  ]);
  t.end();
});

t.test('a setting and a port that cannot be used are named with their value', (t) => {
  const [journal, lines] = writtenBy();
  journal.settingRefused({ key: '--app', value: 'x', reason: 'is no address' });
  journal.portRefused(new ListenError('listen', '80', new Error('permission denied')));
  const [setting, port] = lines();
  t.same(setting, {
    level: 'error',
    key: '--app',
    value: 'x',
    reason: 'is no address',
    msg: 'a setting cannot be used',
  });
  t.match(port, { level: 'error', key: 'listen', value: '80', msg: 'a port cannot be opened' });
  t.match(port, { err: { message: 'permission denied' } });
  t.end();
});

const REPORT = {
  reason: 'SIGTERM',
  ended: 'finished',
  tookMs: 12.6,
  activeAtStart: 3,
  activeAtEnd: 0,
  leasesAtEnd: 0,
  finished: 4,
  farewell: 2,
  cut: 0,
};

t.test('a drain is told at its beginning and at its end', (t) => {
  const [journal, lines] = writtenBy();
  journal.draining({ reason: 'SIGTERM', active: 3, deadlineMs: 22_000 });
  journal.drained(REPORT);
  t.same(lines(), [
    {
      level: 'info',
      reason: 'SIGTERM',
      active: 3,
      deadlineMs: 22_000,
      msg: 'draining: what is in use may finish until the deadline',
    },
    { level: 'info', ...REPORT, tookMs: 13, msg: 'drained: nothing in use is left' },
  ]);
  t.end();
});

t.test('what late requests end once more is told for debugging only', (t) => {
  const levels = (level: 'info' | 'debug'): unknown[] => {
    const [journal, lines] = writtenBy(level);
    const drain = { reason: 'SIGTERM', active: 3, deadlineMs: 22_000 };
    journal.draining(drain);
    for (let times = 0; times < 3; times++) journal.drained(REPORT);
    journal.drained({ ...REPORT, cut: 1 });
    journal.recalled();
    journal.draining(drain);
    journal.drained(REPORT);
    return lines().map((line) => line['level']);
  };
  t.same(levels('info'), ['info', 'info', 'warn', 'info', 'info', 'info']);
  t.same(levels('debug').slice(0, 5), ['info', 'info', 'debug', 'debug', 'warn']);
  t.end();
});

t.test('a drain that had to cut something is a warning', (t) => {
  const [journal, lines] = writtenBy();
  journal.drained({ ...REPORT, ended: 'deadline', activeAtEnd: 2, cut: 2 });
  t.match(lines(), [
    { level: 'warn', activeAtEnd: 2, cut: 2, msg: 'drained: what was still in use was cut' },
  ]);
  t.end();
});

t.test('a cut is warned of once, unless more is cut', (t) => {
  const [journal, lines] = writtenBy('info');
  for (const cut of [2, 2, 2, 3, 3]) journal.drained({ ...REPORT, cut });
  t.same(
    lines().map((line) => [line['level'], line['cut']]),
    [
      ['warn', 2],
      ['warn', 3],
    ],
  );
  t.end();
});

t.test('a drain that ended leases is a warning, too', (t) => {
  const [journal, lines] = writtenBy();
  journal.drained({ ...REPORT, ended: 'deadline', leasesAtEnd: 1 });
  t.match(lines(), [
    { level: 'warn', leasesAtEnd: 1, cut: 0, msg: 'drained: what was still in use was cut' },
  ]);
  t.end();
});

t.test('a lease that has expired is told by its name and holder, many by their number', (t) => {
  const [journal, lines] = writtenBy();
  journal.leaseExpired({ name: 'job 7', holder: 'worker-1' });
  journal.leaseExpired({ name: 'job 8' });
  journal.moreLeasesExpired(40);
  const msg = 'a lease has expired: it was neither renewed nor let go';
  t.same(lines(), [
    { level: 'warn', lease: 'job 7', holder: 'worker-1', msg },
    { level: 'warn', lease: 'job 8', msg },
    { level: 'warn', expired: 40, msg: 'further leases have expired' },
  ]);
  t.end();
});

t.test('a drain that is taken back is told', (t) => {
  const [journal, lines] = writtenBy();
  journal.recalled();
  t.same(lines(), [{ level: 'info', msg: 'the drain is taken back' }]);
  t.end();
});

t.test('what is odd about the annotation is told with its value, or what there is of it', (t) => {
  const [journal, lines] = writtenBy();
  journal.annotationUnknown('tidegate.dev/drain', 'x'.repeat(1_000));
  journal.annotationTooLate('tidegate.dev/drain', 'too-late');
  const error: NodeJS.ErrnoException = new Error('no');
  error.code = 'EACCES';
  journal.podInfoUnreadable(error);
  journal.podInfoUnreadable(error);
  const key = 'tidegate.dev/drain';
  t.same(lines(), [
    {
      level: 'warn',
      key,
      value: 'x'.repeat(100),
      msg: 'the annotation is not understood: true, keep and false are',
    },
    {
      level: 'warn',
      key,
      reason: 'too-late',
      msg: 'the annotation is gone, but its drain cannot be taken back',
    },
    { level: 'warn', reason: 'EACCES', msg: 'annotations cannot be read' },
  ]);
  t.end();
});

t.test('an app that cannot be reached is told once, until it has been reached again', (t) => {
  const [journal, lines] = writtenBy();
  journal.appReached();
  journal.appUnreachable('ECONNREFUSED');
  journal.appUnreachable('ETIMEDOUT');
  journal.appReached();
  journal.appReached();
  journal.appUnreachable('ETIMEDOUT');
  t.match(lines(), [
    { level: 'warn', reason: 'ECONNREFUSED', msg: 'the app cannot be reached; clients wait' },
    { level: 'info', msg: 'the app can be reached again' },
    { level: 'warn', reason: 'ETIMEDOUT' },
  ]);
  t.equal(lines().length, 3);
  t.end();
});

t.test('TLS is told once', (t) => {
  const [journal, lines] = writtenBy();
  journal.tlsCarried();
  journal.tlsCarried();
  t.equal(lines().length, 1);
  t.match(lines()[0], { level: 'info', msg: /^TLS is carried unread/ });
  t.end();
});

t.test('a connection that cannot be taken is told once', (t) => {
  const [journal, lines] = writtenBy();
  journal.acceptFailed(Object.assign(new Error('too many open files'), { code: 'EMFILE' }));
  journal.acceptFailed(new Error('again'));
  t.equal(lines().length, 1);
  t.match(lines()[0], { level: 'error', reason: 'EMFILE' });
  const [other, told] = writtenBy();
  other.acceptFailed(new Error('no reason given'));
  t.match(told()[0], { reason: 'no reason given' });
  t.end();
});

t.test('a connection that is no longer followed is told at debug only', (t) => {
  const [journal, lines] = writtenBy('info');
  journal.gaveUp('request-syntax');
  t.same(lines(), []);
  const [talkative, told] = writtenBy('debug');
  talkative.gaveUp('request-syntax');
  t.match(told(), [{ level: 'debug', reason: 'request-syntax' }]);
  t.end();
});

t.test('a fault of tidegate is told with its stack, but not without end', (t) => {
  const [journal, lines] = writtenBy();
  const error = new Error('a bug');
  for (let count = 0; count < 1000; count++) journal.fault(error);
  const told = lines();
  t.match(told[0], { level: 'error', err: { message: 'a bug', stack: /journal\.test/ } });
  t.equal(told.length, 101);
  t.match(told[100], { level: 'error', msg: 'further faults are not logged' });
  t.end();
});

t.test('nothing is told below the level', (t) => {
  const [journal, lines] = writtenBy('silent');
  journal.fault(new Error('a bug'));
  journal.draining({ reason: 'SIGTERM', active: 0, deadlineMs: 1 });
  t.same(lines(), []);
  t.end();
});
