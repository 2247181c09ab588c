/**
 * The plan in words: every action, reason, answer and rival as one sentence, in singular and plural.
 */
import t from 'tap';
import type { Action, Fight, PodAnswer, Reason, Rival } from '../../src/rainbow/contract.js';
import {
  actionWords,
  answerWords,
  reasonWords,
  rivalWords,
  stepWords,
} from '../../src/rainbow/sentences.js';
import { busy, HOUR, MINUTE, NOW, SAFE, SILENT } from '../peers/rainbow.js';

const POD = { name: 'web-1', uid: 'u' };

const ACTIONS: readonly (readonly [Action, string])[] = [
  [{ kind: 'keep' }, 'keep'],
  [{ kind: 'restore', replicas: undefined, recall: [], uncost: [] }, 'restore'],
  [{ kind: 'restore', replicas: 1, recall: [], uncost: [] }, 'restore: 1 replica'],
  [
    { kind: 'restore', replicas: 4, recall: [POD], uncost: [POD, POD] },
    'restore: 4 replicas, 1 drain taken back and 2 deletion costs taken back',
  ],
  [{ kind: 'shrink', from: 1_200, to: 3, costs: [] }, 'shrink from 1,200 to 3 replicas'],
  [{ kind: 'drain', pods: [POD] }, 'ask web-1 to drain'],
  [{ kind: 'drain', pods: [POD, POD] }, 'ask 2 pods to drain'],
  [{ kind: 'zero', from: 3 }, 'scale to zero from 3'],
  [{ kind: 'delete' }, 'delete'],
];

for (const [action, words] of ACTIONS) {
  t.test(`${action.kind}: ${words}`, (t) => {
    t.equal(actionWords(action), words);
    t.end();
  });
}

const HPA: Rival = { kind: 'hpa', name: 'web', fights: ['shrink'] };

/** Each code at least once: the type says whether one is missing. */
const REASONS: {
  readonly [C in Reason['code']]: readonly (readonly [Reason & { code: C }, string])[];
} = {
  live: [
    [{ code: 'live', services: ['web'] }, 'Service web selects it'],
    [{ code: 'live', services: ['web', 'all'] }, 'Services web and all select it'],
  ],
  're-selected': [[{ code: 're-selected', services: ['web'] }, 'Service web selects it again']],
  routed: [
    [{ code: 'routed', services: ['web'] }, 'Service web still sends to it'],
    [{ code: 'routed', services: ['a', 'b', 'c'] }, 'Services a, b and c still send to it'],
  ],
  odd: [[{ code: 'odd', oddity: 'a and b are both green' }, 'a and b are both green']],
  'no-live-colour': [
    [
      { code: 'no-live-colour' },
      'no Service selects a colour of this group: nobody knows which ones are old',
    ],
  ],
  'live-not-ready': [
    [{ code: 'live-not-ready' }, 'no pod of a live colour is ready: nothing is taken away'],
  ],
  paused: [
    [
      { code: 'paused', by: 'Service web' },
      'Service web is annotated tidegate.dev/rainbow-pause: nothing is taken away',
    ],
  ],
  deleting: [[{ code: 'deleting' }, 'it is being deleted already']],
  'rolling-out': [[{ code: 'rolling-out' }, 'its rollout is not over']],
  'not-promoted': [
    [{ code: 'not-promoted' }, 'it has had no traffic yet: it waits to be promoted'],
  ],
  emptying: [[{ code: 'emptying' }, 'it is at zero: its last pods are ending']],
  'too-young': [
    [
      { code: 'too-young', untilMs: NOW + 48 * MINUTE },
      'it lost its traffic only just: nothing is done for another 48m',
    ],
  ],
  'passed-over': [
    [
      { code: 'passed-over', untilMs: NOW + HOUR },
      'it is not selected, and older than what is: nothing is done for another 1h',
    ],
  ],
  claimed: [
    [
      { code: 'claimed', untilMs: NOW + 59 * MINUTE },
      'a switch to it has begun: nothing is done for another 59m',
    ],
  ],
  'no-pods': [
    [
      { code: 'no-pods', wanted: 3 },
      '3 pods are wanted and none is there: the events of its ReplicaSet say why',
    ],
    [
      { code: 'no-pods', wanted: 1 },
      '1 pod is wanted and none is there: the events of its ReplicaSet say why',
    ],
  ],
  drained: [
    [{ code: 'drained', untilMs: NOW + 1 }, 'all its pods are safe: to zero in 1s if they stay so'],
  ],
  'at-zero': [
    [{ code: 'at-zero', untilMs: NOW + 23.5 * HOUR }, 'it is at zero: deleted in 23h30m'],
  ],
  kept: [[{ code: 'kept', place: 1, of: 2 }, 'it is kept to go back to, 1 of 2']],
  rival: [
    [
      { code: 'rival', rival: HPA, fight: 'shrink' },
      'HorizontalPodAutoscaler web would undo fewer replicas: delete it, or wait for zero, where it stands still',
    ],
  ],
  'not-safe': [
    [
      { code: 'not-safe', pods: 3, of: 5, first: { pod: 'web-1', answer: busy(4) } },
      '3 of 5 pods are not safe: web-1 has 4 connections at work',
    ],
    [
      { code: 'not-safe', pods: 1, of: 1, first: { pod: 'web-1', answer: SILENT } },
      '1 of 1 pod is not safe: web-1 does not answer within 5s',
    ],
  ],
  draining: [
    [{ code: 'draining', pods: 1, of: 20 }, '1 of 20 pods drains'],
    [{ code: 'draining', pods: 2, of: 20 }, '2 of 20 pods drain'],
  ],
  unheeded: [
    [
      { code: 'unheeded', pods: 1, of: 3 },
      '1 of 3 pods was asked to drain and does not: podInfoDir tells a pod of its annotations',
    ],
    [
      { code: 'unheeded', pods: 3, of: 3 },
      '3 of 3 pods were asked to drain and do not: podInfoDir tells a pod of its annotations',
    ],
  ],
  'last-ready-pod': [
    [
      { code: 'last-ready-pod', pod: 'web-1', service: 'old' },
      'web-1 is the last ready pod of Service old: --force drains it',
    ],
  ],
  'idle-pods': [[{ code: 'idle-pods', pods: 2, of: 5 }, '2 of 5 pods are idle']],
  'drained-long-enough': [
    [
      { code: 'drained-long-enough', sinceMs: NOW - 12 * MINUTE },
      'all its pods have been safe for 12m',
    ],
  ],
  'zero-long-enough': [
    [{ code: 'zero-long-enough', sinceMs: NOW - 25 * HOUR }, 'it has been at zero for 1d1h'],
  ],
  'too-old': [[{ code: 'too-old', sinceMs: NOW - 49 * HOUR }, 'it has had no traffic for 2d1h']],
  'lightly-used': [
    [
      { code: 'lightly-used', sinceMs: NOW - 31 * MINUTE, active: 1, peak: 1_200 },
      'it has hardly been used for 31m: 1 at work, 1,200 at its peak',
    ],
  ],
};

