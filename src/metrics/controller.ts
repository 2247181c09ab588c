/**
 * Every metric of the controller, under its outward name. Nothing is counted here: who composes the
 * controller hands in what reads each value at the moment of the scrape. The colours of many groups
 * would be many label sets: beyond a limit the rest is summed.
 */
import { type MetricsText, one, registered, type Row, type Sample } from './registry.js';

/** By the value of a label; each value that it can have is there. */
export type Counts = Readonly<Record<string, number>>;

export interface GroupCounts {
  readonly namespace: string;
  readonly group: string;
  /** Colours by their state, each state there. */
  readonly colours: Counts;
  /** When the oldest colour that still has pods lost its traffic, in ms of the day; undefined: none. */
  readonly oldestMs: number | undefined;
}

/** What is read at a scrape. */
export interface ControllerMetricsSources {
  readonly version: string;
  readonly isLeader: () => boolean;
  readonly isSynced: () => boolean;
  readonly pods: () => Counts;
  readonly heldPods: () => Counts;
  readonly heldBytes: () => Counts;
  readonly groups: () => readonly GroupCounts[];
  /** By action and result. */
  readonly actions: () => Readonly<Record<string, Counts>>;
  readonly goodbyes: () => Counts;
  readonly rights: () => readonly {
    readonly verb: string;
    readonly resource: string;
    readonly isMissing: boolean;
  }[];
  /** By verb and result. */
  readonly calls: () => Readonly<Record<string, Counts>>;
  /** By resource. */
  readonly watchRestarts: () => Counts;
  /** In ms of the day; undefined: never. */
  readonly lastLookMs: () => number | undefined;
  readonly lastSweepMs: () => number | undefined;
  readonly residentBytes: () => number;
}

const PREFIX = 'tidegate_controller_';
/** Pairs of namespace and group that have samples of their own. */
export const GROUPS_MAX = 200;
export const OTHER_GROUPS = '(other)';

/** Registers every metric. */
export function createControllerMetrics(from: ControllerMetricsSources): MetricsText {
  const gauges = [...stateRows(from), ...podRows(from), ...groupRows(from), ...momentRows(from)];
  return registered(PREFIX, { gauges, counters: counterRows(from), histograms: [] });
}

/** `{state: 'safe'}` and so on. */
function by(label: string, counts: Counts): readonly Sample[] {
  return Object.entries(counts).map(([value, count]): Sample => [{ [label]: value }, count]);
}

function byTwo(
  outer: string,
  inner: string,
  counts: Readonly<Record<string, Counts>>,
): readonly Sample[] {
  return Object.entries(counts).flatMap(([value, rest]) =>
    by(inner, rest).map(([labels, count]): Sample => [{ [outer]: value, ...labels }, count]),
  );
}

function stateRows(from: ControllerMetricsSources): readonly Row[] {
  const labels = { version: from.version, node_version: process.version };
  return [
    [
      'build_info',
      'Always 1; the labels tell what is running.',
      ['version', 'node_version'],
      () => [[labels, 1]],
    ],
    ['leader', '1 if this replica acts.', [], () => one(Number(from.isLeader()))],
    [
      'synced',
      '1 if all that it has the rights to see has been seen once.',
      [],
      () => one(Number(from.isSynced())),
    ],
    [
      'missing_right',
      '1 if the API server has refused this for want of a right, 0 if not.',
      ['verb', 'resource'],
      () =>
        from.rights().map(({ verb, resource, isMissing }): Sample => {
          return [{ verb, resource }, Number(isMissing)];
        }),
    ],
    [
      'process_resident_memory_bytes',
      'Memory of this process.',
      [],
      () => one(from.residentBytes()),
    ],
  ];
}

function podRows(from: ControllerMetricsSources): readonly Row[] {
  return [
    [
      'pods',
      'Pods with a tidegate, by whether they may be deleted; unknown is one that does not answer.',
      ['state'],
      () => by('state', from.pods()),
    ],
    [
      'held_pods',
      'Pods that are kept though no new traffic goes to them: terminating, or drained in an old colour.',
      ['state'],
      () => by('state', from.heldPods()),
    ],
    [
      'held_memory_bytes',
      'Memory that those pods request of their nodes.',
      ['state'],
      () => by('state', from.heldBytes()),
    ],
  ];
}

function groupRows(from: ControllerMetricsSources): readonly Row[] {
  return [
    [
      'colours',
      'Colours of a rainbow group, by how they stand.',
      ['namespace', 'group', 'state'],
      () =>
        bounded(from.groups()).flatMap(({ namespace, group, colours }) =>
          by('state', colours).map(([state, count]): Sample => [
            { namespace, group, ...state },
            count,
          ]),
        ),
    ],
    [
      'oldest_colour_timestamp_seconds',
      'When the oldest colour that still has pods lost its traffic; 0 if there is none.',
      ['namespace', 'group'],
      () =>
        bounded(from.groups()).map(({ namespace, group, oldestMs }): Sample => {
          return [{ namespace, group }, seconds(oldestMs)];
        }),
    ],
  ];
}

/** Beyond the limit one group stands for the rest, of all namespaces. */
function bounded(groups: readonly GroupCounts[]): readonly GroupCounts[] {
  if (groups.length <= GROUPS_MAX) return groups;
  const rest = groups.slice(GROUPS_MAX).reduce((sum, { colours, oldestMs = Infinity }) => ({
    namespace: OTHER_GROUPS,
    group: OTHER_GROUPS,
    colours: Object.fromEntries(
      Object.entries(sum.colours).map(([state, count]) => [state, count + (colours[state] ?? 0)]),
    ),
    oldestMs: Math.min(oldestMs, sum.oldestMs ?? Infinity),
  }));
  const oldestMs = rest.oldestMs === Infinity ? undefined : rest.oldestMs;
  const other = { ...rest, namespace: OTHER_GROUPS, group: OTHER_GROUPS, oldestMs };
  return [...groups.slice(0, GROUPS_MAX), other];
}

function momentRows(from: ControllerMetricsSources): readonly Row[] {
  return [
    [
      'last_look_timestamp_seconds',
      'When a pod was last asked; 0 if never.',
      [],
      () => one(seconds(from.lastLookMs())),
    ],
    [
      'last_sweep_timestamp_seconds',
      'When a rainbow group was last looked at; 0 if never.',
      [],
      () => one(seconds(from.lastSweepMs())),
    ],
  ];
}

function counterRows(from: ControllerMetricsSources): readonly Row[] {
  return [
    [
      'actions_total',
      'What was done: marks, Events and changes of colours, by result; planned is what a dry run would have done.',
      ['action', 'result'],
      () => byTwo('action', 'result', from.actions()),
    ],
    [
      'goodbyes_total',
      'Pods whose tidegate has ended, by whether all was drained, something was cut, or nothing was said.',
      ['outcome'],
      () => by('outcome', from.goodbyes()),
    ],
    [
      'api_calls_total',
      'Calls of the API server, by result: refused is a no, failed is no answer, or that it went wrong.',
      ['verb', 'result'],
      () => byTwo('verb', 'result', from.calls()),
    ],
    [
      'watch_restarts_total',
      'Watches that broke off before their time, and were begun anew.',
      ['resource'],
      () => by('resource', from.watchRestarts()),
    ],
  ];
}

function seconds(ms: number | undefined): number {
  return ms === undefined ? 0 : ms / 1_000;
}
