/** A colour that is still used: its idle pods go, if they are those that would be removed. */
import type { PodFacts } from '../../../src/rainbow/contract.js';
import { IDLE_COST } from '../../../src/rainbow/removal-order.js';
import { busy, HOUR, podOf, podsOf, SAFE, SILENT } from '../../peers/rainbow.js';
import { type Case, green, rival } from './case.js';

const LONG = 3 * HOUR;
const BUSY = busy(200);
const cost = (name: string, is = IDLE_COST): { name: string; uid: string; cost: number } => ({
  name,
  uid: `uid-${name}`,
  cost: is,
});
const shrunk = (pods: readonly PodFacts[], replicas: number): Case['state'] => ({
  ...green(pods, LONG, { peak: 5_000 }).deployment.state,
  replicas,
});
const old = (pods: readonly PodFacts[], given = {}): Case['old'] =>
  green(pods, LONG, { peak: 5_000 }, given);
const notSafe = (pods: number, of: number, pod: string, answer = BUSY): Case['reason'] => ({
  code: 'not-safe',
  pods,
  of,
  first: { pod, answer },
});

const MIXED = podsOf(SAFE, BUSY, SAFE);
const COSTED = [podOf('p0', { answer: BUSY, deletionCost: IDLE_COST }), podOf('p1')];
const NOT_READY = [podOf('p0'), podOf('p1', { answer: BUSY, isReady: false })];

export const SHRINK: readonly Case[] = [
  {
    title: 'idle pods go first, by their cost',
    old: old(MIXED),
    action: { kind: 'shrink', from: 3, to: 1, costs: [cost('p0'), cost('p2')] },
    reason: { code: 'idle-pods', pods: 2, of: 3 },
    state: shrunk(MIXED, 3),
  },
  {
    title: 'whoever has the cost already is not given it again, and who is busy loses it',
    old: old([...COSTED, podOf('p2', { deletionCost: IDLE_COST })]),
    action: { kind: 'shrink', from: 3, to: 1, costs: [cost('p0', 0), cost('p1')] },
    reason: { code: 'idle-pods', pods: 2, of: 3 },
    state: shrunk(COSTED, 3),
  },
  {
    title: 'a cost that others gave a busy pod stays',
    old: old([podOf('p0', { answer: BUSY, deletionCost: -1_000 }), podOf('p1')]),
    action: { kind: 'shrink', from: 2, to: 1, costs: [cost('p1')] },
    reason: { code: 'idle-pods', pods: 1, of: 2 },
    state: shrunk(podsOf(BUSY, SAFE), 2),
  },
  {
    title: 'a busy pod with less than the least cost stands in front',
    old: old([podOf('p0', { answer: BUSY, deletionCost: IDLE_COST - 1 }), podOf('p1')]),
    reason: notSafe(1, 2, 'p0'),
  },
  {
    title: 'a busy pod that is not ready would go first: nothing is done',
    old: old(NOT_READY),
    reason: notSafe(1, 2, 'p1'),
  },
  {
    title: 'an idle pod that is not ready goes before a busy one that is not',
    old: old([podOf('p0', { isReady: false }), ...NOT_READY.slice(1), podOf('p2')]),
    action: { kind: 'shrink', from: 3, to: 2, costs: [cost('p0'), cost('p2')] },
    reason: { code: 'idle-pods', pods: 1, of: 3 },
    state: shrunk(MIXED, 3),
  },
  {
    title: 'a pod that is pending and silent would go first: nothing is done',
    old: old([podOf('p0'), podOf('p1', { answer: SILENT, phase: 'Pending' })]),
    reason: { code: 'not-safe', pods: 1, of: 2, first: { pod: 'p1', answer: SILENT } },
  },
  {
    title: 'a pod that never started goes first',
    old: old([
      podOf('p0', { answer: BUSY }),
      podOf('p1', { answer: SILENT, phase: 'Pending', neverStarted: true, node: undefined }),
    ]),
    action: { kind: 'shrink', from: 2, to: 1, costs: [cost('p1')] },
    reason: { code: 'idle-pods', pods: 1, of: 2 },
    state: shrunk(podsOf(BUSY, SAFE), 2),
  },
  {
    title: 'a pod without a node would go first: nothing is done',
    old: old([podOf('p0', { phase: 'Pending' }), podOf('p1', { answer: SILENT, node: undefined })]),
    reason: { code: 'not-safe', pods: 1, of: 2, first: { pod: 'p1', answer: SILENT } },
  },
  {
    title: 'a pod whose phase is unknown stands behind a pending one',
    old: old([
      podOf('p0', { phase: 'Pending' }),
      podOf('p1', { answer: SILENT, phase: 'Unknown' }),
      podOf('p2'),
    ]),
    action: { kind: 'shrink', from: 3, to: 2, costs: [cost('p0'), cost('p2')] },
    reason: { code: 'idle-pods', pods: 1, of: 3 },
    state: shrunk(podsOf(SAFE), 3),
  },
  {
    title: 'one stays, although all that could go are idle',
    old: old([...podsOf(SAFE, SAFE), podOf('p2', { isTerminating: true, answer: BUSY })], {
      replicas: 2,
    }),
    action: { kind: 'shrink', from: 2, to: 1, costs: [cost('p0'), cost('p1')] },
    reason: { code: 'idle-pods', pods: 1, of: 2 },
    state: shrunk(MIXED, 2),
  },
  {
    title: 'the last one stays',
    old: old([podOf('p0'), podOf('p1', { isTerminating: true, answer: BUSY })], { replicas: 1 }),
    reason: notSafe(1, 2, 'p1'),
  },
  {
    title: 'what somebody else made does not go with the others',
    old: old([podOf('p0', { isOwned: false }), podOf('p1', { answer: BUSY })], { replicas: 1 }),
    reason: notSafe(1, 2, 'p1'),
  },
  {
    title: 'what somebody else made does not count as idle',
    old: old(
      [
        ...['p0', 'p1'].map((name) => podOf(name, { isOwned: false })),
        ...['p2', 'p3'].map((name) => podOf(name, { answer: BUSY })),
      ],
      { replicas: 2 },
    ),
    reason: notSafe(2, 4, 'p2'),
  },
  {
    title: 'where more pods are than are wanted the controller is left to it',
    old: old(podsOf(BUSY, SAFE, BUSY), { replicas: 2 }),
    reason: notSafe(2, 3, 'p0'),
  },
  {
    title: 'where fewer pods are than are wanted it is counted from those that are',
    old: old(MIXED, { replicas: 5 }),
    action: { kind: 'shrink', from: 5, to: 1, costs: [cost('p0'), cost('p2')] },
    reason: { code: 'idle-pods', pods: 2, of: 3 },
    state: shrunk(MIXED, 5),
  },
  {
    title: 'an autoscaler would undo it',
    old: old(MIXED, { rivals: [rival('hpa', 'shrink')] }),
    reason: { code: 'rival', rival: rival('hpa', 'shrink'), fight: 'shrink' },
  },
  {
    title: 'an autoscaler is no reason while nobody is idle',
    old: old(podsOf(BUSY, BUSY), { rivals: [rival('hpa', 'shrink')] }),
    reason: notSafe(2, 2, 'p0'),
  },
  {
    title: 'where some drain and others are idle, the idle ones go',
    old: old([podOf('p0', { answer: BUSY, drain: 'true' }), podOf('p1')]),
    action: { kind: 'shrink', from: 2, to: 1, costs: [cost('p1')] },
    reason: { code: 'idle-pods', pods: 1, of: 2 },
    state: shrunk(podsOf(BUSY, SAFE), 2),
  },
];
