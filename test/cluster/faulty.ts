/**
 * The fault proxy before the API server of the cluster that a test runs on, with a kubeconfig that
 * leads to it: what tidegate asks by that goes wrong as the test says.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { bundleOf } from '../peers/load/bundle.js';
import type { Fault } from '../peers/fault-proxy.js';
import type { Tells, Told } from '../peers/fault-proxy-main.js';
import { folderFor, outputOf, start } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { until } from '../peers/until.js';
import { type Cluster, environment } from './cluster.js';

const SAYS_MS_MAX = 60_000;

export class Faulty {
  /** For `--kubeconfig`. */
  readonly kubeconfig: string;
  /** `list pods`, in order, since the last `set`. */
  calls: string[] = [];
  /** Those among them that are held. */
  held: string[] = [];
  private done = 0;
  private told = 0;
  private readonly tell: (line: Told) => void;

  constructor(kubeconfig: string, tell: (line: Told) => void) {
    this.kubeconfig = kubeconfig;
    this.tell = tell;
  }

  /** Resolves once that is so; undefined: nothing goes wrong any more. */
  async set(fault: Fault | undefined): Promise<void> {
    await this.say({ fault: fault ?? null });
    this.calls = [];
    this.held = [];
  }

  /** Those that are held go on. */
  async release(): Promise<void> {
    await this.say({ release: true });
  }

  hears({ done, call, held }: Tells): void {
    if (done === true) this.done += 1;
    if (call !== undefined) this.calls.push(call);
    if (call !== undefined && held === true) this.held.push(call);
  }

  private async say(line: Told): Promise<void> {
    this.tell(line);
    this.told += 1;
    const { told } = this;
    await until(() => this.done >= told, 'the fault proxy has done it', SAYS_MS_MAX);
  }
}

export async function faultyBefore(t: Test, cluster: Cluster, context: object): Promise<Faulty> {
  const program = await bundleOf(
    fileURLToPath(new URL('../peers/fault-proxy-main.ts', import.meta.url)),
  );
  const [first, ...args] = cluster.reaching(NODE, program);
  const child = start(first, args, { env: environment() });
  const output = outputOf(child);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await output.ended;
  });
  const kubeconfig = join(folderFor(t), 'kubeconfig');
  const faulty = new Faulty(kubeconfig, (line) => child.stdin.write(`${JSON.stringify(line)}\n`));
  let port: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const tells = JSON.parse(line) as Tells;
    port ??= tells.port;
    faulty.hears(tells);
  });
  await until(
    () => port !== undefined,
    () => `the fault proxy listens: ${output.stderr}`,
    SAYS_MS_MAX,
  );
  writeFileSync(kubeconfig, JSON.stringify(configOf(`http://127.0.0.1:${port}`, context)));
  return faulty;
}

function configOf(server: string, context: object): object {
  return {
    'current-context': 'faulty',
    contexts: [{ name: 'faulty', context: { cluster: 'c', user: 'u', ...context } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
  };
}
