// From samples to text: medians with spread, ratios to the bare pipe, and the limits to reach.
// A ratio is the median of the rounds' own ratios: subject and pipe of one round met the same noise.
// Must never hide a miss: a limit that could not be measured is not held.

/** The name under which what is true of the whole machine is kept. */
export const MACHINE = 'machine';

const COLUMNS = [
  ['small', '128 B us'],
  ['large', '64 KiB us'],
  ['upload', 'upload us'],
  ['websocket', 'echo us'],
  ['soon', 'ws 2 s KB'],
  ['idle', 'ws idle KB'],
  ['base', 'base MB'],
  ['warm', 'warm MB'],
  ['start', 'start ms'],
];
const CPU_ROWS = ['small', 'large', 'upload', 'websocket'];
const HTTP_PROXIES = ['http-proxy keep-alive', 'http-proxy default'];
const PIPE_RATIO_MAX = 1.3;
const HTTP_PROXY_RATIO_MIN = 3.5;
const IDLE_KB_MAX = 5.5;
const START_LATER_MS_MAX = 150;
const BASE_ABOVE_MB_MAX = { 20: 12, later: 22 };

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle];
  return sorted.length === 0 ? undefined : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The values of one subject and column by round. */
export class Samples {
  #values = new Map();

  add(subject, column, round, value) {
    const key = `${subject}/${column}`;
    if (!this.#values.has(key)) this.#values.set(key, new Map());
    this.#values.get(key).set(round, value);
  }

  of(subject, column) {
    return [...(this.#values.get(`${subject}/${column}`)?.values() ?? [])];
  }

  middle(subject, column) {
    return median(this.of(subject, column));
  }

  /** combine(subject's, other's) of every round that has both; its median. */
  paired(subject, other, column, combine) {
    const theirs = this.#values.get(`${other}/${column}`);
    const both = [];
    for (const [round, value] of this.#values.get(`${subject}/${column}`) ?? []) {
      if (theirs?.has(round)) both.push(combine(value, theirs.get(round)));
    }
    return median(both);
  }

  toJSON() {
    return Object.fromEntries(
      [...this.#values].map(([key, rounds]) => [key, [...rounds.values()]]),
    );
  }
}

const ratio = (mine, theirs) => mine / theirs;
const difference = (mine, theirs) => mine - theirs;

function spread(values) {
  const half = (Math.max(...values) - Math.min(...values)) / 2;
  return `${Math.round((half / median(values)) * 100)}%`;
}

function cell(values) {
  if (values.length === 0) return '-';
  return `${median(values).toPrecision(3)} ±${spread(values)}`;
}

function table(head, lines) {
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column].length)));
  const text = (line) =>
    line.map((value, i) => (i ? value.padStart(widths[i]) : value.padEnd(widths[i]))).join(' | ');
  const rule = widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [text(head), rule.join(' | '), ...lines.map(text)].map((line) => `| ${line} |`).join('\n');
}

export function figures(subjects, samples) {
  const lines = subjects.map((name) => [
    name,
    ...COLUMNS.map(([column]) => cell(samples.of(name, column))),
  ]);
  return table(['median ± half the range', ...COLUMNS.map(([, title]) => title)], lines);
}

/** What each subject has of what `base` has, in the same rounds. */
export function ratios(subjects, samples, base, called) {
  const lines = subjects.map((name) => [
    name,
    ...COLUMNS.map(([column]) => samples.paired(name, base, column, ratio)?.toFixed(2) ?? '-'),
  ]);
  return table(
    [`ratio to ${called}`, ...COLUMNS.map(([, title]) => title.split(/ \w+$/)[0])],
    lines,
  );
}

/** Every limit as {what, value, limit, held}. */
export function limits(samples, nodeMajor) {
  const atMost = (what, value, limit) => ({
    what,
    value,
    limit: `<= ${limit}`,
    held: value <= limit,
  });
  const atLeast = (what, value, limit) => ({
    what,
    value,
    limit: `>= ${limit}`,
    held: value >= limit,
  });
  const baseMax = nodeMajor <= 20 ? BASE_ABOVE_MB_MAX[20] : BASE_ABOVE_MB_MAX.later;
  const toHttpProxies = HTTP_PROXIES.map((name) =>
    samples.paired(name, 'tidegate', 'small', ratio),
  );
  const cheaper = toHttpProxies.every((value) => value !== undefined)
    ? Math.min(...toHttpProxies)
    : undefined;
  const toPipe = (column, combine) => samples.paired('tidegate', 'pipe', column, combine);
  return [
    ...CPU_ROWS.map((row) => atMost(`${row}: CPU to the pipe`, toPipe(row, ratio), PIPE_RATIO_MAX)),
    atLeast('small: times cheaper than http-proxy at its best', cheaper, HTTP_PROXY_RATIO_MIN),
    atMost('idle: KB per WebSocket', samples.middle('tidegate', 'idle'), IDLE_KB_MAX),
    atMost('base: MB above the pipe', toPipe('base', difference), baseMax),
    atMost('start: ms after a bare Node server', toPipe('start', difference), START_LATER_MS_MAX),
  ];
}

export function limitLines(all) {
  return table(
    ['limit', 'measured', 'reach', ''],
    all.map(({ what, value, limit, held }) => [
      what,
      value?.toFixed(2) ?? '-',
      limit,
      value === undefined ? 'not measured' : held ? 'held' : 'NOT HELD',
    ]),
  );
}
