/**
 * A program of the tests that runs on the node of the kit's cluster, in its network and with its
 * administrator's rights: bundled from its TypeScript, told what to do by lines of JSON on its
 * standard input, and answering each by a line on its standard output.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { bundleOf } from '../peers/load/bundle.js';
import { start } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import { within } from '../peers/until.js';
import { type Cluster, environment } from './cluster.js';

const ANSWER_MS_MAX = 120_000;
const LEFT_MS_MAX = 10_000;

/** What a program of the tests says and is told: `id` is the command's, given back by its answer. */
export interface Answered {
  readonly id: number;
  readonly value?: unknown;
  readonly fault?: string;
}

export interface OnNode<Command> {
  /** What it answers; rejects with its fault. */
  ask(command: Command): Promise<unknown>;
}

/** Starts the program that this file of TypeScript is, with JSON between it and the test. */
export async function onNode<Command extends object>(
  t: Test,
  cluster: Cluster,
  source: URL,
): Promise<OnNode<Command>> {
  const child = await startOnNode(t, cluster, source);
  const waiting = new Map<number, (answered: Answered) => void>();
  let complaint = '';
  let asked = 0;
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  createInterface(child.stdout).on('line', (line) => {
    const answered = JSON.parse(line) as Answered;
    waiting.get(answered.id)?.(answered);
  });
  return {
    ask: async (command) => {
      const id = asked++;
      const answered = new Promise<Answered>((resolve) => waiting.set(id, resolve));
      child.stdin.write(`${JSON.stringify({ ...command, id })}\n`);
      const what = (): string => `${JSON.stringify(command).slice(0, 200)} is done: ${complaint}`;
      const { value, fault } = await within(answered, what, ANSWER_MS_MAX);
      waiting.delete(id);
      if (fault !== undefined) throw new Error(fault);
      return value;
    },
  };
}

/** The program alone. It ends when `t` does, as its input is over. */
export async function startOnNode(
  t: Test,
  cluster: Cluster,
  source: URL,
): Promise<ChildProcessWithoutNullStreams> {
  const file = await bundleOf(fileURLToPath(source));
  const [program, ...args] = cluster.reaching(NODE, file);
  const child = start(program, args, { env: environment() });
  t.teardown(() => left(child));
  return child;
}

/** Who is not told any more ends by itself, and what it has started with it. */
async function left(child: ChildProcessWithoutNullStreams): Promise<void> {
  const closed = once(child, 'close');
  child.stdin.end();
  await within(closed, 'the program on the node ends', LEFT_MS_MAX).catch(() =>
    child.kill('SIGKILL'),
  );
}
