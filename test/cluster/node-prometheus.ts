/**
 * A Prometheus on the node of the kit's cluster: it asks the API server for pods, with an account that
 * may do no more than that, and reaches them over the pods' own network.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { Prometheus } from '../peers/prometheus.js';
import { folderFor, outputOf, run, start } from '../peers/running.js';
import { until } from '../peers/until.js';
import { type Cluster, environment, kubectl } from './cluster.js';
import type { Namespace } from './namespace.js';
import { accountWith } from './outside.js';

/** Instead of the 15 s that users have. */
const INTERVAL = '1s';
const START_MS_MAX = 60_000;
const ANSWER_MS_MAX = 30_000;
/** What its log says once it does; port 0 is any free one. */
const LISTENS = /msg="Listening on".* address=\S*:(\d+)/;
const NODE_ADDRESS = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}';
/** What it takes of a cluster to find pods in it. */
const VERBS = ['get', 'list', 'watch'];

/** As much of a scrape configuration as is changed here. */
export interface ScrapeConfig {
  readonly kubernetes_sd_configs: readonly object[];
  readonly [key: string]: unknown;
}

export interface NodePrometheus {
  readonly prometheus: Prometheus;
  /** Where pods reach it. */
  readonly url: string;
}

/** Starts one that looks for pods in this namespace alone; `groups` are its rules. */
export async function prometheusOnNode(
  t: Test,
  namespace: Namespace,
  program: string,
  scrapeConfigs: readonly ScrapeConfig[],
  groups: readonly object[],
  interval = INTERVAL,
): Promise<NodePrometheus> {
  const folder = folderFor(t);
  const kubeconfig = await accountWith(t, namespace, 'prometheus', VERBS, 'pods');
  const where = { kubeconfig_file: kubeconfig, namespaces: { names: [namespace.name] } };
  const often = { scrape_interval: interval, scrape_timeout: interval };
  const configuration = {
    global: { evaluation_interval: INTERVAL },
    rule_files: [join(folder, 'rules.json')],
    scrape_configs: scrapeConfigs.map((config) => ({
      ...config,
      ...often,
      kubernetes_sd_configs: config.kubernetes_sd_configs.map((sd) => ({ ...sd, ...where })),
    })),
  };
  writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups }));
  writeFileSync(join(folder, 'prometheus.json'), JSON.stringify(configuration));
  return started(t, namespace.cluster, program, folder);
}

async function started(
  t: Test,
  cluster: Cluster,
  program: string,
  folder: string,
): Promise<NodePrometheus> {
  const [first, ...args] = cluster.reaching(
    program,
    `--config.file=${join(folder, 'prometheus.json')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=:0',
  );
  const child = start(first, args, { env: environment() });
  const output = outputOf(child);
  t.teardown(async () => {
    child.kill('SIGKILL');
    await output.ended;
  });
  const port = (): string | undefined => LISTENS.exec(output.stderr)?.[1];
  const listens = (): boolean => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${output.stderr}`);
    return port() !== undefined;
  };
  await until(listens, () => `Prometheus listens: ${output.stderr}`, START_MS_MAX);
  const prometheus = new Prometheus((path) => get(cluster, `http://127.0.0.1:${port()}${path}`));
  prometheus.listenTo(child.stderr);
  const node = await kubectl(cluster, ['get', 'nodes', '-o', `jsonpath=${NODE_ADDRESS}`]);
  return { prometheus, url: `http://${node}:${port()}` };
}

/** Faults have a body of their own, so that a status is no reason to fail here. */
async function get(cluster: Cluster, url: string): Promise<string> {
  const [program, ...args] = cluster.reaching('curl', '--silent', '--show-error', url);
  const ran = await run(program, args, { env: environment(), timeoutMs: ANSWER_MS_MAX });
  if (ran.code !== 0) throw new Error(`${url}: ${ran.stderr}`);
  return Buffer.from(ran.stdout, 'latin1').toString('utf8');
}
