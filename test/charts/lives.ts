/**
 * What a Prometheus has of pods with a tidegate: lives told in minutes, as series for `promtool test
 * rules`. A life is scraped four times a minute; what is said of it holds until something else is.
 */
import { PHASES, type Phase } from '../../src/drain/phase.js';
import type { Kind } from '../../src/protocol/contract.js';

export interface Series {
  readonly series: string;
  readonly values: string;
}

/** What a pod tells; times in minutes. Counters stand for themselves: the value, not the rise. */
export interface Told {
  readonly phase?: Phase;
  readonly start?: number;
  readonly deadline?: number;
  readonly active?: Readonly<Partial<Record<Kind, number>>>;
  /** When the oldest connection of each kind began. */
  readonly oldest?: Readonly<Partial<Record<Kind, number>>>;
  readonly finished?: number;
  readonly farewell?: number;
  readonly cut?: number;
  /** Sockets that have come; those of probes and health checks are plain requests. */
  readonly opened?: number;
  readonly probed?: number;
  readonly appUp?: 0 | 1;
  readonly connectErrors?: number;
}

export interface PodLabels {
  readonly pod: string;
  readonly app?: string;
  readonly colour?: string;
  readonly instance?: string;
  readonly namespace?: string;
  readonly job?: string;
  readonly cluster?: string;
}

export const SCRAPES_PER_MINUTE = 4;
const MINUTE = 60;
const SERVING: Told = { phase: 'serving', appUp: 1 };

export class Life {
  private readonly labels: Readonly<Record<string, string>>;
  private readonly samples = new Map<string, string[]>();
  private told: Told = SERVING;
  private scrapes = 0;

  constructor(labels: PodLabels | string, bornAt = 0) {
    const { pod, app = 'chat', colour = 'blue', instance = `${pod}:9180`, ...others } =
      typeof labels === 'string' ? { pod: labels } : labels;
    const target = { namespace: 'web', pod, instance, app, job: 'tidegate', ...others };
    this.labels = colour === '' ? target : { ...target, colour };
    this.skip(bornAt);
  }

  /** Is scraped until `minute`, and tells this, and what it has told before. */
  until(minute: number, told: Told = {}): this {
    this.told = { ...this.told, ...told };
    const all = samplesOf(this.told);
    while (this.scrapes < minute * SCRAPES_PER_MINUTE) this.scrape({ ...all, up: 1 });
    return this;
  }

  /** Begins anew within its pod: a sidecar that has been restarted knows of nothing before. */
  restarts(): this {
    this.told = SERVING;
    return this;
  }

  /** Does not answer, but is still there. */
  hangsUntil(minute: number): this {
    while (this.scrapes < minute * SCRAPES_PER_MINUTE) this.scrape({ up: 0 });
    return this;
  }

  /** Is no target any more. */
  gone(): this {
    this.scrape({});
    return this;
  }

  get series(): Series[] {
    return [...this.samples].map(([series, values]) => ({ series, values: values.join(' ') }));
  }

  private skip(minutes: number): void {
    this.scrapes = minutes * SCRAPES_PER_MINUTE;
  }

  /** One round: a series that was there and is not told of any more becomes stale, as on a server. */
  private scrape(all: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(all)) {
      this.valuesOf(seriesName(name, this.labels)).push(String(value));
    }
    this.scrapes++;
    for (const values of this.samples.values()) {
      if (values.length === this.scrapes) continue;
      const before = values.at(-1);
      values.push(before === 'stale' || before === '_' ? '_' : 'stale');
    }
  }

  private valuesOf(series: string): string[] {
    const known = this.samples.get(series);
    if (known !== undefined) return known;
    const values = Array.from({ length: this.scrapes }, () => '_');
    this.samples.set(series, values);
    return values;
  }
}

/** Any other series: a value until each of these minutes. */
export function steady(
  name: string,
  labels: Readonly<Record<string, string>>,
  ...parts: readonly (readonly [untilMinute: number, value: number | undefined])[]
): Series {
  const values: string[] = [];
  for (const [minute, value] of parts) {
    while (values.length < minute * SCRAPES_PER_MINUTE) {
      const isEnd = value === undefined && /\d$/.test(values.at(-1) ?? '');
      values.push(isEnd ? 'stale' : String(value ?? '_'));
    }
  }
  return { series: seriesName(name, labels), values: values.join(' ') };
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const [bare, own = ''] = name.split('{');
  const target = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return `${bare}{${[...target, ...own.replace('}', '').split(',')].filter(Boolean).join(',')}}`;
}

function samplesOf(told: Told): Record<string, number> {
  const samples: Record<string, number> = {
    tidegate_drain_start_timestamp_seconds: (told.start ?? 0) * MINUTE,
    tidegate_drain_deadline_timestamp_seconds: (told.deadline ?? 0) * MINUTE,
    'tidegate_connections_opened_total{kind="http1"}': told.probed ?? 0,
    'tidegate_connections_opened_total{kind="websocket"}': told.opened ?? 0,
    tidegate_app_up: told.appUp ?? 0,
    tidegate_app_connect_errors_total: told.connectErrors ?? 0,
  };
  for (const phase of PHASES) {
    samples[`tidegate_phase{phase="${phase}"}`] = Number(told.phase === phase);
  }
  for (const outcome of ['finished', 'farewell', 'cut'] as const) {
    samples[`tidegate_drain_endings_total{outcome="${outcome}"}`] = told[outcome] ?? 0;
  }
  for (const kind of ['http1', 'websocket'] as const) {
    const labels = `{kind="${kind}",state="active"}`;
    samples[`tidegate_connections${labels}`] = told.active?.[kind] ?? 0;
    const oldest = (told.oldest?.[kind] ?? 0) * MINUTE;
    samples[`tidegate_oldest_connection_start_timestamp_seconds{kind="${kind}"}`] = oldest;
  }
  return samples;
}
