/**
 * The test's side of a load driver that runs as a process: this machine's Node with the bundle, or
 * any command line that reaches one, like `kubectl exec -i`. Every answer is waited for with a limit;
 * what went wrong is told with the last of what the process wrote to its standard error.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from '../until.js';
import type { Command, Plan, Reply, Report } from './contract.js';

const ANSWER_MS_MAX = 15_000;
/** What a stop may take beyond what the plan gives it: sockets are closed after that. */
const STOP_MS_MAX = 20_000;
const FINISH_MS = 5_000;
const TAIL_CHARACTERS = 1_000;

type Settle = (reply: Reply | Error) => void;

export class Driver {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly ended: Promise<string>;
  private readonly waiting: { readonly to: string; readonly settle: Settle }[] = [];
  private tail = '';
  private how: string | undefined;
  private finishMs = FINISH_MS;

  private constructor(command: string, args: readonly string[]) {
    const env = { ...process.env };
    // The test runner's loaders are not for others.
    delete env['NODE_OPTIONS'];
    const child = (this.child = spawn(command, args, { env }));
    const killed = (): void => void child.kill('SIGKILL');
    process.once('exit', killed);
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.tail = (this.tail + text).slice(-TAIL_CHARACTERS);
    });
    createInterface(child.stdout).on('line', (line) => this.take(line));
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => this.gone(String(error), resolve));
      child.once('close', (code, signal) => this.gone(`exit ${signal ?? code}`, resolve));
    });
    void this.ended.then(() => process.removeListener('exit', killed));
  }

  /** Starts a command line whose other end is the driver's program. */
  static spawn(command: string, args: readonly string[]): Driver {
    return new Driver(command, args);
  }

  /** `target` is HOST:PORT, as the driver's machine reaches it. */
  async start(target: string, plan: Plan): Promise<void> {
    this.finishMs = plan.finishMs ?? FINISH_MS;
    await this.ask({ do: 'start', target, ...plan }, ANSWER_MS_MAX);
  }

  /** What has happened so far. */
  async report(): Promise<Report> {
    return reportOf(await this.ask({ do: 'report' }, ANSWER_MS_MAX));
  }

  /** Ends the load and the process, and tells what has happened in all. */
  async stop(): Promise<Report> {
    const report = reportOf(await this.ask({ do: 'stop' }, this.finishMs + STOP_MS_MAX));
    await within(this.ended, () => `the driver ends; ${this.said()}`, ANSWER_MS_MAX);
    return report;
  }

  /** Ends the process without a report; harmless when it is gone. */
  async kill(): Promise<void> {
    this.child.stdin.end();
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private ask(command: Command, timeoutMs: number): Promise<Reply> {
    const to = command.do;
    const answer = new Promise<Reply>((resolve, reject) => {
      const settle: Settle = (reply) => (reply instanceof Error ? reject(reply) : resolve(reply));
      if (this.how === undefined) this.waiting.push({ to, settle });
      else settle(this.fault(to));
    });
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    return within(answer, () => `the driver answers "${to}"; ${this.said()}`, timeoutMs);
  }

  private take(line: string): void {
    const reply = parse(line);
    if (reply === undefined) {
      this.tail = `${this.tail}${line}\n`.slice(-TAIL_CHARACTERS);
      return;
    }
    const at = this.waiting.findIndex(({ to }) => to === reply.to);
    if (at === -1) return;
    const [{ settle, to }] = this.waiting.splice(at, 1);
    settle('error' in reply ? new Error(`the driver on "${to}": ${reply.error}`) : reply);
  }

  private gone(how: string, resolve: (how: string) => void): void {
    this.how ??= how;
    for (const { settle, to } of this.waiting.splice(0)) settle(this.fault(to));
    resolve(how);
  }

  private fault(to: string): Error {
    return new Error(`the driver has not answered "${to}"; ${this.said()}`);
  }

  private said(): string {
    const state = this.how === undefined ? 'it runs' : `it is gone (${this.how})`;
    return `${state}; it has said: ${this.tail.trim() || 'nothing'}`;
  }
}

function reportOf(reply: Reply): Report {
  if ('report' in reply) return reply.report;
  throw new Error(`no report: ${JSON.stringify(reply)}`);
}

function parse(line: string): Reply | undefined {
  try {
    const reply = JSON.parse(line) as Reply | null;
    return typeof reply?.to === 'string' ? reply : undefined;
  } catch {
    return undefined;
  }
}
