/**
 * When the processes of containers were gone, as their node sees it: what a client sends after that
 * cannot have reached them. Only the kit's node is this machine, where that can be seen.
 */
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { start } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { until } from '../peers/until.js';
import { environment } from './cluster.js';
import { containerOf, type Namespace, type Pod } from './namespace.js';

const GONE_MS_MAX = 60_000;

/** Times of day, in milliseconds. */
export interface Death {
  readonly pid: number;
  /** When it was looked for in vain, and when it was seen for the last time. */
  readonly goneMs: number;
  readonly seenMs: number;
}

/** Looks every other millisecond in a process of its own, which nothing else keeps busy. */
const WATCHER = `
  import { existsSync } from 'node:fs';
  const seen = new Map(process.argv.slice(1).map((pid) => [Number(pid), Date.now()]));
  setInterval(() => {
    for (const [pid, seenMs] of seen) {
      const isThere = existsSync('/proc/' + pid);
      const nowMs = Date.now();
      if (isThere) seen.set(pid, nowMs);
      else if (seen.delete(pid)) console.log(JSON.stringify({ pid, goneMs: nowMs, seenMs }));
    }
    if (seen.size === 0) process.exit(0);
  }, 2);
  console.log('{}');
`;

export interface Watch {
  readonly pids: readonly number[];
  /** All of them are gone. */
  over(timeoutMs?: number): Promise<readonly Death[]>;
}

/** Watches the apps of these pods, from now on. */
export async function watchApps(
  t: Test,
  namespace: Namespace,
  pods: readonly Pod[],
): Promise<Watch> {
  const { kit } = namespace.cluster;
  if (kit === undefined) throw new Error("processes are seen on the kit's own node alone");
  const ids = pods.map((pod) => containerOf(pod, 'app')?.containerID ?? '');
  const pids = await kit.pidsOf(ids.map((id) => id.replace('containerd://', '')));
  const script = ['--input-type=module', '-e', WATCHER, '--', ...pids.map(String)];
  const child = start(NODE, script, { env: environment() });
  t.teardown(() => child.kill('SIGKILL'));
  child.stderr.resume();
  let isWatching = false;
  const deaths: Death[] = [];
  createInterface(child.stdout).on('line', (line) => {
    if (isWatching) deaths.push(JSON.parse(line) as Death);
    isWatching = true;
  });
  await until(() => isWatching, 'the processes are watched');
  const said = (): string => `${pids.join(', ')} are gone: ${JSON.stringify(deaths)}`;
  return {
    pids,
    over: async (timeoutMs = GONE_MS_MAX) => {
      await until(() => deaths.length === pids.length, said, timeoutMs);
      return deaths;
    },
  };
}
