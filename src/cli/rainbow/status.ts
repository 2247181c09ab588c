/**
 * `status`: a group at this moment, once or again and again. Changes nothing, and says of each colour
 * what `cleanup` would do.
 */
import { momentText } from '../../clock.js';
import { EXIT_OK } from '../../errors.js';
import type { KubernetesError } from '../../kubernetes/fault.js';
import type { Facts } from '../../rainbow/contract.js';
import type { Group } from '../../rainbow/facts.js';
import { plan } from '../../rainbow/plan.js';
import { poll } from '../../rainbow/poll.js';
import { isSafe, isSafeToDelete } from '../../rainbow/wait.js';
import { cutPainted } from '../columns.js';
import { CLEAR_BELOW, CLEAR_LINE, HOME } from '../command.js';
import { EXIT_NOT_SAFE } from '../options.js';
import { groupDocument } from './documents.js';
import { inUseWords, renderStatus, type Sight, statusLine } from './screen.js';
import { type Doing, oneGroup, present } from './verb.js';

const EVERY_MS = 3_000;

export async function showStatus(doing: Doing): Promise<number> {
  const group = await oneGroup(doing);
  if (doing.asked.watch) return watch(group, doing);
  const facts = present(await look(group, doing), doing);
  show(await sightOf(facts, doing), doing);
  return codeOf(facts, doing);
}

/** Of one colour, only that one's pods are asked; for names alone nobody is. */
function look(group: Group, { cluster, speech, asked: { colour } }: Doing): Promise<Facts> {
  if (colour !== '') return cluster.look(group)([colour]);
  return speech.isNames ? cluster.glance(group)([]) : cluster.look(group)();
}

async function sightOf(facts: Facts, { asked, cluster, speech }: Doing): Promise<Sight> {
  const estimates = speech.isNames ? new Map<string, never>() : await cluster.estimates(facts);
  return { facts, plan: plan(facts, asked.policy), estimates };
}

/** Where its pods alone would say yes, it is told what else says no. */
function codeOf(facts: Facts, { asked: { colour }, speech }: Doing): number {
  if (colour === '') return EXIT_OK;
  const found = facts.colours.filter((one) => one.colour === colour);
  if (found.every((one) => isSafeToDelete(one, facts))) return EXIT_OK;
  const inUse = found.every(isSafe) ? found.map((one) => inUseWords(one, facts)) : [];
  for (const words of inUse) if (words !== undefined) speech.complain(words);
  return EXIT_NOT_SAFE;
}

function show(sight: Sight, { speech, asked: { colour } }: Doing): void {
  speech.document(() => groupDocument(sight, colour));
  for (const one of sight.facts.colours) {
    if (colour === '' || one.colour === colour) {
      speech.name('deployment.apps', one.deployment.name);
    }
  }
  if (!speech.isDocument && !speech.isNames) speech.show(screenOf(sight, colour, speech));
}

function screenOf(sight: Sight, colour: string, { depth, isWide }: Doing['speech']): string {
  return renderStatus(sight, colour, { depth, wide: isWide });
}

/** Until the colour that is named, or the whole group, is gone. */
async function watch(group: Group, doing: Doing): Promise<number> {
  const { around, speech, asked } = doing;
  present(await doing.cluster.glance(group)([]), doing);
  const failed = ({ message }: KubernetesError): void =>
    speech.complain(`${message}; trying again`);
  const polling = { clock: around.clock, everyMs: EVERY_MS, failed };
  const follow = new Following(doing);
  for await (const facts of poll(() => look(group, doing), polling)) {
    const { colours } = facts;
    const isThere = colours.some(({ colour }) => asked.colour === '' || colour === asked.colour);
    if (!isThere) break;
    follow.next(await sightOf(facts, doing));
  }
  speech.complain(`${asked.colour === '' ? `group ${asked.group}` : asked.colour} is gone`);
  return EXIT_OK;
}

/** On a terminal the screen anew; else, of each colour, a line when it has changed. */
class Following {
  private readonly doing: Doing;
  private readonly shown = new Map<string, string>();

  constructor(doing: Doing) {
    this.doing = doing;
  }

  next(sight: Sight): void {
    const { speech, around, asked } = this.doing;
    if (speech.isDocument || speech.isNames) return this.document(sight);
    if (around.isTerminal) return this.redraw(sight);
    const time = momentText(sight.facts.nowMs).slice(0, 19);
    for (const one of sight.facts.colours) {
      if (asked.colour !== '' && one.colour !== asked.colour) continue;
      const line = statusLine(one, sight);
      if (this.isNew(one.deployment.name, line)) around.print(`${time}Z  ${line}\n`);
    }
  }

  /** The time alone is no change. */
  private document(sight: Sight): void {
    const { colours } = groupDocument(sight, this.doing.asked.colour);
    if (this.isNew('', JSON.stringify(colours))) show(sight, this.doing);
  }

  /** What does not fit is left out: what has scrolled away could not be drawn over. */
  private redraw(sight: Sight): void {
    const { speech, around, asked } = this.doing;
    const lines = screenOf(sight, asked.colour, speech).split('\n').slice(0, -1);
    const room = around.rows() - 1;
    const fitting = lines.length > room ? [...lines.slice(0, room - 1), '…'] : lines;
    const rows = fitting.map((line) => cutPainted(line, around.columns()) + CLEAR_LINE);
    around.print(`${HOME}${rows.join('')}${CLEAR_BELOW}`);
  }

  private isNew(key: string, text: string): boolean {
    const isNew = this.shown.get(key) !== text;
    this.shown.set(key, text);
    return isNew;
  }
}
