/**
 * The status as people see it: a screen of 80 columns and 24 lines at most, or one line for those
 * who read along. Pure.
 */
import type { KindCounts, SafeToDelete, Status } from '../admin/contract.js';
import {
  count,
  cut,
  phaseWords,
  plain,
  span,
  spanSince,
  timeOf,
  verdictWords,
} from './sentences.js';

export const COLUMNS = 80;
const LABEL_COLUMNS = 10;
/** A newer tidegate may know more kinds; with so many there is a line left for the cursor. */
const KINDS_MAX = 8;

/** Puts colour on a text, or leaves it. */
export type Paint = (text: string, colour: Colour) => string;
export type Colour = 'green' | 'yellow';

const COLOUR_CODES: Readonly<Record<Colour, number>> = { green: 32, yellow: 33 };

export const withoutColour: Paint = (text) => text;
export const withColour: Paint = (text, colour) => `\x1b[${COLOUR_CODES[colour]}m${text}\x1b[0m`;

/** `name` is where it was asked, `atMs` when, by the one who answered. */
export function renderScreen(status: Status, name: string, atMs: number, paint: Paint): string {
  const { build, verdict, app, requestsInFlight, arrivals } = status;
  const { quietSince } = verdict;
  const lines = [
    fit(`tidegate ${build.version} on Node ${build.node}, admin port ${name}`),
    '',
    paintValue(fit(`Verdict   ${verdictWords(verdict)}`), verdict.safe ? 'green' : 'yellow', paint),
    ...leaseLines(status, atMs).map(fit),
    ...(quietSince === null ? [] : [fit(`Quiet     ${sinceWords(quietSince, atMs)}`)]),
    fit(`Phase     ${phaseLine(status)}`),
    fit(`          ${sinceWords(status.since, atMs)}`),
    ...drainLines(status, atMs).map(fit),
    fit(`App       ${app.up ? 'answers' : 'does not answer'}`),
    '',
    ...tableLines(status).map(fit),
    '',
    fit(`Requests in flight: ${count(requestsInFlight)}. Arrivals so far: ${count(arrivals)}.`),
  ];
  return `${lines.join('\n')}\n`;
}

/** One line, without the time; it changes when something worth telling does. */
export function statusLine({ phase, verdict, connections }: Status): string {
  const kinds = Object.entries(connections.byKind)
    .filter(([, { active }]) => active > 0)
    .map(([kind, { active }]) => `${count(active)} ${kind}`);
  const at = kinds.length === 0 ? '' : ` (${kinds.join(', ')})`;
  return plain(`${phase}  ${verdictWords(verdict)}${at}`);
}

/** The same for the verdict alone. */
export function verdictLine(verdict: SafeToDelete): string {
  return plain(`${verdict.phase}  ${verdictWords(verdict)}`);
}

/** What has been cut to the screen is painted: colour takes no columns. */
function paintValue(line: string, colour: Colour, paint: Paint): string {
  return line.slice(0, LABEL_COLUMNS) + paint(line.slice(LABEL_COLUMNS), colour);
}

function fit(line: string): string {
  return cut(plain(line), COLUMNS).trimEnd();
}

function phaseLine({ phase }: Status): string {
  const words = phaseWords(phase);
  return words === '' ? phase : `${phase}: ${words}`;
}

/** The one that is held for longest stands for all of them. */
function leaseLines({ leases: { held, oldest } }: Status, atMs: number): string[] {
  if (oldest === null) return [];
  const holder = oldest.holder === null ? '' : ` by ${oldest.holder}`;
  const first = `${oldest.name}${holder} (${spanSince(oldest.since, atMs)})`;
  return [`Leases    ${held > 1 ? `${count(held)}, the oldest: ` : ''}${first}`];
}

function drainLines({ drain, eta, terminating }: Status, atMs: number): string[] {
  if (drain === null) return terminating ? ['Drain     the pod is terminating'] : [];
  const pod = terminating ? ', the pod is terminating' : '';
  const lines = [`Drain     ${sinceWords(drain.start, atMs)}${pod}`, `Reason    ${drain.reason}`];
  if (eta !== null) lines.push(`Until     ${timeOf(eta)} at the latest (${leftWords(drain)})`);
  return lines;
}

function sinceWords(moment: string, atMs: number): string {
  return `since ${timeOf(moment)} (${spanSince(moment, atMs)})`;
}

function leftWords({ secondsLeft }: NonNullable<Status['drain']>): string {
  return secondsLeft > 0 ? `${span(secondsLeft)} left` : 'over';
}

function tableLines({ connections }: Status): string[] {
  const kinds = Object.entries<KindCounts>(connections.byKind).slice(0, KINDS_MAX);
  const oldest = kinds.map(([, { oldestSeconds }]) => oldestSeconds ?? -1);
  const rows = [
    ['KIND', 'ACTIVE', 'IDLE', 'OLDEST'],
    ...kinds.map(([kind, { active, idle, oldestSeconds }]) => [
      kind,
      count(active),
      count(idle),
      ageOf(oldestSeconds ?? -1),
    ]),
    ['total', count(connections.active), count(connections.idle), ageOf(Math.max(-1, ...oldest))],
  ];
  return rows.map(
    ([kind, active, idle, age]) =>
      `${kind.padEnd(10)}${active.padStart(10)}${idle.padStart(10)}${age.padStart(10)}`,
  );
}

/** -1: there is none. */
function ageOf(seconds: number): string {
  return seconds < 0 ? '-' : span(seconds);
}
