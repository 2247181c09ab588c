/**
 * What is to be written on a pod for what is said of it, and what of that stands already. The
 * verdict names which of Kubernetes' own marks are ours; what somebody else has written is left as
 * it is. Pure.
 */
import {
  DELETION_COST_ANNOTATION,
  SAFE_TO_DELETE_LABEL,
  SAFE_TO_EVICT_ANNOTATION,
  VERDICT_ANNOTATION,
} from '../kubernetes/keys.js';
import { UNKNOWN_REASONS } from '../rainbow/contract.js';
import { isFields, textAt } from '../rainbow/objects.js';
import { IDLE_COST } from '../rainbow/removal-order.js';
import { type Level, LEVELS, type Marks, type WatchedPod } from './contract.js';
import { costOf } from './levels.js';
import type { Summary } from './summary.js';

export interface MarkSettings {
  /** If not, nothing of ours is left on any pod. */
  readonly marks: boolean;
  /** The cost of a pod's deletion is written. */
  readonly deletionCost: boolean;
  /** `veto`: only that it is not safe to evict. */
  readonly safeToEvict: 'veto' | 'both' | 'off';
}

/** Of Kubernetes' own marks. */
export type OwnMark = 'cost' | 'evict';

/** As people know them. */
export const OWN_MARKS: Readonly<Record<OwnMark, string>> = {
  cost: DELETION_COST_ANNOTATION,
  evict: SAFE_TO_EVICT_ANNOTATION,
};

/** What the verdict on a pod says; what it does not say, or not so that it is read, is not there. */
export interface Recorded {
  readonly summary: Summary | undefined;
  /** As they were written here. */
  readonly cost: string | undefined;
  readonly evict: string | undefined;
}

export interface Wanted {
  readonly marks: Marks;
  /** Somebody else's. */
  readonly foreign: readonly OwnMark[];
}

/** As rainbow writes it, where a pod may go first; it takes it back itself from one that stays. */
const RAINBOWS = String(IDLE_COST);
/** The same as none: rainbow leaves it behind. */
const NO_COST = '0';
/** Of who says nothing, and had none: behind those who are known to be idle. */
const UNKNOWN_COST = String(costOf('few'));

const NOTHING: Recorded = { summary: undefined, cost: undefined, evict: undefined };

export function recordedOn({ verdict }: Marks): Recorded {
  if (verdict === undefined) return NOTHING;
  let fields: unknown;
  try {
    fields = JSON.parse(verdict);
  } catch {
    return NOTHING;
  }
  if (!isFields(fields)) return NOTHING;
  const { safe, cost } = fields;
  const reason = textAt(fields, 'reason');
  const level = LEVELS.find((one) => one === fields['level']);
  const isUnknown = UNKNOWN_REASONS.some((one) => one === reason);
  return {
    summary: typeof safe === 'boolean' ? { safe, reason, isUnknown, level } : undefined,
    cost: typeof cost === 'number' ? String(cost) : undefined,
    evict: textAt(fields, 'evict'),
  };
}

/** Nothing is written on what does not run yet, or goes. */
export function isMarkable({ pod, isTerminating }: WatchedPod): boolean {
  return pod !== undefined && pod.facts.phase !== 'Pending' && !isTerminating;
}

/**
 * `isOlder`: rainbow's cost came after the pod was looked at, so that it may know better what is at
 * work there.
 */
export function wantedFor(
  marks: Marks,
  summary: Summary,
  settings: MarkSettings,
  isOlder = false,
): Wanted {
  const recorded = recordedOn(marks);
  const known = summary.isUnknown ? undefined : summary.level;
  const cost = costFor(marks.cost, recorded.cost, known, settings, isOlder);
  const evict = evictFor(marks.evict, recorded.evict, summary.safe, settings);
  const { safe, reason, level } = summary;
  const verdict = JSON.stringify({
    safe,
    reason,
    level,
    cost: cost.isOurs ? Number(cost.value) : undefined,
    evict: evict.isOurs ? evict.value : undefined,
  });
  const foreign: OwnMark[] = [];
  if (cost.isForeign) foreign.push('cost');
  if (evict.isForeign) foreign.push('evict');
  return {
    marks: { safe: String(safe), verdict, cost: cost.value, evict: evict.value },
    foreign,
  };
}

/** What is left of them when nothing is to be marked: what somebody else has written. */
export function withoutOurs(marks: Marks): Marks {
  const { cost, evict } = recordedOn(marks);
  return {
    safe: undefined,
    verdict: undefined,
    cost: marks.cost === cost ? undefined : marks.cost,
    evict: marks.evict === evict ? undefined : marks.evict,
  };
}

/** One of Kubernetes' own marks as it is to be. */
interface Own {
  readonly value: string | undefined;
  readonly isOurs: boolean;
  readonly isForeign: boolean;
}

const leave = (value: string | undefined): Own => ({ value, isOurs: false, isForeign: false });
const foreign = (value: string): Own => ({ value, isOurs: false, isForeign: true });
const ours = (value: string): Own => ({ value, isOurs: true, isForeign: false });

function costFor(
  stands: string | undefined,
  recorded: string | undefined,
  level: Level | undefined,
  { deletionCost }: MarkSettings,
  isOlder: boolean,
): Own {
  const isOurs = stands !== undefined && stands === recorded;
  const isRainbows = stands === RAINBOWS;
  const isFree = stands === undefined || stands === NO_COST || isRainbows;
  if (!isOurs && !isFree) return foreign(stands);
  if (!deletionCost) return isOurs ? leave(undefined) : leave(stands);
  if (isRainbows && isOlder) return leave(stands);
  // Of who says nothing nothing is known: what it cost it costs, and it goes before nobody.
  if (level === undefined) return ours(isOurs ? stands : UNKNOWN_COST);
  if (level === 'idle') return isOurs ? leave(undefined) : leave(stands);
  return ours(String(costOf(level)));
}

function evictFor(
  stands: string | undefined,
  recorded: string | undefined,
  safe: boolean,
  { safeToEvict }: MarkSettings,
): Own {
  if (stands !== undefined && stands !== recorded) return foreign(stands);
  if (safeToEvict === 'off' || (safeToEvict === 'veto' && safe)) return leave(undefined);
  return ours(String(safe));
}

/** A merge patch that makes of what stands what is wanted; undefined if it is that already. */
export function patchFor({ uid, marks }: WatchedPod, wanted: Marks): object | undefined {
  const labels = changed([[SAFE_TO_DELETE_LABEL, marks.safe, wanted.safe]]);
  const annotations = changed([
    [VERDICT_ANNOTATION, marks.verdict, wanted.verdict],
    [DELETION_COST_ANNOTATION, marks.cost, wanted.cost],
    [SAFE_TO_EVICT_ANNOTATION, marks.evict, wanted.evict],
  ]);
  if (labels === undefined && annotations === undefined) return undefined;
  return {
    metadata: {
      uid,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

type Change = readonly [key: string, stands: string | undefined, wanted: string | undefined];

function changed(all: readonly Change[]): Record<string, string | null> | undefined {
  const differing = all.filter(([, stands, wanted]) => stands !== wanted);
  if (differing.length === 0) return undefined;
  return Object.fromEntries(differing.map(([key, , wanted]) => [key, wanted ?? null]));
}
