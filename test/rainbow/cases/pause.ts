/** A colour, or its whole group, that nothing is to be taken from for now. */
import type { Reason } from '../../../src/rainbow/contract.js';
import {
  busy,
  colourOf,
  HOUR,
  MINUTE,
  NOW,
  podOf,
  podsOf,
  SAFE,
  serviceOf,
} from '../../peers/rainbow.js';
import { BLUE, type Case, green, LIVE_STATE, SELECTS_BLUE } from './case.js';

const PAUSED = { isPaused: true };
const BY_IT: Reason = { code: 'paused', by: 'Deployment web-green' };
const BY_SERVICE: Reason = { code: 'paused', by: 'Service web' };
const SERVICES = [serviceOf('web', ['blue'], PAUSED)];
const DRAINED = { drainedSinceMs: NOW - 3 * HOUR, lightlyUsedSinceMs: NOW - 3 * HOUR };
const AT_ZERO = { scaledToZeroMs: NOW - 50 * HOUR, replicas: 2 };
const [ASKED, OTHER] = [podOf('p0', { drain: 'true', isDrainOurs: true }), podOf('p1')].map(
  (pod) => ({ ...pod, answer: busy(3) }),
);

export const PAUSE: readonly Case[] = [
  {
    title: 'a colour that is paused is not scaled to zero',
    old: green(podsOf(SAFE), 3 * HOUR, DRAINED, PAUSED),
    reason: BY_IT,
  },
  {
    title: 'by force neither',
    old: green(podsOf(SAFE), 3 * HOUR, DRAINED, PAUSED),
    force: true,
    reason: BY_IT,
  },
  {
    title: 'a colour that is paused is not deleted',
    old: green([], 60 * HOUR, AT_ZERO, PAUSED),
    reason: BY_IT,
  },
  {
    title: 'a colour that is paused is not shrunk',
    old: green(podsOf(SAFE, busy(3)), 3 * HOUR, {}, PAUSED),
    policy: { lightlyUsed: 'off' },
    reason: BY_IT,
  },
  {
    title: 'of a colour that is paused no further pod is asked to drain, and none is recalled',
    old: green([ASKED, OTHER], 60 * HOUR, { drainAskedMs: NOW - HOUR }, PAUSED),
    policy: { lightlyUsed: 'off' },
    reason: BY_IT,
  },
  {
    title: 'a Service that is paused pauses its group',
    old: green(podsOf(SAFE), 3 * HOUR, DRAINED),
    services: SERVICES,
    reason: BY_SERVICE,
  },
  {
    title: 'also one that selects another colour than the live one pauses it',
    old: green(podsOf(SAFE), 3 * HOUR, DRAINED),
    services: [SELECTS_BLUE, serviceOf('beta', ['red'], PAUSED)],
    others: [colourOf('red', podsOf(SAFE), { state: LIVE_STATE })],
    reason: { code: 'paused', by: 'Service beta' },
  },
  {
    title: 'that all pods of a paused colour are safe is remembered: its time runs on',
    old: green(podsOf(SAFE), 3 * HOUR, {}, PAUSED),
    policy: { lightlyUsed: 'off' },
    reason: BY_IT,
    state: green(podsOf(SAFE), 3 * HOUR, { drainedSinceMs: NOW }).deployment.state,
  },
  {
    title: 'a paused colour that is selected again gets back what it had',
    old: green([ASKED], 60 * HOUR, { replicas: 4, drainAskedMs: NOW - HOUR }, PAUSED),
    services: [serviceOf('web', ['green'], PAUSED)],
    action: {
      kind: 'restore',
      replicas: 4,
      recall: [{ name: 'p0', uid: 'uid-p0' }],
      uncost: [],
    },
    reason: { code: 're-selected', services: ['web'] },
    state: { liveSinceMs: NOW, wasLive: true, peak: 100, samples: [] },
  },
  {
    title: 'a colour that is live is told to be so, paused or not',
    old: colourOf('green', podsOf(SAFE), { state: LIVE_STATE, ...PAUSED }),
    services: [serviceOf('web', ['green', BLUE.colour], PAUSED)],
    reason: { code: 'live', services: ['web'] },
  },
  {
    title: 'a colour beside a paused one is not paused',
    old: green(podsOf(SAFE), 3 * HOUR, { drainedSinceMs: NOW - MINUTE }),
    others: [colourOf('red', podsOf(SAFE), { state: LIVE_STATE, ...PAUSED })],
    policy: { lightlyUsed: 'off' },
    reason: { code: 'drained', untilMs: NOW + 9 * MINUTE },
  },
];
