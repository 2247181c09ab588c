/**
 * What is made of a status line: which answers count, and that whatever cannot be understood is
 * never safe.
 */
import t from 'tap';
import { both, ofPod, readAnswer, unknown } from '../../src/rainbow/answers.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { busy, quiet } from '../peers/rainbow-stage.js';

function read(body: unknown, status = 200): PodAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readAnswer({ status, body: text, atMs: undefined });
}

t.test('a status is read as what it says', (t) => {
  t.same(read(quiet()), {
    ...{ known: true, safe: true, reason: undefined, phase: 'serving' },
    ...{ active: 0, idle: 0, leases: 0, oldestSeconds: null },
  });
  t.match(read(busy(3)), { safe: false, reason: 'active', active: 3, oldestSeconds: 60 });
  t.match(read(quiet({ safe: false, reason: 'leases', leases: 2 })), { known: true, leases: 2 });
  t.match(read({ ...quiet(), invented: { later: true } }), { known: true, safe: true });
  t.end();
});

t.test('the oldest of all kinds is the oldest', (t) => {
  const kind = (oldestSeconds: number | null): object => ({ active: 1, idle: 1, oldestSeconds });
  const byKind = { http1: kind(5), websocket: kind(7_200), tcp: kind(null) };
  const connections = { total: 6, active: 3, idle: 3, byKind };
  const status = quiet({ safe: false, reason: 'active', active: 3 }, { connections });
  t.match(read(status), { oldestSeconds: 7_200, idle: 3 });
  t.end();
});

t.test('what is in no known form is no answer', (t) => {
  const { verdict, ...without } = quiet();
  const wrong: readonly (readonly [unknown, number?])[] = [
    [''],
    ['<html>'],
    ['null'],
    ['[]'],
    [without],
    [verdict],
    [{ ...quiet(), connections: { total: 0, active: 0, idle: 0 } }],
    [quiet({ safe: 'yes' as unknown as boolean })],
    [quiet({ safe: false, active: -1 })],
    [quiet({ safe: false, active: 0.5 })],
    [quiet(), 404],
    [quiet(), 503],
    [quiet(), 204],
  ];
  for (const [body, status] of wrong) {
    const answer = read(body, status);
    t.match(answer, { known: false, reason: 'unparsable' }, JSON.stringify([body, status]));
  }
  t.end();
});

t.test('who says that it is safe and is at work says nothing', (t) => {
  const connections = { total: 1, active: 1, idle: 0, byKind: {} };
  const lease = { held: 1, oldest: null };
  const wrong = [
    quiet({ active: 1 }),
    quiet({ leases: 1 }),
    quiet({ phase: 'settling' }, { phase: 'settling' }),
    quiet({}, { connections }),
    quiet({}, { leases: lease }),
  ];
  for (const status of wrong) t.match(read(status), { known: false, reason: 'unparsable' });
  t.end();
});

t.test('a pod that is not ready has to have a reason for it', (t) => {
  const serving = read(quiet());
  const drained = read(quiet({ phase: 'drained' }, { phase: 'drained' }));
  t.match(ofPod(serving, false), { known: false, reason: 'unready' });
  t.equal(ofPod(serving, true), serving);
  t.equal(ofPod(drained, false), drained);
  const starting = read(quiet({ safe: false, reason: 'starting' }));
  t.equal(ofPod(starting, false), starting);
  const late = unknown('unreachable', 'does not answer');
  t.equal(ofPod(late, false), late);
  t.end();
});

t.test('safe is who says so each time', (t) => {
  const [yes, no, late] = [read(quiet()), read(busy(1)), unknown('unreachable', 'is gone')];
  t.match(both(yes, yes), { safe: true });
  t.match(both(yes, no), { safe: false, reason: 'active', active: 1 });
  t.match(both(no, yes), { safe: false });
  t.equal(both(yes, late), late);
  t.equal(both(late, yes), late);
  t.end();
});
