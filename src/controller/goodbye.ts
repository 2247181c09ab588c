/**
 * What became of a pod's tidegate, judged by how its container ended: whether it said goodbye, and
 * with which figures. Pure. The termination message is what somebody else's container wrote: what
 * has another form than drain/report.ts gives it is no goodbye.
 */
import { type Shape, fits } from '../admin/shapes.js';
import { momentOf } from '../clock.js';
import type { SidecarEnd } from './contract.js';

/** What it had at work when it last answered. */
export interface Held {
  readonly active: number;
  readonly leases: number;
  /** So long before its end, or before it was seen to be gone. */
  readonly beforeMs: number;
}

/** Of a drain, as its report has them. */
export interface Figures {
  readonly reason: string;
  readonly ended: string;
  readonly tookMs: number;
  readonly activeAtStart: number;
  /** They were held when it ended, and are lost with it. */
  readonly leasesAtEnd: number;
  readonly finished: number;
  readonly farewell: number;
  readonly cut: number;
}

/** Without a goodbye. */
export type Silence =
  | { readonly code: 'died'; readonly exitCode: number; readonly reason: string }
  /** It ended well, and left nothing, or something that no tidegate writes. */
  | { readonly code: 'wordless' | 'strange'; readonly exitCode: number }
  /** Its node has lost it. */
  | { readonly code: 'lost' }
  /** The pod was taken away while it ran, as far as anybody has seen. */
  | { readonly code: 'unseen' };

export type Ending =
  | { readonly outcome: 'drained' | 'cut'; readonly figures: Figures }
  | { readonly outcome: 'silent'; readonly silence: Silence };

/** How one container of a tidegate ended, and in which pod. */
export interface Circumstances {
  readonly end: SidecarEnd;
  /** Its pod was on its way out by then, or has ended. */
  readonly isTerminating: boolean;
  /** Its pod is one that ends by itself, a Job's. */
  readonly isJob: boolean;
  /** It was seen to run: one that never came to it may be told as lost, too. */
  readonly hasRun: boolean;
  readonly held: Held | undefined;
}

/** Words of the kubelet for containers that never came to run. */
const NEVER_RAN: readonly string[] = ['StartError', 'ContainerCannotRun'];
/** Its node came back, or its runtime, without it. */
export const LOST = 'ContainerStatusUnknown';
/** tidegate's own: it refused its settings, before any port was open. */
const EXIT_USAGE = 64;
/** Nodes, pods and the API server have clocks of their own. */
export const CLOCKS_DIFFER_MS = 2_000;
const REASON_CHARACTERS_MAX = 100;

/** Undefined: there is nothing to tell. */
export function goodbyeOf(circumstances: Circumstances): Ending | undefined {
  const { end } = circumstances;
  const { exitCode, reason } = end;
  if (NEVER_RAN.includes(reason) || exitCode === EXIT_USAGE) return undefined;
  if (reason === LOST) return circumstances.hasRun ? LOST_ENDING : undefined;
  const report = reportIn(end.message);
  if (report !== undefined && isOfThisEnd(report, circumstances)) {
    return toldBy(report.figures, circumstances);
  }
  if (exitCode !== 0) return { outcome: 'silent', silence: { code: 'died', exitCode, reason } };
  if (end.message.trim() !== '')
    return { outcome: 'silent', silence: { code: 'strange', exitCode } };
  return hadWork(circumstances.held)
    ? { outcome: 'silent', silence: { code: 'wordless', exitCode } }
    : undefined;
}

const LOST_ENDING: Ending = { outcome: 'silent', silence: { code: 'lost' } };

/** Taken away while it ran: no container's end was ever told. */
export const UNSEEN: Ending = { outcome: 'silent', silence: { code: 'unseen' } };

/** That nobody was there when it ended is worth a word only where the pod was told to go. */
function toldBy(figures: Figures, { isTerminating, isJob }: Circumstances): Ending | undefined {
  const { activeAtStart, leasesAtEnd, finished, farewell, cut } = figures;
  if (cut > 0 || leasesAtEnd > 0) return { outcome: 'cut', figures };
  const wasIdle = activeAtStart + finished + farewell === 0;
  return wasIdle && (isJob || !isTerminating) ? undefined : { outcome: 'drained', figures };
}

/**
 * The file outlives the drain that wrote it: one that was taken back may have left it long before.
 * Whoever exits well has just written it.
 */
function isOfThisEnd(report: Report, { end, isTerminating, held }: Circumstances): boolean {
  if (end.exitCode === 0) return true;
  if (!isTerminating) return false;
  if (!hadWork(held) || end.finishedMs === undefined) return true;
  const writtenBeforeMs = end.finishedMs - report.writtenMs;
  return held.beforeMs + CLOCKS_DIFFER_MS >= writtenBeforeMs;
}

function hadWork(held: Held | undefined): held is Held {
  return held !== undefined && held.active + held.leases > 0;
}

interface Report {
  readonly figures: Figures;
  /** By its node's clock. */
  readonly writtenMs: number;
}

interface Message {
  readonly drained: boolean;
  readonly reason: string;
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly ended: string;
  readonly activeAtStart: number;
  readonly activeAtEnd: number;
  readonly leasesAtEnd: number;
  readonly finished: number;
  readonly farewell: number;
  readonly cut: number;
}

const MESSAGE: Shape = {
  record: {
    drained: 'boolean',
    reason: 'string',
    startedAt: 'string',
    tookSeconds: 'number',
    ended: 'string',
    activeAtStart: 'number',
    activeAtEnd: 'number',
    leasesAtEnd: 'number',
    finished: 'number',
    farewell: 'number',
    cut: 'number',
  },
};

function reportIn(text: string): Report | undefined {
  const message = parse(text);
  if (!fits<Message>(message, MESSAGE) || !message.drained) return undefined;
  const { reason, ended, tookSeconds, startedAt, activeAtEnd, ...read } = message;
  const { activeAtStart, leasesAtEnd, finished, farewell, cut } = read;
  const counts = { activeAtStart, leasesAtEnd, finished, farewell, cut };
  const areCounts = [activeAtEnd, ...Object.values(counts)].every(
    (count) => Number.isSafeInteger(count) && count >= 0,
  );
  const tookMs = tookSeconds * 1_000;
  const writtenMs = momentOf(startedAt) + tookMs;
  if (!areCounts || !(tookMs >= 0) || Number.isNaN(writtenMs)) return undefined;
  return { figures: { reason: plain(reason), ended, tookMs, ...counts }, writtenMs };
}

/** Whoever asked for the drain named the reason: it may have any characters. */
function plain(text: string): string {
  const shown = text.replace(/\p{C}|[\u2028\u2029]/gu, ' ').trim();
  return [...shown].slice(0, REASON_CHARACTERS_MAX).join('');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
