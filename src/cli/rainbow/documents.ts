/**
 * What is known of a group, and what is to be done with it, for machines: JSON and YAML of the same
 * form, with moments in ISO 8601 and times in seconds. What is not known is null.
 */
import { Document as YamlDocument, visit } from 'yaml';
import { momentText } from '../../clock.js';
import type {
  ColourFacts,
  Facts,
  PodFacts,
  Sample,
  ServiceFacts,
  State,
  Step,
} from '../../rainbow/contract.js';
import type { Estimate } from '../../rainbow/estimate.js';
import { pausedBy } from '../../rainbow/pause.js';
import { stepWords } from '../../rainbow/sentences.js';
import type { Outcome } from '../../rainbow/sweep.js';
import { figuresOf, selectedBy } from './figures.js';
import type { Sight } from './screen.js';

export type DocumentForm = 'json' | 'yaml';
type Document = Readonly<Record<string, unknown>>;

/** What a terminal would not show as it is: no name has it but from somebody who means harm. */
const HIDDEN = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

export function renderDocument(document: Document, form: DocumentForm): string {
  const text = form === 'json' ? `${JSON.stringify(document, null, 2)}\n` : yamlOf(document);
  return text.replace(HIDDEN, escaped);
}

/** For readers of YAML 1.1, too, as kubectl and Helm are: to them `on` and `0b1` are no words. */
function yamlOf(document: Document): string {
  const yaml = new YamlDocument(document, { compat: 'yaml-1.1' });
  visit(yaml, {
    Scalar: (_key, scalar) => {
      // Only there is something to be escaped.
      if (typeof scalar.value === 'string' && scalar.value.search(HIDDEN) !== -1) {
        scalar.type = 'QUOTE_DOUBLE';
      }
    },
  });
  // Lines as they are: what reads it may be a program of lines.
  return yaml.toString({ lineWidth: 0 });
}

/** As JSON and YAML have it, both of UTF-16. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Of several, as kubectl has its lists. */
export function listDocument(items: readonly Document[]): Document {
  return { items };
}

export function groupDocument({ facts, plan, estimates }: Sight, only = ''): Document {
  const { namespace, group, nowMs, services, oddities } = facts;
  const steps = new Map(plan?.steps.map((step) => [step.deployment, step]));
  return {
    namespace,
    group,
    at: momentText(nowMs),
    oddities,
    services: services.map(serviceDocument),
    colours: facts.colours
      .filter(({ colour }) => only === '' || colour === only)
      .map((one) => {
        const step = steps.get(one.deployment.name);
        return {
          ...colourDocument(one, facts),
          estimate: estimateDocument(estimates.get(one.colour)),
          plan: step === undefined ? null : stepDocument(step, nowMs),
        };
      }),
  };
}

/** What became of a plan; `outcomes` is empty if nothing was to be done but to say it. */
export function planDocument(
  { namespace, group, nowMs, steps }: NonNullable<Sight['plan']>,
  outcomes: readonly Outcome[],
): Document {
  return {
    namespace,
    group,
    at: momentText(nowMs),
    steps: steps.map((step) => {
      const outcome = outcomes.find((one) => one.step === step);
      const words = outcome !== undefined && 'words' in outcome ? outcome.words : null;
      const result = outcome?.result ?? null;
      return { ...namesOf(step), ...stepDocument(step, nowMs), result, words };
    }),
  };
}

function namesOf({ colour, deployment }: Step): Document {
  return { colour, deployment };
}

function stepDocument(step: Step, nowMs: number): Document {
  const { kind, ...details } = step.action;
  return { action: kind, reason: step.reason.code, sentence: stepWords(step, nowMs), ...details };
}

function serviceDocument(one: ServiceFacts): Document {
  const { name, colour = null, selects, routesTo, readyPods, isPaused: paused } = one;
  return { name, colour, selects, routesTo, readyPods: readyPods.length, paused };
}

function colourDocument(one: ColourFacts, facts: Facts): Document {
  const { colour, deployment } = one;
  const { pods, ready, safe, unknown, active, idle, leases, oldestSeconds } = figuresOf(one.pods);
  const live = selectedBy(facts, colour);
  return {
    colour,
    deployment: deployment.name,
    created: momentText(deployment.createdMs),
    live: live.length > 0,
    services: live,
    paused: pausedBy(facts, one) !== undefined,
    replicas: deployment.replicas,
    pods: { total: pods, ready, safe, unknown },
    connections: unknown === pods ? null : { active, idle, leases, oldestSeconds },
    ...stateDocument(deployment.state),
    rivals: deployment.rivals.map(({ kind, name }) => ({ kind, name })),
    podList: one.pods.map(podDocument),
  };
}

function stateDocument(state: State): Document {
  const moment = (ms: number | undefined): string | null =>
    ms === undefined ? null : momentText(ms);
  return {
    liveSince: moment(state.liveSinceMs),
    lostTraffic: moment(state.lostTrafficMs),
    drainedSince: moment(state.drainedSinceMs),
    scaledToZero: moment(state.scaledToZeroMs),
    peak: state.peak,
    samples: state.samples.map(({ atMs, active }: Sample) => ({ at: momentText(atMs), active })),
  };
}

function podDocument({ name, isReady, isTerminating, drain, answer }: PodFacts): Document {
  const state = { name, ready: isReady, terminating: isTerminating, drain: drain ?? null };
  if (!answer.known) return { ...state, safe: false, reason: answer.reason, words: answer.words };
  const { safe, reason = null, phase, active, idle, leases, oldestSeconds } = answer;
  return { ...state, safe, reason, phase, active, idle, leases, oldestSeconds };
}

function estimateDocument(estimate: Estimate | undefined): Document | null {
  if (estimate === undefined) return null;
  if (!estimate.known) return { known: false, reason: estimate.reason };
  const seconds = (ms: number | undefined): number | null =>
    ms === undefined ? null : Math.round(ms / 1_000);
  const { earlyMs, middleMs, lateMs } = estimate;
  return {
    known: true,
    earlySeconds: seconds(earlyMs),
    middleSeconds: seconds(middleMs),
    lateSeconds: seconds(lateMs),
  };
}
