/**
 * The real API server behind the proxy that does wrong when it is told to (`test/peers/fault-proxy.ts`), on
 * the cluster's node, and a kubeconfig that leads there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import type { Fault } from '../peers/fault-proxy.js';
import type { Tells, Told } from '../peers/fault-proxy-main.js';
import { folderFor } from '../peers/running.js';
import { until } from '../peers/until.js';
import type { Cluster } from './cluster.js';
import { startOnNode } from './on-node.js';

const PROGRAM = new URL('../peers/fault-proxy-main.ts', import.meta.url);
const ANSWER_MS_MAX = 30_000;
const HELD_MS_MAX = 60_000;

export interface Proxied {
  /** A file. */
  readonly kubeconfig: string;
  /** Since the last fault was set. */
  readonly calls: readonly string[];
  /** From now on; nothing goes wrong any more without it. */
  set(fault?: Fault): Promise<void>;
  /** Resolves once a call is held. */
  held(): Promise<void>;
  release(): Promise<void>;
}

/** It ends with `t`. */
export async function faultProxy(t: Test, cluster: Cluster): Promise<Proxied> {
  const child = await startOnNode(t, cluster, PROGRAM);
  let calls: string[] = [];
  let port = 0;
  let done = 0;
  let isHeld = false;
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  createInterface(child.stdout).on('line', (line) => {
    const tells = JSON.parse(line) as Tells;
    if (tells.port !== undefined) port = tells.port;
    if (tells.done === true) done++;
    if (tells.call !== undefined) calls.push(tells.call);
    isHeld ||= tells.held === true;
  });
  await until(
    () => port > 0,
    () => `the fault proxy listens: ${complaint}`,
    ANSWER_MS_MAX,
  );
  const tell = async (told: Told): Promise<void> => {
    const next = done + 1;
    child.stdin.write(`${JSON.stringify(told)}\n`);
    await until(() => done >= next, 'the fault proxy has done it', ANSWER_MS_MAX);
  };
  return {
    kubeconfig: kubeconfigFor(t, port),
    get calls() {
      return calls;
    },
    set: async (fault) => {
      await tell({ fault: fault ?? null });
      calls = [];
      isHeld = false;
    },
    held: () =>
      until(
        () => isHeld,
        () => `a call is held: ${calls.join(', ')}`,
        HELD_MS_MAX,
      ),
    release: () => tell({ release: true }),
  };
}

/** Without credentials: the proxy has its own. */
function kubeconfigFor(t: Test, port: number): string {
  const file = join(folderFor(t), 'kubeconfig');
  const name = 'proxied';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
