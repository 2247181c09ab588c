/**
 * The built controller against a cluster made up: spawned with a kubeconfig of the fake's, on a free
 * port, with its log and its metrics as a test asks about them.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { FakeCluster } from './fake-cluster.js';
import { Metrics } from './metrics.js';
import { folderFor } from './running.js';
import { type Launch, type LogLine, type Spawned, spawnTidegate } from './tidegate.js';
import { until } from './until.js';

const START_MS_MAX = 20_000;

export class Controlling {
  readonly spawned: Spawned;
  private readonly url: string;

  constructor(spawned: Spawned, url: string) {
    this.spawned = spawned;
    this.url = url;
  }

  /** Its lines with this sentence. */
  said(msg: string): readonly LogLine[] {
    return this.spawned.lines.filter((line) => line.msg === msg);
  }

  get leads(): boolean {
    return this.said('this replica leads: it acts from now on').length > 0;
  }

  async get(path: string): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(this.url + path);
    return { status: answer.status, body: await answer.json() };
  }

  async metrics(): Promise<Metrics> {
    const answer = await fetch(`${this.url}/metrics`);
    return new Metrics(await answer.text());
  }

  async value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return (await this.metrics()).value(`tidegate_controller_${name}`, labels);
  }

  /** All that it has said, for whoever waits in vain. */
  everything = (): string => JSON.stringify([this.spawned.lines, this.spawned.output]);
}

/** Resolves once it has started; `t` ends it, if nobody else does. */
export async function startController(
  t: Test,
  fake: FakeCluster,
  flags: readonly string[] = [],
  launch: Launch = {},
): Promise<Controlling> {
  const kubeconfig = join(folderFor(t), 'config');
  writeFileSync(kubeconfig, fake.kubeconfig);
  const own = [`--kubeconfig=${kubeconfig}`, '--admin=127.0.0.1:0'];
  const spawned = spawnTidegate(['controller', ...own, ...flags], launch);
  t.teardown(async () => {
    spawned.kill('SIGKILL');
    await spawned.exited;
  });
  const started = (): LogLine | undefined =>
    spawned.lines.find(({ msg }) => msg === 'the controller has started');
  let isOver = false;
  void spawned.exited.then(() => (isOver = true));
  await until(() => started() !== undefined || isOver, 'it starts', START_MS_MAX);
  const line = started();
  if (line === undefined) throw new Error(`it ended: ${JSON.stringify(spawned)}`);
  return new Controlling(spawned, `http://${String(line['admin'])}`);
}
