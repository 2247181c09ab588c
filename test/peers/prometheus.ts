/**
 * Debian's Prometheus as a peer: it scrapes a tidegate twice a second, or what its configuration has
 * it find, and a test asks it what it has seen, in its own language, over its HTTP API.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Test } from 'tap';
import { folderFor, freePort, serve } from './running.js';
import type { HostPort } from './tidegate.js';
import { until } from './until.js';

const INTERVAL_MS = 500;
/** A busy machine may be a few scrapes late. */
const SEEN_MS_MAX = 20_000;

/** What Prometheus has read about one family of metrics. */
export interface Family {
  readonly type: string;
  readonly help: string;
}

interface Answer<Data> {
  readonly status: string;
  readonly data: Data;
  readonly warnings?: readonly string[];
}

interface Vector {
  readonly result: readonly { readonly value: readonly [at: number, value: string] }[];
}

/** Something to be scraped. */
export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
}

/** A rule of its files, and what became of evaluating it: `unknown` until it was. */
export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly state?: string;
}

interface Targets {
  readonly activeTargets: readonly Target[];
}

interface Groups {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Matrix {
  readonly result: readonly Series[];
}

/** One line of a graph. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [at: number, value: string])[];
}

/** The body of the answer to a GET of this path. */
export type Get = (path: string) => Promise<string>;

export class Prometheus {
  /** Everything it has logged that is more than information. */
  readonly complaints: string[] = [];
  /** Where it is asked; empty if only `get` knows. */
  readonly url: string;
  private readonly get: Get;

  constructor(get: Get, url = '') {
    this.get = get;
    this.url = url;
  }

  /** Starts one that scrapes this admin port; resolves once it has done so. */
  static async start(
    t: Test,
    program: string,
    admin: HostPort,
    intervalMs = INTERVAL_MS,
  ): Promise<Prometheus> {
    const folder = folderFor(t);
    const port = await freePort();
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, configuration(admin, intervalMs));
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = await serve(t, program, args, port);
    const url = `http://127.0.0.1:${port}`;
    const get = async (path: string): Promise<string> => (await fetch(url + path)).text();
    const prometheus = new Prometheus(get, url);
    prometheus.listenTo(child.stderr);
    await prometheus.sees('up', 1);
    return prometheus;
  }

  /** Takes its log for complaints. */
  listenTo(log: Readable): void {
    log.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.split('\n').filter((line) => /level=(warn|error)/i.test(line));
      this.complaints.push(...lines);
    });
  }

  /** The one value of an expression at this moment; undefined if there is none. */
  async value(query: string): Promise<number | undefined> {
    const { result } = await this.ask<Vector>('query', { query });
    if (result.length > 1) throw new Error(`${result.length} values of ${query}`);
    return result.length === 0 ? undefined : Number(result[0].value[1]);
  }

  /** Waits until an expression has this value. */
  async sees(query: string, expected: number, timeoutMs = SEEN_MS_MAX): Promise<void> {
    let seen: number | undefined;
    const holds = async (): Promise<boolean> => {
      seen = await this.value(query);
      return seen === expected;
    };
    await until(holds, () => `${query} is ${expected}, not ${seen ?? 'absent'}`, timeoutMs);
  }

  /** What an expression has been for the last so many seconds, each second. */
  async range(query: string, seconds: number): Promise<readonly Series[]> {
    const end = Date.now() / 1_000;
    const over = { start: String(end - seconds), end: String(end), step: '1' };
    return (await this.ask<Matrix>('query_range', { query, ...over })).result;
  }

  async targets(): Promise<readonly Target[]> {
    return (await this.ask<Targets>('targets', { state: 'active' })).activeTargets;
  }

  async rules(): Promise<readonly Rule[]> {
    return (await this.ask<Groups>('rules')).groups.flatMap(({ rules }) => rules);
  }

  /** What was wrong with the last scrape; empty if nothing was. */
  async lastError(): Promise<string> {
    return (await this.targets()).map(({ lastError }) => lastError).join();
  }

  /** All families it has read, by name. */
  async families(): Promise<Record<string, Family>> {
    const all = await this.ask<Record<string, Family[]>>('metadata');
    return Object.fromEntries(Object.entries(all).map(([name, [family]]) => [name, family]));
  }

  private async ask<Data>(call: string, query: Record<string, string> = {}): Promise<Data> {
    const parameters = new URLSearchParams(query).toString();
    const path = `/api/v1/${call}?${parameters}`;
    const answer = JSON.parse(await this.get(path)) as Answer<Data>;
    const wrong = answer.status !== 'success' || (answer.warnings ?? []).length > 0;
    if (wrong) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}

const configuration = ({ host, port }: HostPort, intervalMs: number): string => `
global: { scrape_interval: ${intervalMs}ms, scrape_timeout: ${intervalMs}ms }
scrape_configs:
  - job_name: tidegate
    static_configs: [{ targets: ['${host}:${port}'] }]
`;
