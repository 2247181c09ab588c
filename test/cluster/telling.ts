/**
 * What a load driver's report says, in the lines that a reader of a test's output wants: the counts
 * first, then whatever went wrong, with its reason.
 */
import type { Test } from 'tap';
import { type Report, WEB_SOCKET_LANES } from '../peers/load/contract.js';

const TOLD_MAX = 20;

/** Comments of the test: what was asked, what came of it. */
export function tell(t: Test, report: Report): void {
  for (const line of [...linesOf(report), ...faultsOf(report)]) t.comment(line);
}

function linesOf(report: Report): readonly string[] {
  return [...requestLines(report), ...streamLines(report), ...webSocketLines(report)];
}

function requestLines({ requests }: Report): readonly string[] {
  const asked = Object.entries(requests).filter(([, { sent }]) => sent > 0);
  return asked.map(([lane, { sent, ok, failures, repeatedAfterFin, slowestMs, ...counts }]) => {
    const { connections, resets, slowestExcessMs } = counts;
    const beyond = slowestExcessMs === slowestMs ? '' : `, ${rounded(slowestExcessMs)} beyond`;
    return (
      `${lane}: ${sent} sent on ${connections}, ${ok} answered, ${listed(failures)}, ` +
      `${resets} resets, ${repeatedAfterFin} repeated after a FIN, slowest ${rounded(slowestMs)} ms${beyond}`
    );
  });
}

function streamLines({ streams }: Report): readonly string[] {
  const { opened, endedWhole, cutByFin, cutByReset, events, gaps, failures, ...counts } = streams;
  const { resets, retryFields } = counts;
  if (opened === 0) return [];
  return [
    `streams: ${opened} opened, ${endedWhole} ended whole, ${cutByFin} cut by FIN, ` +
      `${cutByReset} by reset, ${resets} resets, ${retryFields} retry fields, ` +
      `${events} events, ${gaps} gaps, ${listed(failures)}`,
  ];
}

function webSocketLines({ webSockets }: Report): readonly string[] {
  const lanes = WEB_SOCKET_LANES.filter((lane) => webSockets[lane].opened > 0);
  if (lanes.length === 0) return [];
  const lines = lanes.map((lane) => {
    const { opened, closes, sent, unanswered, lost, failures, ...counts } = webSockets[lane];
    const { oldestCrossedMs, resets, slowestEchoMs, unclean } = counts;
    const codes = Object.entries(closes).map(([code, count]) => `${count} with ${code}`);
    return (
      `WebSockets ${lane}: ${opened} opened, closed: ${codes.join(', ') || 'none'}, ` +
      `${unclean} of them unclean, ${resets} resets, ${sent} messages, ${unanswered} unanswered, ` +
      `${lost} lost, the oldest to cross a Close ${rounded(oldestCrossedMs)} ms, ` +
      `${listed(failures)}, slowest echo ${rounded(slowestEchoMs)} ms`
    );
  });
  return [...lines, `closes in the fullest second: ${webSockets.closesPerSecondMax}`];
}

/** The first of what went wrong or took long. */
function faultsOf({ longAnswersFirst, failuresFirst }: Report): readonly string[] {
  return [
    ...longAnswersFirst.map(
      ({ lane, ms, atMs }) => `long: ${lane} ${rounded(ms)} ms at ${rounded(atMs)} ms`,
    ),
    ...failuresFirst
      .slice(0, TOLD_MAX)
      .map(
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
