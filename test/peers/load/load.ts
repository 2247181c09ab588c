/**
 * A whole load: as many lanes as the plan has, begun evenly spread, and one ledger for all of them.
 * It ends without loss: nothing new is begun, what is in progress is done first.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type Plan, type Report, REQUEST_LANES, WEB_SOCKET_LANES } from './contract.js';
import { Ledger } from './ledger.js';
import type { At } from './parting.js';
import type { Job, Lane } from './pause.js';
import { RequestLane } from './request-lane.js';
import { StreamLane } from './stream-lane.js';
import { WebSocketLane } from './web-socket-lane.js';

const RAMP_MS = 1_000;
const TIMEOUT_MS = 20_000;
const FINISH_MS = 5_000;
const SLOW_MS = 2_000;
const BODY_BYTES = 4_096;
const MESSAGE_BYTES = 64;
const DELAY_RESOLUTION_MS = 20;

export class Load {
  private readonly ledger = new Ledger();
  private readonly plan: Plan;
  private readonly lanes: readonly Lane[];
  private readonly runs: Promise<unknown>;
  private readonly delay: IntervalHistogram;

  /** Begins at once. `target` is what the Host field says of `at`. */
  constructor(at: At, target: string, plan: Plan) {
    const { rampMs = RAMP_MS, timeoutMs = TIMEOUT_MS, reopens = true } = plan;
    this.plan = plan;
    this.delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    this.delay.enable();
    this.lanes = lanesOf(plan, { at, target, ledger: this.ledger, timeoutMs, reopens });
    const stepMs = rampMs / this.lanes.length;
    this.runs = Promise.all(this.lanes.map((lane, number) => lane.run(number * stepMs)));
  }

  /** Resolves once everything is done and closed. */
  async stop(): Promise<void> {
    for (const lane of this.lanes) lane.finish();
    const late = setTimeout(() => {
      for (const lane of this.lanes) lane.abandon();
    }, this.plan.finishMs ?? FINISH_MS);
    await this.runs;
    clearTimeout(late);
  }

  report(): Report {
    const { ledger } = this;
    const { closes } = ledger;
    const { user, system } = process.cpuUsage();
    return {
      forMs: ledger.atMs,
      startedMs: Date.now() - ledger.atMs,
      failed: ledger.failed,
      requests: ledger.requests,
      streams: { ...ledger.streams, endsPerSecondMax: ledger.streamEnds.max },
      webSockets: {
        ...ledger.webSockets,
        closesPerSecondMax: closes.max,
        ...(closes.firstAtMs === undefined ? {} : { firstCloseAtMs: closes.firstAtMs }),
        ...(closes.lastAtMs === undefined ? {} : { lastCloseAtMs: closes.lastAtMs }),
      },
      longAnswers: ledger.longAnswers,
      longAnswersFirst: ledger.longAnswersFirst,
      failuresFirst: ledger.failuresFirst,
      cpuMs: Math.round((user + system) / 1_000),
      blockedMs: Math.max(0, Math.round(this.delay.max / 1e6) - DELAY_RESOLUTION_MS),
    };
  }
}

/** All lanes of a plan, those of a kind not one after the other. */
function lanesOf(plan: Plan, job: Job): readonly Lane[] {
  const { bodyBytes = BODY_BYTES, messageBytes = MESSAGE_BYTES, slowMs = SLOW_MS } = plan;
  const { streams, webSockets } = plan;
  const kinds: (readonly Lane[])[] = REQUEST_LANES.map((name) => {
    const { lanes = 0, pauseMs = 0, requestsMax = Infinity, chunks = false } = plan[name] ?? {};
    const manner = { pauseMs, requestsMax, chunks, slowMs, bodyBytes };
    return times(lanes, () => new RequestLane(name, manner, job));
  });
  kinds.push(times(streams?.lanes ?? 0, () => new StreamLane(streams?.everyMs ?? 0, job)));
  for (const name of WEB_SOCKET_LANES) {
    const talk = { everyMs: webSockets?.everyMs ?? 0, bytes: messageBytes };
    kinds.push(times(webSockets?.[name] ?? 0, () => new WebSocketLane(name, talk, job)));
  }
  return kinds
    .flatMap((lanes) => lanes.map((lane, number) => ({ lane, at: number / lanes.length })))
    .sort((one, other) => one.at - other.at)
    .map(({ lane }) => lane);
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
