/**
 * The differential fuzz of one lane: made and damaged messages, read by Node's parser and by our
 * framing, whole, byte by byte and cut at random. Any case can be repeated by the run's seed.
 */
import { makeAnswer, makeExchange } from '../../peers/http-messages.js';
import { mutate } from '../../peers/mutations.js';
import { Random, seedOf } from '../../peers/random.js';
import { difference, isFault } from './differences.js';
import { type Lane, readByFraming, readByOracle, type Reading } from './readings.js';

export interface Tally {
  cases: number;
  /** Cases that Node's parser read to their end. */
  accepted: number;
  /** Messages that both have seen the end of. */
  messages: number;
  readonly exceptions: Map<string, number>;
  readonly faults: string[];
}

const UNDAMAGED_EVERY = 11;
const FAULTS_MAX = 10;
const MINIMISING_TRIES_MAX = 3_000;

/** So many mutated lanes, and a tenth of that undamaged. */
export function fuzzLanes(run: number, mutated: number): Tally {
  const cases = Math.ceil((mutated * UNDAMAGED_EVERY) / (UNDAMAGED_EVERY - 1));
  const tally: Tally = { cases, accepted: 0, messages: 0, exceptions: new Map(), faults: [] };
  for (let index = 0; index < cases && tally.faults.length < FAULTS_MAX; index++) {
    const random = new Random(seedOf(run, index));
    const lane = makeLane(random, index % UNDAMAGED_EVERY > 0);
    const wrong = guarded(() => examine(random, lane, tally));
    if (wrong !== undefined) tally.faults.push(report(index, lane, wrong));
  }
  return tally;
}

/** Never a throw, whatever the bytes. */
export function guarded(examined: () => string | undefined): string | undefined {
  try {
    return examined();
  } catch (error) {
    return `FAULT: throws ${String(error)}`;
  }
}

function makeLane(random: Random, damaged: boolean): Lane {
  const exchanges = [makeExchange(random)];
  while (random.once(2)) exchanges.push(makeExchange(random));
  const direction = random.once(2) ? 'request' : 'answer';
  const text = exchanges.map((exchange) => exchange[direction]).join('');
  const other =
    direction === 'request' ? makeExchange(random).request : makeAnswer(random, '').text;
  const bytes = Buffer.from(damaged ? mutate(random, text, other) : text, 'latin1');
  return { direction, bytes, methods: exchanges.map((exchange) => exchange.method) };
}

/** What is wrong with our reading of this lane, if anything. */
function examine(random: Random, lane: Lane, tally: Tally): string | undefined {
  const node = readByOracle(lane);
  const ours = readByFraming(lane, []);
  if (node.stop !== 'failed') tally.accepted++;
  tally.messages += ours.events.filter((event) => event.startsWith('end')).length;
  const found = difference(lane, node, ours);
  if (isFault(found)) return found;
  if (found !== undefined) tally.exceptions.set(found, (tally.exceptions.get(found) ?? 0) + 1);
  for (const cuts of [everywhere(lane), randomCuts(random, lane), randomCuts(random, lane)]) {
    const other = readByFraming(lane, cuts);
    if (stated(other) !== stated(ours)) {
      return `FAULT: cut at ${cuts.slice(0, 20).join()}: ${stated(other)}; whole: ${stated(ours)}`;
    }
  }
  return undefined;
}

/** A head is found too large at a chunk's end, wherever that is. */
function stated({ events, stop, at, reason }: Reading): string {
  return `${events.join()} ${stop} ${reason} ${reason === 'head-too-large' ? '' : at}`;
}

function everywhere(lane: Lane): number[] {
  return Array.from(lane.bytes, (_, index) => index).slice(1);
}

function randomCuts(random: Random, lane: Lane): number[] {
  const cuts = Array.from({ length: 1 + random.int(6) }, () => random.int(lane.bytes.length + 1));
  return cuts.sort((one, other) => one - other);
}

function report(index: number, lane: Lane, wrong: string): string {
  const bytes = JSON.stringify(Buffer.from(minimised(lane).bytes).toString('latin1'));
  const text = bytes.length > 2_000 ? `${bytes.slice(0, 2_000)}...` : bytes;
  return `case ${index}, ${lane.direction} lane (${lane.methods.join()}): ${wrong}\n${text}`;
}

/** The shortest lane found that is still read wrongly, by cutting pieces out. */
function minimised(lane: Lane): Lane {
  let best = lane;
  let tries = MINIMISING_TRIES_MAX;
  for (let size = lane.bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= best.bytes.length && tries > 0; tries--) {
      const shorter = without(best, at, size);
      if (isFault(guarded(() => compare(shorter)))) best = shorter;
      else at += size;
    }
  }
  return best;
}

function compare(lane: Lane): string | undefined {
  return difference(lane, readByOracle(lane), readByFraming(lane, []));
}

function without(lane: Lane, at: number, size: number): Lane {
  const bytes = Buffer.concat([lane.bytes.subarray(0, at), lane.bytes.subarray(at + size)]);
  return { ...lane, bytes };
}
