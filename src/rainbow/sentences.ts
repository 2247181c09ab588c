/**
 * What a plan says, in words for people: each action and each reason in one place. Pure. Names in
 * it are as the cluster has them: whoever prints them makes sure that they do no harm.
 */
import { PAUSE_ANNOTATION } from '../kubernetes/keys.js';
import { count, span } from '../settings/amounts.js';
import type { Action, Fight, PodAnswer, Reason, Rival, Step } from './contract.js';
import { listed } from './refusal.js';

/** `web-green: scale to zero from 3: all its pods have been safe for 12m`. */
export function stepWords({ deployment, action, reason }: Step, nowMs: number): string {
  return `${deployment}: ${actionWords(action)}: ${reasonWords(reason, nowMs)}`;
}

export function actionWords(action: Action): string {
  switch (action.kind) {
    case 'keep':
      return 'keep';
    case 'restore':
      return restoreWords(action);
    case 'shrink':
      return `shrink from ${count(action.from)} to ${counted(action.to, 'replica')}`;
    case 'drain':
      return action.pods.length === 1
        ? `ask ${action.pods[0].name} to drain`
        : `ask ${counted(action.pods.length, 'pod')} to drain`;
    case 'zero':
      return `scale to zero from ${count(action.from)}`;
    case 'delete':
      return 'delete';
  }
}

function restoreWords({ replicas, recall, uncost }: Action & { readonly kind: 'restore' }): string {
  const parts = [
    ...(replicas === undefined ? [] : [counted(replicas, 'replica')]),
    ...(recall.length === 0 ? [] : [`${counted(recall.length, 'drain')} taken back`]),
    ...(uncost.length === 0 ? [] : [`${counted(uncost.length, 'deletion cost')} taken back`]),
  ];
  return parts.length === 0 ? 'restore' : `restore: ${listed(parts)}`;
}

/** Why, about `it`, the colour. */
export function reasonWords(reason: Reason, nowMs: number): string {
  // Each code has the words of its own reason.
  const words = REASON_WORDS[reason.code] as (reason: Reason, nowMs: number) => string;
  return words(reason, nowMs);
}

type ReasonWords = {
  readonly [C in Reason['code']]: (reason: Reason & { readonly code: C }, nowMs: number) => string;
};

const REASON_WORDS: ReasonWords = {
  live: ({ services }) => `${selected(services)} it`,
  're-selected': ({ services }) => `${selected(services)} it again`,
  routed: ({ services }) => `${servicesWords(services)} still ${verb(services, 'send')} to it`,
  odd: ({ oddity }) => oddity,
  'no-live-colour': () =>
    'no Service selects a colour of this group: nobody knows which ones are old',
  'live-not-ready': () => 'no pod of a live colour is ready: nothing is taken away',
  paused: ({ by }) => `${by} is annotated ${PAUSE_ANNOTATION}: nothing is taken away`,
  deleting: () => 'it is being deleted already',
  'rolling-out': () => 'its rollout is not over',
  'not-promoted': () => 'it has had no traffic yet: it waits to be promoted',
  emptying: () => 'it is at zero: its last pods are ending',
  'too-young': ({ untilMs }, nowMs) =>
    `it lost its traffic only just: nothing is done for another ${left(untilMs, nowMs)}`,
  'passed-over': ({ untilMs }, nowMs) =>
    'it is not selected, and older than what is:' +
    ` nothing is done for another ${left(untilMs, nowMs)}`,
  claimed: ({ untilMs }, nowMs) =>
    `a switch to it has begun: nothing is done for another ${left(untilMs, nowMs)}`,
  'no-pods': ({ wanted }) =>
    `${counted(wanted, 'pod')} ${wanted === 1 ? 'is' : 'are'} wanted and none is there:` +
    ' the events of its ReplicaSet say why',
  drained: ({ untilMs }, nowMs) =>
    `all its pods are safe: to zero in ${left(untilMs, nowMs)} if they stay so`,
  'at-zero': ({ untilMs }, nowMs) => `it is at zero: deleted in ${left(untilMs, nowMs)}`,
  kept: ({ place, of }) => `it is kept to go back to, ${count(place)} of ${count(of)}`,
  rival: ({ rival, fight }) => rivalWords(rival, fight),
  'not-safe': ({ pods, of, first }) =>
    `${ofPods(pods, of, 'is', 'are')} not safe: ${first.pod} ${answerWords(first.answer)}`,
  draining: ({ pods, of }) => ofPods(pods, of, 'drains', 'drain'),
  unheeded: ({ pods, of }) =>
    `${ofPods(pods, of, 'was', 'were')} asked to drain and ${pods === 1 ? 'does' : 'do'} not:` +
    ' podInfoDir tells a pod of its annotations',
  'last-ready-pod': ({ pod, service }) =>
    `${pod} is the last ready pod of Service ${service}: --force drains it`,
  'idle-pods': ({ pods, of }) => `${ofPods(pods, of, 'is', 'are')} idle`,
  'drained-long-enough': ({ sinceMs }, nowMs) =>
    `all its pods have been safe for ${ago(sinceMs, nowMs)}`,
  'zero-long-enough': ({ sinceMs }, nowMs) => `it has been at zero for ${ago(sinceMs, nowMs)}`,
  'too-old': ({ sinceMs }, nowMs) => `it has had no traffic for ${ago(sinceMs, nowMs)}`,
  'lightly-used': ({ sinceMs, active, peak }, nowMs) =>
    `it has hardly been used for ${ago(sinceMs, nowMs)}:` +
    ` ${count(active)} at work, ${count(peak)} at its peak`,
};

