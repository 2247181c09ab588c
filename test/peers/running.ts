/**
 * Programs as processes: one that is run to its end, one that serves while a test runs, and a
 * tidegate in front of it that has to end without a fault. Only processes started here are killed,
 * and nothing is waited for without a limit.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { startTidegate, type Tidegate } from './tidegate.js';
import { until, within } from './until.js';

/** What a program may take to do its work, or to listen. */
const RUN_MS_MAX = 30_000;
/** Below the ports that the system gives to those who connect, above those that are known. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const PORT_TRIES_MAX = 50;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end. Its output is Latin-1: a byte a character, so that none is lost. */
export async function run(
  program: string,
  args: readonly string[],
  { input = '', timeoutMs = RUN_MS_MAX, ...where }: RunOptions = {},
): Promise<Ran> {
  const child = start(program, args, where);
  const output = outputOf(child);
  child.stdin.end(input);
  try {
    const code = await within(output.ended, `${program} ends`, timeoutMs);
    return { code, stdout: output.stdout, stderr: output.stderr };
  } finally {
    child.kill('SIGKILL');
  }
}

/** What a process has said so far, in Latin-1; `ended` resolves with its exit code. */
export interface Output {
  stdout: string;
  stderr: string;
  readonly ended: Promise<number | null>;
}

export function outputOf(child: ChildProcessWithoutNullStreams): Output {
  const ended = once(child, 'close').then(() => child.exitCode);
  const output = { stdout: '', stderr: '', ended };
  child.stdout.setEncoding('latin1').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('latin1').on('data', (text: string) => (output.stderr += text));
  return output;
}

/** None of them outlives this process. */
const children = new Set<ChildProcessWithoutNullStreams>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Spawns a program without what the test runner adds to its children's environment. */
export function start(
  program: string,
  args: readonly string[],
  { env, cwd }: Pick<RunOptions, 'env' | 'cwd'> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  // A program may stop listening to us before we have stopped talking to it.
  child.stdin.on('error', () => undefined);
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** A program that serves while `t` runs; resolves once its port takes connections. */
export async function serve(
  t: Test,
  program: string,
  args: readonly string[],
  port: number,
): Promise<ChildProcessWithoutNullStreams> {
  const child = start(program, args);
  const closed = once(child, 'close');
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const isUp = (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    return takesConnections(port);
  };
  await until(isUp, () => `${program} listens on ${port}: ${said}`, RUN_MS_MAX);
  return child;
}

/** Whether somebody listens on this port of 127.0.0.1. */
export async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A port of 127.0.0.1 on which nobody listens, for programs that cannot choose one. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES_MAX; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
      return port;
    } catch {
      // Taken; try another.
    }
  }
  throw new Error('no free port');
}

/** A folder of its own for `t`, gone with it. */
export function folderFor(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Does `body` with a tidegate in front of `port`, which then has to end without a complaint. */
export async function inFrontOf(
  t: Test,
  port: number,
  body: (tidegate: Tidegate) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  const tidegate = await startTidegate({ app: { port }, flags });
  try {
    await body(tidegate);
  } finally {
    t.same(await tidegate.stop(), { code: 0, signal: null }, 'tidegate ends as it should');
  }
  const complaints = tidegate.lines.filter(({ level }) => level !== 'info');
  t.same([...tidegate.output, ...complaints], [], 'tidegate has nothing to complain about');
}

/** What is left when all is done: no connection, and no one that could not be followed. */
export async function leavesNothing(t: Test, tidegate: Tidegate): Promise<void> {
  const metrics = await tidegate.idle();
  t.equal(metrics.sum('tidegate_observer_gave_up_total'), 0, 'everything was followed');
}
