/**
 * Writes that fail: told once for a cause, whoever shares it, and once when it is over.
 */
import t from 'tap';
import { type Attempt, Unwritten } from '../../src/controller/unwritten.js';
import { KubernetesError, missingRight, RefusedError } from '../../src/kubernetes/fault.js';
import { HandClock } from '../peers/clock.js';

const POLICY = new RefusedError('denied the request: no labels', 422, 'Invalid');
const PASSING = new RefusedError('calling a webhook has failed', 500, 'InternalError');

function mark(uid: string, namespace = 'web'): Attempt {
  return { action: 'mark', namespace, kind: 'Pod', name: `pod-${uid}`, uid };
}

function stage(): {
  clock: HandClock;
  unwritten: Unwritten;
  heard: string[];
  faults: unknown[];
  away: { is: boolean };
} {
  const clock = new HandClock();
  const heard: string[] = [];
  const faults: unknown[] = [];
  const away = { is: false };
  const unwritten = new Unwritten({
    clock,
    isAway: () => away.is,
    failed: ({ action, namespace, name }, reason) =>
      heard.push(`${action} ${namespace}/${name}: ${reason}`),
    works: ({ action, namespace }) => heard.push(`${action} ${namespace} works`),
    fault: (error) => faults.push(error),
  });
  return { clock, unwritten, heard, faults, away };
}

t.test('a cause is told once for all that share it, and once when all of them work', (t) => {
  const { unwritten, heard } = stage();
  for (const uid of ['a', 'b', 'a']) unwritten.failed(mark(uid), POLICY);
  t.same(heard.splice(0), ['mark web/pod-a: denied the request: no labels']);
  unwritten.failed({ ...mark('c'), action: 'event' }, POLICY);
  unwritten.failed(mark('d', 'shop'), POLICY);
  unwritten.failed(mark('a'), new RefusedError('exceeded quota', 403, 'Forbidden'));
  t.match(heard.splice(0), [/^event web/, /^mark shop/, /exceeded quota/]);
  unwritten.worked(mark('b'));
  unwritten.worked(mark('other'));
  unwritten.failed(mark('a'), POLICY);
  t.same(heard, [], 'one of them fails yet');
  unwritten.worked(mark('a'));
  t.same(heard.splice(0), ['mark web works', 'mark web works'], 'both causes');
  unwritten.failed(mark('b'), POLICY);
  t.same(heard, ['mark web/pod-b: denied the request: no labels'], 'and again');
  t.end();
});

t.test('what may be otherwise in a moment is told when it lasts', (t) => {
  const { clock, unwritten, heard, away } = stage();
  unwritten.failed(mark('a'), PASSING);
  clock.advance(10_000);
  unwritten.worked(mark('a'));
  unwritten.failed(mark('a'), PASSING);
  clock.advance(14_999);
  unwritten.failed(mark('b'), PASSING);
  t.same(heard, []);
  clock.advance(1);
  away.is = true;
  unwritten.failed(mark('b'), PASSING);
  t.same(heard, [], 'that the server is away is told already');
  away.is = false;
  unwritten.failed(mark('b'), PASSING);
  t.same(heard, ['mark web/pod-b: calling a webhook has failed']);
  t.end();
});

t.test('a missing right is told by the calls, and a bug as one', (t) => {
  const { unwritten, heard, faults } = stage();
  const said = 'pods is forbidden: User "jane" cannot patch resource';
  const words = missingRight('s', said, 'patch on pods') ?? '';
  unwritten.failed(mark('a'), new RefusedError(words, 403, 'Forbidden'));
  t.same([heard, faults], [[], []]);
  const bug = new TypeError('undefined is no function');
  unwritten.failed(mark('a'), bug);
  t.same([heard, faults], [[], [bug]]);
  t.end();
});

t.test('who leads no more, and what was not tried for an hour, is forgotten', (t) => {
  const { clock, unwritten, heard } = stage();
  const never = new KubernetesError('it is not done', false);
  unwritten.failed(mark('a'), never);
  clock.advance(1_800_000);
  unwritten.failed(mark('a'), never);
  t.equal(heard.length, 1);
  clock.advance(3_600_001);
  unwritten.failed(mark('a'), never);
  t.equal(heard.length, 2);
  unwritten.forget();
  unwritten.worked(mark('a'));
  t.equal(heard.length, 2, 'it is another one s by now');
  unwritten.failed(mark('a'), never);
  t.equal(heard.length, 3);
  t.end();
});
