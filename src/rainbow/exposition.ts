/**
 * Of what a pod's tidegate shows to Prometheus (text format 0.0.4), what tells how long its
 * connections live. Pure; lines in another form than a tidegate's are passed over.
 */

/** Of one kind, since its process began. */
export interface KindMetrics {
  readonly kind: string;
  /** Ended, by how many seconds they had been of that kind: up to `to`. */
  readonly ended: readonly { readonly to: number; readonly count: number }[];
  /** Those of them that did not come to their own end. */
  readonly endedByDrain: number;
  readonly active: number;
  readonly idle: number;
}

type Labels = ReadonlyMap<string, string>;

interface Line {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

const LINE = /^tidegate_(\w+)\{([^}]*)\} (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/gm;
const LABEL = /(\w+)="([^"]*)"/g;

export function readExposition(text: string): KindMetrics[] {
  const byKind = new Map<string, Line[]>();
  for (const [, name, labelText, value] of text.matchAll(LINE)) {
    const labels = new Map([...labelText.matchAll(LABEL)].map(([, key, word]) => [key, word]));
    const kind = labels.get('kind');
    if (kind === undefined) continue;
    const lines = byKind.get(kind) ?? [];
    lines.push({ name, labels, value: Number(value) });
    byKind.set(kind, lines);
  }
  return [...byKind].map(([kind, lines]) => readKind(kind, lines));
}

function readKind(kind: string, lines: readonly Line[]): KindMetrics {
  const sumOf = (name: string, key: string, words: readonly string[]): number =>
    lines
      .filter((line) => line.name === name && words.includes(line.labels.get(key) ?? ''))
      .reduce((total, { value }) => total + value, 0);
  return {
    kind,
    ended: bucketsOf(lines),
    endedByDrain: sumOf('connections_closed_total', 'ended_by', ['drain', 'deadline']),
    active: sumOf('connections', 'state', ['active']),
    idle: sumOf('connections', 'state', ['idle']),
  };
}

/** A histogram's buckets contain those below them. */
function bucketsOf(lines: readonly Line[]): KindMetrics['ended'] {
  const buckets = lines
    .filter(({ name }) => name === 'connection_duration_seconds_bucket')
    .map(({ labels, value }) => ({ to: boundOf(labels.get('le')), value }))
    .filter(({ to }) => to > 0)
    .sort((one, other) => one.to - other.to);
  return buckets.map(({ to, value }, at) => {
    const below = at === 0 ? 0 : buckets[at - 1].value;
    return { to, count: Math.max(0, value - below) };
  });
}

function boundOf(text: string | undefined): number {
  return text === '+Inf' ? Infinity : Number(text);
}
