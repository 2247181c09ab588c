/**
 * What the admin port says, in words for people. Pure; moments come from the one who answered, so
 * that a wrong clock here changes nothing.
 */
import type { SafeToDelete, Status } from '../admin/contract.js';
import { momentOf } from '../clock.js';
import type { SettingFault } from '../errors.js';
import { count, span } from '../settings/amounts.js';

export { count, span };

type Phase = Status['phase'];
type Reason = NonNullable<SafeToDelete['reason']>;

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  serving: 'no drain is going on',
  settling: 'until load balancers stop sending; nothing is refused',
  draining: 'until work in progress has ended',
  closing: 'what remains is told to go; at the deadline it is cut',
  drained: 'nothing is left to wait for',
};

/** What a phase waits for; empty for one that is not known here. */
export function phaseWords(phase: Phase): string {
  return Object.hasOwn(PHASE_WORDS, phase) ? PHASE_WORDS[phase] : '';
}

/** The verdict as a sentence. */
export function verdictWords(verdict: SafeToDelete): string {
  if (verdict.safe) return 'safe to delete: nothing is at work';
  const { reason } = verdict;
  if (reason === undefined) return 'not safe to delete';
  return `not safe to delete: ${reasonWords(reason, verdict)}`;
}

function reasonWords(reason: Reason, { active, leases }: SafeToDelete): string {
  switch (reason) {
    case 'active':
      return active === 1
        ? '1 connection is still at work'
        : `${count(active)} connections are still at work`;
    case 'leases':
      return leases === 1 ? 'the app holds a lease' : `the app holds ${count(leases)} leases`;
    case 'settling':
      return 'load balancers may still send new work';
    case 'not-quiet':
      return 'nothing is at work, but not for long enough';
    case 'starting':
      return 'the app has not answered yet';
    default:
      // A newer tidegate may know more reasons.
      return reason;
  }
}

/** ISO 8601 as people read it. */
export function timeOf(moment: string): string {
  return moment.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC');
}

/** How long before `atMs` it was. */
export function spanSince(moment: string, atMs: number): string {
  return span((atMs - momentOf(moment)) / 1_000);
}

/** Without what would move the cursor or worse: a drain's reason may be anybody's text. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}

/** At most `columns` characters. */
export function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join('')}…`;
}

/** What cannot be used of a command line, and where to look. */
export function usageText(faults: readonly SettingFault[], command: string): string {
  const lines = faults.map(({ key, value, reason }) => plain(`${key} "${value}": ${reason}`));
  return `${lines.join('\n')}\nSee tidegate ${command} --help.\n`;
}
