/**
 * A release in a namespace of a test's own: a chart as users install it, upgrade it, roll it back and
 * take it away, with a Helm of either version. Each command waits as `--wait` does: for a rollout that is
 * through, not for old pods that drain.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Tools, tools, testWithTools } from '../charts/tools.js';
import { run } from '../peers/running.js';
import { type Cluster, environment, testOnCluster } from './cluster.js';
import type { Namespace } from './namespace.js';

const TIMEOUT_S = 180;
const COMMAND_MS_MAX = (TIMEOUT_S + 60) * 1_000;

type Values = Readonly<Record<string, unknown>>;

/** A test that needs a cluster and Helm; `kit` and `own` as they are for any test on a cluster. */
export function testWithHelm(
  title: string,
  body: (t: Test, cluster: Cluster, helm: Tools['helm'], tools: Tools) => Promise<void>,
  options: { readonly kit?: boolean; readonly own?: boolean } = {},
): void {
  if (tools === undefined) testWithTools(title, () => Promise.resolve());
  else {
    const all = tools;
    testOnCluster(title, (t, cluster) => body(t, cluster, all.helm, all), options);
  }
}

export class Release {
  readonly namespace: Namespace;
  readonly name: string;
  private readonly helm: string;
  readonly chart: string;

  /** `chart` is a folder with the charts inside that it depends on; beside it Helm keeps its own files. */
  constructor(namespace: Namespace, helm: string, chart: string, name = 'web') {
    this.namespace = namespace;
    this.helm = helm;
    this.chart = chart;
    this.name = name;
  }

  /** What its user is told, the notes among it. */
  install(values: Values): Promise<string> {
    return this.run(['install', this.name, this.chart, '--values', '-', ...WAIT], values);
  }

  /** With these values and no others, whatever it had before. A flag given here beats those of all. */
  upgrade(values: Values, flags: readonly string[] = []): Promise<string> {
    const which = ['upgrade', this.name, this.chart, '--reset-values', '--values', '-'];
    return this.run([...which, ...WAIT, ...flags], values);
  }

  rollback(revision: number): Promise<string> {
    return this.run(['rollback', this.name, String(revision), ...WAIT]);
  }

  /** Waits for the objects of the chart, not for the pods that go with them. */
  uninstall(): Promise<string> {
    return this.run(['uninstall', this.name, ...WAIT]);
  }

  async run(args: readonly string[], values: Values = {}): Promise<string> {
    const { cluster, name: namespace } = this.namespace;
    const command = [this.helm, '--namespace', namespace, ...args] as const;
    const [program, ...rest] = cluster.reaching(...command);
    // No settings, plugins or caches of whoever runs the tests.
    const home = join(this.chart, '../helm');
    const env = {
      ...environment(),
      HELM_CACHE_HOME: home,
      HELM_CONFIG_HOME: home,
      HELM_DATA_HOME: home,
    };
    const options = { env, input: JSON.stringify(values), timeoutMs: COMMAND_MS_MAX };
    const { code, stdout, stderr } = await run(program, rest, options);
    if (code === 0) return Buffer.from(stdout, 'latin1').toString('utf8');
    throw new Error(`helm ${args.join(' ')}: exit code ${code}: ${stderr.trim()}`);
  }
}

const WAIT = ['--wait', '--timeout', `${TIMEOUT_S}s`];
