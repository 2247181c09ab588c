/**
 * Debian's Prometheus as a peer: it scrapes a tidegate twice a second, and a test asks it what it
 * has seen, in its own language, over its HTTP API.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

interface Targets {
  readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
}

export class Prometheus {
  /** Everything it has logged that is more than information. */
  readonly complaints: string[] = [];
  private readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  /** Starts one that scrapes this admin port; resolves once it has done so. */
  static async start(t: Test, program: string, admin: HostPort): Promise<Prometheus> {
    const folder = folderFor(t);
    const port = await freePort();
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, configuration(admin));
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = await serve(t, program, args, port);
    const prometheus = new Prometheus(port);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.split('\n').filter((line) => /level=(warn|error)/i.test(line));
      prometheus.complaints.push(...lines);
    });
    await prometheus.sees('up', 1);
    return prometheus;
  }

  /** The one value of an expression at this moment; undefined if there is none. */
  async value(query: string): Promise<number | undefined> {
    const { result } = await this.ask<Vector>('query', { query });
    if (result.length > 1) throw new Error(`${result.length} values of ${query}`);
    return result.length === 0 ? undefined : Number(result[0].value[1]);
  }

  /** Waits until an expression has this value. */
  async sees(query: string, expected: number): Promise<void> {
    let seen: number | undefined;
    const holds = async (): Promise<boolean> => {
      seen = await this.value(query);
      return seen === expected;
    };
    await until(holds, () => `${query} is ${expected}, not ${seen ?? 'absent'}`, SEEN_MS_MAX);
  }

  /** What was wrong with the last scrape; empty if nothing was. */
  async lastError(): Promise<string> {
    const { activeTargets } = await this.ask<Targets>('targets', { state: 'active' });
    return activeTargets.map(({ lastError }) => lastError).join();
  }

  /** All families it has read, by name. */
  async families(): Promise<Record<string, Family>> {
    const all = await this.ask<Record<string, Family[]>>('metadata');
    return Object.fromEntries(Object.entries(all).map(([name, [family]]) => [name, family]));
  }

  private async ask<Data>(call: string, query: Record<string, string> = {}): Promise<Data> {
    const parameters = new URLSearchParams(query).toString();
    const url = `http://127.0.0.1:${this.port}/api/v1/${call}?${parameters}`;
    const answer = (await (await fetch(url)).json()) as Answer<Data>;
    const wrong = answer.status !== 'success' || (answer.warnings ?? []).length > 0;
    if (wrong) throw new Error(`${url}: ${JSON.stringify(answer)}`);
    return answer.data;
  }
}

const configuration = ({ host, port }: HostPort): string => `
global: { scrape_interval: ${INTERVAL_MS}ms, scrape_timeout: ${INTERVAL_MS}ms }
scrape_configs:
  - job_name: tidegate
    static_configs: [{ targets: ['${host}:${port}'] }]
`;