function ago(sinceMs: number, nowMs: number): string {
  return span((nowMs - sinceMs) / 1_000);
}

/** Rounded up: it is never over before it is. */
function left(untilMs: number, nowMs: number): string {
  return span(Math.ceil((untilMs - nowMs) / 1_000));
}

/** What a pod says of itself, behind its name. */
export function answerWords(answer: PodAnswer): string {
  if (!answer.known) return answer.words;
  const { safe, reason, active, leases } = answer;
  if (safe) return 'is safe to delete';
  switch (reason) {
    case 'active':
      return `has ${counted(active, 'connection')} at work`;
    case 'leases':
      return `has ${counted(leases, 'lease')} held by its app`;
    case 'settling':
      return 'may still be sent new work';
    case 'starting':
      return 'has an app that has not answered yet';
    case 'not-quiet':
      return 'has not been quiet for long enough';
    default:
      // It was safe one of the times it was asked; or a newer tidegate knows more reasons.
      return reason === undefined ? 'was not safe a moment ago' : `says: ${String(reason)}`;
  }
}

/** Who would undo what, and what to do about it. */
export function rivalWords(rival: Rival, fight: Fight): string {
  return `${rivalName(rival)} would undo ${DEEDS[fight]}: ${WAYS_OUT[rival.kind]}`;
}

/** Also what it is: its own name is often that of what it looks after. */
export function rivalName({ kind, name }: Rival): string {
  return `${RIVAL_KINDS[kind]} ${name}`;
}

const RIVAL_KINDS: Readonly<Record<Rival['kind'], string>> = {
  hpa: 'HorizontalPodAutoscaler',
  keda: "KEDA's ScaledObject",
  'argo-rollouts': "Argo Rollouts' Rollout",
  'argo-cd': "Argo CD's application",
  flux: "Flux's",
  owner: 'its owner',
};

const WAYS_OUT: Readonly<Record<Rival['kind'], string>> = {
  hpa: 'delete it, or wait for zero, where it stands still',
  keda: 'delete it, or annotate it autoscaling.keda.sh/paused: "true"',
  'argo-rollouts': 'have it done there',
  'argo-cd': 'change it in its source, or take it out there',
  flux: 'change it in its source, or take it out there',
  owner: 'have it done there',
};

const DEEDS: Readonly<Record<Fight, string>> = {
  shrink: 'fewer replicas',
  zero: 'a scale to zero',
  delete: 'a delete',
  select: 'another selector',
};

function servicesWords(names: readonly string[]): string {
  return `${names.length === 1 ? 'Service' : 'Services'} ${listed(names)}`;
}

function selected(names: readonly string[]): string {
  return `${servicesWords(names)} ${verb(names, 'select')}`;
}

function verb(names: readonly string[], stem: string): string {
  return names.length === 1 ? `${stem}s` : stem;
}

function ofPods(pods: number, of: number, one: string, several: string): string {
  return `${count(pods)} of ${counted(of, 'pod')} ${pods === 1 ? one : several}`;
}

function counted(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}
