/**
 * What becomes a line of what the parts tell: nothing beside its own cause, and each thing once.
 */
import t from 'tap';
import { Notices } from '../../src/controller/notices.js';
import { createControllerJournal } from '../../src/journal/controller.js';
import { KubernetesError, RefusedError, UnreadableError } from '../../src/kubernetes/fault.js';
import { unknown } from '../../src/rainbow/answers.js';
import { HandClock } from '../peers/clock.js';
import { watchedPod } from '../peers/watched-pods.js';

type Line = Readonly<Record<string, unknown>>;

function stage(): { notices: Notices; clock: HandClock; lines: () => Line[] } {
  const clock = new HandClock();
  const texts: string[] = [];
  const journal = createControllerJournal('info', { write: (text) => void texts.push(text) });
  const calls = { isAway: false, hasTold: () => false };
  const of = { clock, journal, lookEveryMs: 20_000, calls: () => calls, hurry: () => undefined };
  const lines = (): Line[] => texts.splice(0).map((text) => JSON.parse(text) as Line);
  return { notices: new Notices(of), clock, lines };
}

const POD = watchedPod({ namespace: 'web', name: 'a', uid: 'u' });
const DENIED = new RefusedError('denied the request', 422, 'Invalid');

t.test('a mark or an Event that cannot be written says why, and when it can', (t) => {
  const { notices, lines } = stage();
  notices.marked({ pod: POD, result: 'failed', error: DENIED });
  notices.marked({ pod: POD, result: 'stopped', error: DENIED });
  notices.marked({ pod: POD, result: 'failed', error: DENIED });
  const about = { namespace: 'web', kind: 'Pod', name: 'a' };
  const words = { ...about, reason: 'denied the request', msg: 'what is due cannot be written' };
  t.match(lines(), [{ level: 'warn', action: 'mark', ...words }]);
  const regarding = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name: 'd' };
  const occurrence = { regarding: { ...regarding, uid: 'd' }, type: 'Normal' as const };
  const told = { ...occurrence, reason: 'Drained', message: 'm', key: 'k' };
  notices.told(told, DENIED);
  t.match(lines(), [{ action: 'event', kind: 'Deployment', name: 'd' }]);
  notices.marked({ pod: POD, result: 'done' });
  notices.told(told, undefined);
  const written = { level: 'info', namespace: 'web', msg: 'what was due could be written' };
  t.match(lines(), [
    { action: 'mark', ...written },
    { action: 'event', ...written },
  ]);
  notices.marked({ pod: POD, result: 'failed', error: DENIED });
  notices.follows();
  notices.marked({ pod: POD, result: 'failed', error: DENIED });
  t.equal(lines().length, 2, 'each time that it leads');
  t.end();
});

t.test('pods that do not answer are told of, if that nobody is asked is not', (t) => {
  const { notices, clock, lines } = stage();
  const answer = unknown('unreachable', 'is not asked');
  const rounds = (): void => {
    for (let round = 0; round < 5; round++) {
      notices.looked(POD, { answer, atMs: clock.now() });
      clock.advance(20_000);
    }
  };
  notices.askable('web', new KubernetesError('refused'));
  rounds();
  t.match(lines(), [{ msg: 'pods cannot be asked', reason: 'refused' }]);
  notices.askable('web', undefined);
  rounds();
  const msg = 'most pods do not answer: they are taken for not safe';
  const reason = 'pod a is not asked';
  t.match(lines(), [
    { msg: 'pods can be asked again' },
    { level: 'warn', namespace: 'web', pods: 1, reason, msg },
  ]);
  const safe = { known: true, safe: true } as never;
  notices.looked(POD, { answer: safe, atMs: clock.now() });
  t.match(lines(), [{ level: 'info', namespace: 'web', msg: 'most pods answer again' }]);
  t.end();
});

t.test('an object that cannot be read is told once, a bug as one, a call not at all', (t) => {
  const { notices, lines } = stage();
  for (const name of ['a', 'a', 'b']) {
    notices.fault(new UnreadableError(`pods web/${name}`, 'it has no uid'));
  }
  const msg = 'an object cannot be read, and is left out';
  t.match(lines(), [
    { level: 'warn', name: 'pods web/a', reason: 'it has no uid', msg },
    { name: 'pods web/b' },
  ]);
  notices.fault(DENIED);
  t.same(lines(), []);
  notices.fault(new TypeError('a bug'));
  t.match(lines(), [{ level: 'error', err: { message: 'a bug' } }]);
  notices.leaseFailed(DENIED);
  t.match(lines(), [{ msg: 'the Lease can be neither read nor written' }]);
  t.end();
});
