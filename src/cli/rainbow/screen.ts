/**
 * The colours of a group as people see them: a line of figures for each, and below it what cleanup
 * would do with it and why. Pure; moments are the API server's.
 */
import { burnDown } from '../../rainbow/burn-down.js';
import type { ColourFacts, Facts, Plan, PodFacts } from '../../rainbow/contract.js';
import { type Estimate, estimateWords } from '../../rainbow/estimate.js';
import { actionWords, answerWords, reasonWords } from '../../rainbow/sentences.js';
import { trafficOf } from '../../rainbow/wait.js';
import { isAskedToDrain } from '../../rainbow/work.js';
import { momentText } from '../../clock.js';
import { type Column, layOut, type Row } from '../columns.js';
import { count, cut, plain, span, timeOf } from '../sentences.js';
import { figuresOf, selectedBy, trafficWords } from './figures.js';
import { type Depth, paintColour } from './paint.js';

/** What is shown of a group at one moment. */
export interface Sight {
  readonly facts: Facts;
  /** Undefined where nobody wants to know. */
  readonly plan: Plan | undefined;
  /** By colour; those of which there is nothing to say are left out. */
  readonly estimates: ReadonlyMap<string, Estimate>;
}

export interface Style {
  readonly depth: Depth;
  readonly wide: boolean;
}

export const BURN_DOWN_COLUMNS = 10;
export const NAME_COLUMNS = 40;
const NOTHING = '-';

const COLUMNS: readonly Column[] = [
  { head: 'COLOUR' },
  { head: 'DEPLOYMENT' },
  { head: 'READY', align: 'right' },
  { head: 'SAFE', align: 'right' },
  { head: 'ACTIVE', align: 'right' },
  { head: 'BURN-DOWN' },
  { head: 'OLDEST', align: 'right' },
  { head: 'TRAFFIC' },
];
const WIDE_COLUMNS: readonly Column[] = [
  { head: 'IDLE', align: 'right' },
  { head: 'LEASES', align: 'right' },
  { head: 'PEAK', align: 'right' },
  { head: 'AGE', align: 'right' },
];
const POD_COLUMNS: readonly Column[] = [
  { head: 'POD' },
  { head: 'READY' },
  { head: 'ACTIVE', align: 'right' },
  { head: 'IDLE', align: 'right' },
  { head: 'OLDEST', align: 'right' },
  { head: 'SAYS' },
];

/** Every colour, or the one that is named with its pods. */
export function renderStatus(sight: Sight, colour: string, style: Style): string {
  const { facts } = sight;
  const colours = facts.colours.filter((one) => colour === '' || one.colour === colour);
  const [head, ...lines] = layOut(
    style.wide ? [...COLUMNS, ...WIDE_COLUMNS] : COLUMNS,
    colours.map((one) => rowOf(one, facts, style)),
  );
  const below = colours.map((one, at) => [lines[at], ...notesOf(one, sight, colour !== '', style)]);
  return `${[headline(facts), ...oddityLines(facts), '', head, ...below.flat()].join('\n')}\n`;
}

function headline({ group, namespace, nowMs }: Facts): string {
  return plain(`Group ${group} in namespace ${namespace}, ${timeOf(momentText(nowMs))}`);
}

function oddityLines({ oddities }: Facts): string[] {
  return oddities.map((oddity) => plain(`Odd: ${oddity}`));
}

/** One line, without the time; it changes when something worth telling does. */
export function statusLine(one: ColourFacts, sight: Sight): string {
  return plain(`${colourLine(one)}: ${verdictOf(one, sight) ?? ''}`);
}

/** The same without what is planned. */
export function colourLine({ colour, pods: list }: ColourFacts): string {
  const { pods, safe, active } = figuresOf(list);
  return plain(`${colour}  ${count(active)} active, ${safe} of ${pods} pods safe`);
}

/** Of one that has traffic, why its pods' word is not enough; undefined for others. */
export function inUseWords(one: ColourFacts, facts: Facts): string | undefined {
  const traffic = trafficOf(one, facts);
  if (traffic === undefined) return undefined;
  return `${one.colour} is not safe to delete: ${reasonWords(traffic, facts.nowMs)}`;
}

function verdictOf({ deployment }: ColourFacts, { plan, facts }: Sight): string | undefined {
  const step = plan?.steps.find((one) => one.deployment === deployment.name);
  if (step === undefined) return undefined;
  return `${actionWords(step.action)}: ${reasonWords(step.reason, facts.nowMs)}`;
}

function rowOf(one: ColourFacts, facts: Facts, { depth, wide }: Style): Row {
  const { colour, deployment } = one;
  const { pods, ready, safe, unknown, active, idle, leases, oldestSeconds } = figuresOf(one.pods);
  const figure = (amount: number): string => (unknown < pods ? count(amount) : NOTHING);
  const row = [
    { text: cut(colour, NAME_COLUMNS), paint: (text: string) => paintColour(text, colour, depth) },
    cut(deployment.name, NAME_COLUMNS),
    `${ready}/${deployment.replicas}`,
    `${safe}/${pods}`,
    // At least so many: some have not told.
    figure(active) + (unknown > 0 && unknown < pods ? '+' : ''),
    burnDownOf(one, facts),
    ageOf(oldestSeconds),
    trafficWords(one, facts),
  ];
  const age = span((facts.nowMs - deployment.createdMs) / 1_000);
  return wide ? [...row, figure(idle), figure(leases), count(deployment.state.peak), age] : row;
}

/** Since it lost its traffic; one that has some is not emptying. */
function burnDownOf({ colour, deployment, pods }: ColourFacts, facts: Facts): string {
  const { lostTrafficMs, samples } = deployment.state;
  if (lostTrafficMs === undefined || selectedBy(facts, colour).length > 0) return NOTHING;
  const { active, unknown } = figuresOf(pods);
  const now = unknown === 0 ? [{ atMs: facts.nowMs, active }] : [];
  return burnDown([...samples, ...now], lostTrafficMs, facts.nowMs, BURN_DOWN_COLUMNS);
}

function notesOf(one: ColourFacts, sight: Sight, isAlone: boolean, { wide }: Style): string[] {
  const estimate = sight.estimates.get(one.colour);
  const notes = [
    verdictOf(one, sight),
    estimate === undefined ? undefined : estimateNote(estimate),
  ].flatMap((note) => (note === undefined ? [] : [plain(note)]));
  const pods = isAlone || wide ? podLines(one.pods) : [];
  return [...notes, ...pods].map((note) => `  ${note}`);
}

/** Of one that is empty the figures tell. */
function estimateNote(estimate: Estimate): string | undefined {
  if (estimate.known) return `empty ${estimateWords(estimate)}`;
  return estimate.reason === 'empty' ? undefined : estimateWords(estimate);
}

function podLines(pods: readonly PodFacts[]): string[] {
  if (pods.length === 0) return [];
  const rows = pods.map((pod): Row => {
    const { answer } = pod;
    const figures = answer.known
      ? [count(answer.active), count(answer.idle), ageOf(answer.oldestSeconds)]
      : [NOTHING, NOTHING, NOTHING];
    return [pod.name, readinessOf(pod), ...figures, answerWords(answer)];
  });
  return layOut(POD_COLUMNS, rows);
}

function readinessOf(pod: PodFacts): string {
  if (pod.isTerminating) return 'terminating';
  if (isAskedToDrain(pod)) return 'draining';
  return pod.isReady ? 'yes' : 'no';
}

function ageOf(seconds: number | null): string {
  return seconds === null ? NOTHING : span(seconds);
}
