/** Each pod that has not ended is counted once; what is held is what nobody needs any more. */
import t from 'tap';
import type { Looked, WatchedPod } from '../../src/controller/contract.js';
import { pilesOf } from '../../src/controller/piles.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { busy, SAFE, SILENT } from '../peers/rainbow.js';
import { watchedPod } from '../peers/watched-pods.js';

const DRAINED = { ...SAFE, phase: 'drained' } as PodAnswer;

interface One {
  readonly answer?: Looked['answer'];
  readonly isTerminating?: boolean;
  readonly hasEnded?: boolean;
  readonly isOld?: boolean;
}

function piles(...ones: readonly One[]): unknown {
  const pods = ones.map((one, at): WatchedPod => {
    const { isTerminating = false, hasEnded = false } = one;
    const uid = `u${at}`;
    const pod = watchedPod({ uid, isTerminating, memoryBytes: 2 ** at });
    return hasEnded ? { ...pod, pod: undefined } : pod;
  });
  const of = (uid: string): One => ones[Number(uid.slice(1))];
  return pilesOf({
    pods,
    lookedAt: (uid) => {
      const { answer } = of(uid);
      return answer === undefined ? undefined : { answer, atMs: 0 };
    },
    isOld: ({ uid }) => of(uid).isOld === true,
  });
}

const NONE = { pods: 0, memoryBytes: 0 };

t.test('a cluster without pods holds nothing', (t) => {
  const pods = { safe: 0, unsafe: 0, unknown: 0, terminating: 0 };
  t.same(piles(), { pods, held: { terminating: NONE, drained: NONE } });
  t.end();
});

t.test('pods are counted by what may be done with them, and those that ended are not', (t) => {
  const all = [
    { answer: SAFE },
    { answer: busy(3) },
    { answer: busy(3), isOld: true },
    { answer: SILENT },
    {},
    { answer: SAFE, isTerminating: true },
    { isTerminating: true },
    { answer: SAFE, hasEnded: true },
    { isTerminating: true, hasEnded: true },
  ];
  t.same(piles(...all), {
    pods: { safe: 1, unsafe: 2, unknown: 2, terminating: 2 },
    held: { terminating: { pods: 2, memoryBytes: 32 + 64 }, drained: NONE },
  });
  t.end();
});

t.test('what has drained, or is safe and of a colour that nobody needs any more, could go', (t) => {
  const all = [
    { answer: DRAINED },
    { answer: SAFE, isOld: true },
    { answer: SAFE },
    { answer: { ...busy(1), phase: 'drained' } as PodAnswer, isOld: true },
    { answer: SILENT, isOld: true },
    { isOld: true },
  ];
  t.match(piles(...all), {
    held: { terminating: NONE, drained: { pods: 3, memoryBytes: 1 + 2 + 8 } },
  });
  t.end();
});
