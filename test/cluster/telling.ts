/**
 * What a load driver's report says, in the lines that a reader of a test's output wants: the counts
 * first, then whatever went wrong, with its reason.
 */
import type { Test } from 'tap';
import type { Report } from '../peers/load/contract.js';

/** Comments of the test: what was asked, what came of it. */
export function tell(t: Test, report: Report): void {
  for (const line of linesOf(report)) t.comment(line);
}

export function linesOf(report: Report): readonly string[] {
  const { streams, webSockets } = report;
  const asked = Object.entries(report.requests).filter(([, { sent }]) => sent > 0);
  const requests = asked.map(([lane, counts]) => {
    const { sent, ok, failures, repeatedAfterFin, slowestMs, slowestExcessMs } = counts;
    const excess = slowestExcessMs === slowestMs ? '' : `, ${rounded(slowestExcessMs)} beyond`;
    const slowest = `slowest ${rounded(slowestMs)} ms${excess}`;
    return `${lane}: ${sent} sent, ${ok} answered, ${listed(failures)}, ${repeatedAfterFin} repeated after a FIN, ${slowest}`;
  });
  const { opened, endedWhole, cutByFin, cutByReset, events, gaps } = streams;
  return [
    ...requests,
    `streams: ${opened} opened, ${endedWhole} ended whole, ${cutByFin} cut by FIN, ${cutByReset} by reset, ` +
      `${events} events, ${gaps} gaps, ${listed(streams.failures)}`,
    ...(['plain', 'deflate'] as const).map((lane) => {
      const counts = webSockets[lane];
      const closes = Object.entries(counts.closes).map(([code, count]) => `${count} with ${code}`);
      return (
        `WebSockets ${lane}: ${counts.opened} opened, closed: ${closes.join(', ') || 'none'}, ` +
        `${counts.sent} messages, ${counts.unanswered} unanswered, ${listed(counts.failures)}, ` +
        `slowest echo ${rounded(counts.slowestEchoMs)} ms`
      );
    }),
    `closes in the fullest second: ${webSockets.closesPerSecondMax}; answers over 1 s without cause: ${report.longAnswers}`,
    ...report.longAnswersFirst.map(
      ({ lane, ms, atMs }) => `long: ${lane} ${rounded(ms)} ms at ${rounded(atMs)} ms`,
    ),
    ...report.failuresFirst.map(
      ({ lane, failure, atMs, detail }) =>
        `failed: ${lane} ${failure} at ${rounded(atMs)} ms: ${detail}`,
    ),
  ];
}

const rounded = (ms: number): string => ms.toFixed(0);

function listed(failures: Readonly<Record<string, number>>): string {
  const parts = Object.entries(failures).map(([failure, count]) => `${count} ${failure}`);
  return parts.length === 0 ? 'no failure' : `failures: ${parts.join(', ')}`;
}
