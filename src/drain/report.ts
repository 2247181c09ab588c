/**
 * What a drain leaves behind: for the log, for the pod's termination message, for whoever asks
 * afterwards why it went as it did. Pure.
 */

/** The kubelet takes 4,096 bytes of all containers together; ours stays under a quarter. */
export const MESSAGE_BYTES_MAX = 1_023;
const REASON_CHARACTERS_MAX = 100;

export interface DrainReport {
  /** Why it began. */
  readonly reason: string;
  /** Why it ended. */
  readonly ended: 'finished' | 'deadline' | 'app-gone' | 'now';
  readonly startedAt: Date;
  readonly tookMs: number;
  /** Connections at work when it began, and when it ended. */
  readonly activeAtStart: number;
  readonly activeAtEnd: number;
  /** Leases that were still held when it ended; they are no part of the counts below. */
  readonly leasesAtEnd: number;
  /** Requests, sockets and streams: that ended by themselves, were said goodbye to, were cut. */
  readonly finished: number;
  readonly farewell: number;
  readonly cut: number;
}

/** One line of JSON, short enough for the pod's status. */
export function terminationMessage(report: DrainReport): string {
  const { startedAt, tookMs, reason, ...counts } = report;
  const told = {
    drained: true,
    reason: [...reason].slice(0, REASON_CHARACTERS_MAX).join(''),
    startedAt: startedAt.toISOString(),
    tookSeconds: Math.round(tookMs / 100) / 10,
    ...counts,
  };
  return `${JSON.stringify(told)}\n`;
}