for (const [reason, words] of Object.values(REASONS).flat()) {
  t.test(`${reason.code}: ${words}`, (t) => {
    t.equal(reasonWords(reason, NOW), words);
    t.end();
  });
}

const no = (reason: 'active' | 'leases' | 'settling' | 'starting' | 'not-quiet'): PodAnswer =>
  ({
    ...busy(1, 1),
    reason,
  }) as PodAnswer;

const ANSWERS: readonly (readonly [PodAnswer, string])[] = [
  [SAFE, 'is safe to delete'],
  [SILENT, 'does not answer within 5s'],
  [no('active'), 'has 1 connection at work'],
  [no('leases'), 'has 1 lease held by its app'],
  [no('settling'), 'may still be sent new work'],
  [no('starting'), 'has an app that has not answered yet'],
  [no('not-quiet'), 'has not been quiet for long enough'],
  [{ ...SAFE, safe: false } as PodAnswer, 'was not safe a moment ago'],
  [{ ...SAFE, safe: false, reason: 'later' } as unknown as PodAnswer, 'says: later'],
];

for (const [answer, words] of ANSWERS) {
  t.test(`a pod ${words}`, (t) => {
    t.equal(answerWords(answer), words);
    t.end();
  });
}

const RIVALS: readonly (readonly [Rival['kind'], Fight, RegExp])[] = [
  ['hpa', 'shrink', /^HorizontalPodAutoscaler web would undo fewer replicas: delete it, or wait/],
  ['keda', 'zero', /^KEDA's ScaledObject web would undo a scale to zero: delete it, or annotate/],
  ['argo-rollouts', 'delete', /^Argo Rollouts' Rollout web would undo a delete: have it done/],
  ['argo-cd', 'delete', /^Argo CD's application web would undo a delete: change it in its source/],
  ['flux', 'select', /^Flux's web would undo another selector: change it in its source/],
  ['owner', 'zero', /^its owner web would undo a scale to zero: have it done there/],
];

for (const [kind, fight, words] of RIVALS) {
  t.test(`${kind} fights ${fight}, and it is said what to do`, (t) => {
    t.match(rivalWords({ kind, name: 'web', fights: [fight] }, fight), words);
    t.end();
  });
}

t.test('a step is one line', (t) => {
  const reason: Reason = { code: 'drained-long-enough', sinceMs: NOW - 12 * MINUTE };
  const action: Action = { kind: 'zero', from: 3 };
  const step = { colour: 'green', deployment: 'web-green', action, reason, state: undefined };
  t.equal(
    stepWords(step, NOW),
    'web-green: scale to zero from 3: all its pods have been safe for 12m',
  );
  t.end();
});
