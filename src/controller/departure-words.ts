/**
 * What became of a pod's tidegate, in words for people: of Events and of the log. Each ending is one
 * sentence that names the pod, since it stands on an object that has many. Pure.
 */
import { count, span } from '../settings/amounts.js';
import { listed } from '../rainbow/refusal.js';
import type { Ending, Figures, Held, Silence } from './goodbye.js';

/** Of the Event. */
export type DepartureReason = 'Drained' | 'DrainCut' | 'DiedWithoutGoodbye';

export interface Departure {
  /** Its name. */
  readonly pod: string;
  readonly ending: Ending;
  readonly held: Held | undefined;
}

export function departureReason({ outcome }: Ending): DepartureReason {
  return REASONS[outcome];
}

const REASONS: Readonly<Record<Ending['outcome'], DepartureReason>> = {
  drained: 'Drained',
  cut: 'DrainCut',
  silent: 'DiedWithoutGoodbye',
};

/** `web-7d4b9-x2x7q drained in 34s: 120 finished, 14 got a farewell, none was cut (preStop)`. */
export function departureWords({ pod, ending, held }: Departure): string {
  if (ending.outcome === 'silent') {
    return `${silenceWords(pod, ending.silence)}: ${heldWords(held)}`;
  }
  const { figures } = ending;
  const why = figures.reason === '' ? '' : ` (${figures.reason})`;
  return ending.outcome === 'drained'
    ? `${pod} drained in ${took(figures)}: ${drainedWords(figures)}${why}`
    : `${pod} ${cutHow(figures)} after ${took(figures)}: ${cutWords(figures)}${why}`;
}

function drainedWords({ activeAtStart, finished, farewell }: Figures): string {
  if (activeAtStart + finished + farewell === 0) return 'nothing was at work';
  return `${endedWell(finished, farewell)}, none was cut`;
}

function cutWords({ finished, farewell, cut, leasesAtEnd }: Figures): string {
  const all = finished + farewell + cut;
  const cuts = cut === 0 ? 'none was cut' : `${count(cut)} of ${count(all)} ${was(cut)} cut`;
  const said = `${cuts}, ${endedWell(finished, farewell)}`;
  if (leasesAtEnd === 0) return said;
  return `${said}; ${counted(leasesAtEnd, 'lease')} of its app ${was(leasesAtEnd)} still held`;
}

function endedWell(finished: number, farewell: number): string {
  return `${count(finished)} finished, ${count(farewell)} got a farewell`;
}

function cutHow({ ended }: Figures): string {
  switch (ended) {
    case 'deadline':
      return 'was cut at its deadline';
    case 'now':
      return 'had to end at once';
    case 'app-gone':
      return 'lost its app in its drain';
    default:
      return 'ended its drain';
  }
}

function silenceWords(pod: string, silence: Silence): string {
  const its = `tidegate in ${pod}`;
  switch (silence.code) {
    case 'died':
      return `${its} ${deathWords(silence)} without a goodbye`;
    case 'wordless':
      return `${its} ended (exit code ${silence.exitCode}) without a goodbye`;
    case 'strange':
      return `${its} ended (exit code ${silence.exitCode}) with a message that no tidegate writes`;
    case 'lost':
      return `tidegate in ${pod} is gone, and its node cannot say how it ended`;
    case 'unseen':
      return `${pod} is gone, and nobody has seen its tidegate end`;
  }
}

/** Above 128 it is the signal that ended it. */
function deathWords({ exitCode, reason }: Silence & { readonly code: 'died' }): string {
  const words = [...(SAYS_NOTHING.includes(reason) ? [] : [reason]), `exit code ${exitCode}`];
  return `${exitCode > 128 ? 'was killed' : 'ended'} (${words.join(', ')})`;
}

const SAYS_NOTHING: readonly string[] = ['', 'Error', 'Completed'];

function heldWords(held: Held | undefined): string {
  if (held === undefined) return 'nobody knows what it had at work';
  const { active, leases, beforeMs } = held;
  const parts = [
    ...(active === 0 ? [] : [`${counted(active, 'connection')} at work`]),
    ...(leases === 0 ? [] : [`${counted(leases, 'lease')} held by its app`]),
  ];
  const what = parts.length === 0 ? 'nothing at work' : listed(parts);
  return `it had ${what} ${span(beforeMs / 1_000)} before`;
}

function counted(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

function was(amount: number): string {
  return amount === 1 ? 'was' : 'were';
}

function took({ tookMs }: Figures): string {
  return tookMs < 1_000 ? `${Math.round(tookMs) / 1_000}s` : span(tookMs / 1_000);
}
