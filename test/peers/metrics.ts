/**
 * A scrape as a test asks about it: reads the Prometheus text format 0.0.4, without any code of the
 * library that writes it.
 */

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

export class Metrics {
  readonly text: string;
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.text = text;
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(parseSample);
  }

  /** The one sample of that name whose labels include these; throws if there is not just one. */
  value(name: string, labels: Labels = {}): number {
    const found = this.matching(name, labels);
    if (found.length !== 1) {
      throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`);
    }
    return found[0].value;
  }

  /** The sum over all samples of that name whose labels include these. */
  sum(name: string, labels: Labels = {}): number {
    return this.matching(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** Open connections, of one kind or in one state if asked so. */
  open(labels: { readonly kind?: string; readonly state?: 'active' | 'idle' } = {}): number {
    return this.sum('tidegate_connections', labels);
  }

  private matching(name: string, labels: Labels): Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  }
}

function parseSample(line: string): Sample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name, labels = '', value] = match;
  const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key, text] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}
