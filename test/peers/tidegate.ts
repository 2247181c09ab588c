/**
 * The built program, as users run it: `startTidegate` spawns dist/tidegate.mjs on free ports, waits
 * until it listens and tells where. It is run by the Node that TIDEGATE_TEST_NODE names, or by this
 * one, without anything that the test runner adds to its children. Needs Linux's /proc.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Metrics } from './metrics.js';
import { until } from './until.js';

export const BUNDLE = fileURLToPath(new URL('../../dist/tidegate.mjs', import.meta.url));
/** The Node that runs it. */
export const NODE = process.env['TIDEGATE_TEST_NODE'] ?? process.execPath;
/** As its shebang has them. */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=1'];
/** On a busy machine; an idle one takes a tenth of a second. */
const START_MS_MAX = 20_000;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How it is run, where that is not as usual. */
export interface Launch {
  /** What comes before Node on the command line: a program that runs it in its own way. */
  readonly prefix?: readonly string[];
  /** Flags of Node's own. */
  readonly nodeFlags?: readonly string[];
}

export interface TidegateOptions extends Launch {
  /** Where the app listens; on 127.0.0.1 if it has no host. */
  readonly app: { readonly host?: string; readonly port: number };
  /** Further flags, like `--forwarded=off`. */
  readonly flags?: readonly string[];
  /** `127.0.0.1:0` unless told. */
  readonly listen?: string;
  readonly admin?: string;
}

/** One line of its log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How it ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A tidegate that was spawned, whether it came to listen or not. */
export interface Spawned {
  readonly pid: number;
  /** Its log so far, oldest first. */
  readonly lines: readonly LogLine[];
  /** Everything it wrote that is no log line, standard error included. */
  readonly output: readonly string[];
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

export interface Tidegate extends Spawned {
  readonly listen: HostPort;
  readonly admin: HostPort;
  /** What `GET /metrics` answers at this moment. */
  metrics(): Promise<Metrics>;
  /** Waits until no connection is open and no request in flight; returns the metrics then. */
  idle(timeoutMs?: number): Promise<Metrics>;
  /** How many sockets it has open beside those it had when it began to listen. */
  sockets(): number;
  residentBytes(): number;
  /** Ends it: SIGTERM twice, so that nothing is waited for. Harmless when it is gone. */
  stop(): Promise<Exit>;
}

/** Spawns the bundle with these arguments; nothing is waited for. */
export function spawnTidegate(
  args: readonly string[],
  { prefix = [], nodeFlags = [] }: Launch = {},
): Spawned {
  if (!existsSync(BUNDLE)) throw new Error('there is no dist/tidegate.mjs; run: npm run build');
  // The runner puts its own loaders into every child's NODE_OPTIONS; env -i takes them out again.
  const environment = ['-i', `PATH=${process.env['PATH'] ?? ''}`];
  const program = [NODE, ...NODE_FLAGS, ...nodeFlags, BUNDLE];
  const child = spawn('env', [...environment, ...prefix, ...program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  const lines: LogLine[] = [];
  const output: string[] = [];
  createInterface(child.stdout).on('line', (line) => read(line, lines, output));
  createInterface(child.stderr).on('line', (line) => output.push(line));
  return {
    pid: child.pid ?? 0,
    lines,
    output,
    exited: ended(child).finally(() => process.removeListener('exit', killed)),
    kill: (signal) => void child.kill(signal),
  };
}

async function ended(child: ChildProcess): Promise<Exit> {
  // `close` comes after `exit`, once all output is read.
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function read(line: string, lines: LogLine[], output: string[]): void {
  if (line.startsWith('{')) lines.push(JSON.parse(line) as LogLine);
  else output.push(line);
}

/** Resolves once it listens; rejects with what it said if it does not. */
export async function startTidegate(options: TidegateOptions): Promise<Tidegate> {
  const { app, flags = [], listen = '127.0.0.1:0', admin = '127.0.0.1:0' } = options;
  const at = `${app.host?.includes(':') === true ? `[${app.host}]` : (app.host ?? '127.0.0.1')}`;
  const spawned = spawnTidegate(
    [`--listen=${listen}`, `--admin=${admin}`, `--app=${at}:${app.port}`, ...flags],
    options,
  );
  const said = (): LogLine | undefined => spawned.lines.find(({ msg }) => msg === 'listening');
  let exit: Exit | undefined;
  void spawned.exited.then((how) => (exit = how));
  await until(() => said() !== undefined || exit !== undefined, 'it listens', START_MS_MAX);
  const line = said();
  if (line === undefined) {
    throw new Error(`tidegate ended: ${JSON.stringify([exit, spawned.lines, spawned.output])}`);
  }
  return new Running(spawned, hostPort(String(line['listen'])), hostPort(String(line['admin'])));
}

/** `HOST:PORT`, `[IPV6]:PORT` or `PORT` as the log has it. */
function hostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  const host = colon === -1 ? '127.0.0.1' : text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(text.slice(colon + 1)) };
}

class Running implements Tidegate {
  readonly listen: HostPort;
  readonly admin: HostPort;
  readonly pid: number;
  readonly lines: readonly LogLine[];
  readonly output: readonly string[];
  readonly exited: Promise<Exit>;
  private readonly spawned: Spawned;
  private readonly socketsAtFirst: number;
  private exit: Exit | undefined;

  constructor(spawned: Spawned, listen: HostPort, admin: HostPort) {
    this.spawned = spawned;
    this.listen = listen;
    this.admin = admin;
    this.pid = spawned.pid;
    this.lines = spawned.lines;
    this.output = spawned.output;
    this.exited = spawned.exited;
    this.socketsAtFirst = countSockets(spawned.pid);
    void spawned.exited.then((exit) => (this.exit = exit));
  }

  kill(signal: NodeJS.Signals): void {
    this.spawned.kill(signal);
  }

  async metrics(): Promise<Metrics> {
    const { host, port } = this.admin;
    const authority = host.includes(':') ? `[${host}]` : host;
    // No keep-alive: a connection of ours must not be found among its sockets.
    const response = await fetch(`http://${authority}:${port}/metrics`, {
      headers: { connection: 'close' },
    });
    return new Metrics(await response.text());
  }

  async idle(timeoutMs = 5_000): Promise<Metrics> {
    let metrics = await this.metrics();
    const isIdle = async (): Promise<boolean> => {
      metrics = await this.metrics();
      return metrics.open() === 0 && metrics.value('tidegate_requests_in_flight') === 0;
    };
    await until(isIdle, () => `nothing is open: ${metrics.text}`, timeoutMs);
    return metrics;
  }

  sockets(): number {
    return countSockets(this.pid) - this.socketsAtFirst;
  }

  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<Exit> {
    if (this.exit !== undefined) return this.exit;
    this.kill('SIGTERM');
    // The second one must not arrive while the first is still pending: they would be one.
    await until(() => this.exit !== undefined || this.hasMsg(/^drain/), 'it drains', 10_000);
    this.kill('SIGTERM');
    return this.exited;
  }

  private hasMsg(pattern: RegExp): boolean {
    return this.lines.some(({ msg }) => pattern.test(msg));
  }
}

function countSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((fd) => targetOf(`${folder}/${fd}`));
  return links.filter((target) => target.startsWith('socket:')).length;
}

/** What a link of /proc points at; empty if it has gone meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
