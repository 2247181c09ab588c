/**
 * The differential fuzz of the whole observer, detection included: made and damaged
 * conversations of both lanes, held against what Node's parsers make of them.
 */
import { Follower } from '../../peers/follower.js';
import { damage, makeConversation } from '../../peers/http-conversations.js';
import { Random, seedOf } from '../../peers/random.js';
import { difference, isFault } from './differences.js';
import { expect, type Expectation, type Part } from './expectation.js';
import { guarded, type Tally } from './lane-fuzz.js';
import { readByFraming, readByOracle } from './readings.js';

const FAULTS_MAX = 10;
const COMPARED = /^(exchange|answered)/;

export function fuzzConversations(run: number, cases: number): Tally {
  const tally: Tally = { cases, accepted: 0, messages: 0, exceptions: new Map(), faults: [] };
  for (let index = 0; index < cases && tally.faults.length < FAULTS_MAX; index++) {
    const random = new Random(seedOf(run, index));
    const made = makeConversation(random);
    const parts = random.once(4) ? made : damage(random, made);
    const found = guarded(() => examine(parts, tally) ?? otherwiseCut(random, parts));
    if (isFault(found)) tally.faults.push(report(index, minimised(parts), found));
    else if (found !== undefined) {
      tally.exceptions.set(found, (tally.exceptions.get(found) ?? 0) + 1);
    }
  }
  return tally;
}

function examine(parts: readonly Part[], tally?: Tally): string | undefined {
  const expected = expect(parts);
  const heard = follow(parts, everyByte);
  if (tally !== undefined) {
    if (expected.stop !== 'refused') tally.accepted++;
    tally.messages += expected.lines.filter((line) => line.startsWith('exchange ended')).length;
  }
  const wrong = disagreement(expected, heard);
  if (wrong === undefined) return undefined;
  const until = cutOff(parts, heard.gaveUpMark);
  return excuse(parts, expected) ?? excuse(until, expected) ?? `FAULT: ${wrong}`;
}

interface Heard {
  readonly lines: string[];
  /** Everything, without marks. */
  readonly log: string;
  readonly gaveUp: string;
  readonly gaveUpMark: number;
  /** The detector decided against HTTP. */
  readonly isRaw: boolean;
}

function follow(parts: readonly Part[], cut: (part: Part) => Uint8Array[]): Heard {
  const follower = new Follower();
  for (const part of parts) for (const chunk of cut(part)) follower.feed(part.side, chunk);
  follower.end('app');
  const { log, marks } = follower;
  const lines = log.map((line, index) => `${line} @${marks[index]}`);
  const given = log.findIndex((line) => line.startsWith('gave up'));
  return {
    lines: lines.filter((line) => COMPARED.test(line)),
    log: log.join('; '),
    gaveUp: log[given] ?? '',
    gaveUpMark: marks[given] ?? Infinity,
    isRaw: log[0] !== 'carries http1',
  };
}

function everyByte({ bytes }: Part): Uint8Array[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** What is wrong, if anything. */
function disagreement(expected: Expectation, heard: Heard): string | undefined {
  const { lines, stop, stopMark } = expected;
  const other = heard.lines.findIndex((line, index) => line !== lines[index]);
  if (other >= 0) return `ours says ${heard.lines[other]}, expected ${lines[other]}`;
  if (heard.lines.length < lines.length) {
    return `expected ${lines[heard.lines.length]}, ours ${heard.gaveUp} @${heard.gaveUpMark}`;
  }
  if (heard.isRaw && (stop === 'refused' || lines.length === 0)) return undefined;
  if (stop === 'switched') return undefined; // what comes now is no longer HTTP
  if (stop === '' && heard.gaveUp === '') return undefined;
  if (stop === 'refused' && heard.gaveUpMark <= stopMark) return undefined;
  if (stop === heard.gaveUp && heard.gaveUpMark === stopMark) return undefined;
  return `ours: ${heard.gaveUp} @${heard.gaveUpMark}, expected: ${stop} @${stopMark}`;
}

/** What had passed when so many bytes had. */
function cutOff(parts: readonly Part[], mark: number): Part[] {
  let left = mark;
  return parts.map(({ side, bytes }) => {
    const passed = bytes.subarray(0, Math.max(0, left));
    left -= bytes.length;
    return { side, bytes: passed };
  });
}

/** The declared exceptions are those of the lanes, and one of detection. */
function excuse(parts: readonly Part[], expected: Expectation): string | undefined {
  for (const direction of ['request', 'answer'] as const) {
    const side = direction === 'request' ? 'client' : 'app';
    const bytes = Buffer.concat(parts.filter((part) => part.side === side).map((p) => p.bytes));
    if (side === 'client' && (bytes[0] === 0x0d || bytes[0] === 0x0a)) return 'leading-line';
    for (const read of side === 'client' ? readInOneGo(bytes) : [bytes]) {
      const lane = { direction, bytes: read, methods: expected.methods };
      const found = difference(lane, readByOracle(lane), readByFraming(lane, []));
      if (found !== undefined && !isFault(found)) return found;
    }
  }
  return undefined;
}

/** A lane's reading ends with a CONNECT; if that is refused, what is behind it is a lane again. */
function readInOneGo(bytes: Buffer): Buffer[] {
  const connect = /(?:^|\n)CONNECT .*?\r\n\r\n/gs;
  const heads = bytes.toString('latin1').matchAll(connect);
  return [bytes, ...Array.from(heads, ({ index, 0: head }) => bytes.subarray(index + head.length))];
}

/** Other chunks, the same order: the facts must be the same. */
function otherwiseCut(random: Random, parts: readonly Part[]): string | undefined {
  const heard = follow(parts, everyByte).log;
  const randomly = (part: Part): Uint8Array[] => {
    const at = random.int(part.bytes.length + 1);
    return [part.bytes.subarray(0, at), part.bytes.subarray(at)];
  };
  for (const cut of [(part: Part) => [part.bytes], randomly]) {
    const other = follow(parts, cut).log;
    if (other !== heard) return `FAULT: cut otherwise: ${other}; byte by byte: ${heard}`;
  }
  return undefined;
}

function report(index: number, parts: readonly Part[], wrong: string): string {
  const lines = parts.map(({ side, bytes }) => {
    const text = JSON.stringify(Buffer.from(bytes).toString('latin1'));
    return `  ${side} ${text.length > 1_000 ? `${text.slice(0, 1_000)}...` : text}`;
  });
  return [`conversation ${index}: ${wrong}`, ...lines].join('\n');
}

/** Fewer parts, and shorter ones, that are still followed wrongly. */
function minimised(parts: readonly Part[]): Part[] {
  let best = [...parts];
  for (let size = 64, tries = 3_000; size > 0; size >>= 1) {
    for (let index = 0; index < best.length; index++) {
      for (let at = 0; at < best[index]?.bytes.length && tries > 0; tries--) {
        const shorter = without(best, index, at, size);
        if (isFault(guarded(() => examine(shorter)))) best = shorter;
        else at += size;
      }
    }
  }
  return best;
}

function without(parts: readonly Part[], index: number, at: number, size: number): Part[] {
  const { side, bytes } = parts[index];
  const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
  const changed = parts.map((part, other) => (other === index ? { side, bytes: shorter } : part));
  return changed.filter((part) => part.bytes.length > 0);
}
