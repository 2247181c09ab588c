/**
 * Every metric of the sidecar, under its outward name. Nothing is counted here: values are read from
 * the rooms below at the moment of the scrape, so that a scrape costs the same at any number of
 * connections.
 */
import type { Clock } from './clock.js';
import type { DrainController } from './drain/controller.js';
import { PHASES } from './drain/phase.js';
import {
  type HistogramRow,
  type MetricsText,
  one,
  registered,
  type Row,
  type Sample,
} from './metrics/registry.js';
import { GIVE_UP_REASONS, KINDS } from './protocol/contract.js';
import type { Tracker } from './tracker.js';
import { ENDED_BY } from './tunnel/events.js';

export type { MetricsText } from './metrics/registry.js';

/** What is read at a scrape. */
export interface MetricsSources {
  readonly clock: Clock;
  readonly tracker: Tracker;
  readonly drain: DrainController;
  readonly health: { readonly up: boolean };
  readonly version: string;
}

const PREFIX = 'tidegate_';

/** Registers every metric. */
export function createMetrics(from: MetricsSources): MetricsText {
  return registered(PREFIX, {
    gauges: gauges(from),
    counters: counters(from),
    histograms: histograms(from),
  });
}

function gauges(from: MetricsSources): readonly Row[] {
  return [buildRow(from), ...connectionRows(from), ...drainRows(from), ...appRows(from)];
}

function buildRow({ version }: MetricsSources): Row {
  const labels = { version, node_version: process.version };
  const help = 'Always 1; the labels tell what is running.';
  return ['build_info', help, ['version', 'node_version'], () => [[labels, 1]]];
}

function connectionRows(from: MetricsSources): readonly Row[] {
  const { tracker } = from;
  return [
    [
      'connections',
      'Open connections by what they carry, active with work in progress, idle without.',
      ['kind', 'state'],
      () =>
        KINDS.flatMap((kind): Sample[] => [
          [{ kind, state: 'active' }, tracker.active[kind]],
          [{ kind, state: 'idle' }, tracker.idle[kind]],
        ]),
    ],
    [
      'requests_in_flight',
      'HTTP requests that have begun and have no whole answer yet, those of probes among them.',
      [],
      () => one(tracker.requestsInFlight),
    ],
    [
      'oldest_connection_start_timestamp_seconds',
      'When the connection that has been of its kind for longest became so; 0 if there is none.',
      ['kind'],
      () =>
        KINDS.map((kind): Sample => {
          const oldestMs = tracker.oldestMs(kind);
          return [{ kind }, oldestMs === undefined ? 0 : timestamp(from, oldestMs)];
        }),
    ],
  ];
}

function drainRows(from: MetricsSources): readonly Row[] {
  const { drain } = from;
  const at = (ms: number | undefined): readonly Sample[] =>
    one(ms === undefined ? 0 : timestamp(from, ms));
  return [
    [
      'phase',
      '1 for the phase the drain is in, 0 for the others.',
      ['phase'],
      () => PHASES.map((phase): Sample => [{ phase }, Number(drain.phase === phase)]),
    ],
    [
      'safe_to_delete',
      '1 if the pod may be deleted now.',
      [],
      () => one(Number(drain.verdict().safe)),
    ],
    [
      'quiet_since_timestamp_seconds',
      'Since when there has been no work and no lease; 0 while something is active.',
      [],
      () => at(drain.quietSinceMs),
    ],
    [
      'drain_start_timestamp_seconds',
      'When the drain began; 0 without one.',
      [],
      () => at(drain.budget?.startMs),
    ],
    [
      'drain_deadline_timestamp_seconds',
      'When what is left will be cut; 0 without a drain.',
      [],
      () => at(drain.budget?.deadlineMs),
    ],
    ['leases', 'Leases that are held: background work of the app.', [], () => one(drain.leases)],
  ];
}

function appRows({ health }: MetricsSources): readonly Row[] {
  return [['app_up', '1 if the app answered when last asked.', [], () => one(Number(health.up))]];
}

function counters({ tracker }: MetricsSources): readonly Row[] {
  return [
    [
      'connections_opened_total',
      'How often a connection became this kind; one that is upgraded counts under two.',
      ['kind'],
      () => KINDS.map((kind): Sample => [{ kind }, tracker.openedAs[kind]]),
    ],
    [
      'connections_closed_total',
      'Connections that ended, by the kind they had then and by who ended them.',
      ['kind', 'ended_by'],
      () =>
        KINDS.flatMap((kind) =>
          ENDED_BY.map((by): Sample => [{ kind, ended_by: by }, tracker.closedBy[kind][by]]),
        ),
    ],
    [
      'http_requests_total',
      'HTTP requests answered, by the class of the final status.',
      ['code'],
      () =>
        [1, 2, 3, 4, 5].map((digit): Sample => {
          return [{ code: `${digit}xx` }, tracker.answeredClass[digit]];
        }),
    ],
    ['received_bytes_total', 'Bytes from clients.', [], () => one(tracker.receivedBytes)],
    ['sent_bytes_total', 'Bytes to clients.', [], () => one(tracker.sentBytes)],
    [
      'drain_endings_total',
      'Requests, sockets and streams that ended during a drain, by how.',
      ['outcome'],
      () => [
        [{ outcome: 'finished' }, tracker.finished],
        [{ outcome: 'farewell' }, tracker.farewell],
        [{ outcome: 'cut' }, tracker.cut],
      ],
    ],
    [
      'late_requests_total',
      'HTTP requests that came after a drain had begun, by what became of them; second_chance also counts those before.',
      ['answer'],
      () => [
        [{ answer: 'served' }, Math.max(0, servedLate(tracker))],
        [{ answer: 'refused' }, tracker.lateRefused],
        [{ answer: 'second_chance' }, tracker.secondChances],
      ],
    ],
    [
      'app_connect_errors_total',
      'Attempts to connect to the app that failed.',
      [],
      () => one(tracker.appConnectErrors),
    ],
    [
      'observer_gave_up_total',
      'Connections carried on unread because what they carry could not be followed.',
      ['reason'],
      () => GIVE_UP_REASONS.map((reason): Sample => [{ reason }, tracker.gaveUpFor[reason]]),
    ],
  ];
}

function histograms({ tracker }: MetricsSources): readonly HistogramRow[] {
  return [
    [
      'connection_duration_seconds',
      'For how long connections that ended had been of their kind.',
      ['kind'],
      () => KINDS.map((kind) => [{ kind }, tracker.connectionSeconds[kind]]),
    ],
    [
      'http_request_duration_seconds',
      "From a request's first byte to the last byte of it and its answer.",
      [],
      () => [[{}, tracker.requestSeconds]],
    ],
  ];
}

function servedLate({ lateRequests, lateRefused, lateSecondChances }: Tracker): number {
  return lateRequests - lateRefused - lateSecondChances;
}

function timestamp({ clock }: MetricsSources, ms: number): number {
  return clock.wallAt(ms).getTime() / 1_000;
}
