/**
 * A shell as somebody has it who reads the documents: a block is typed, what it prints is read, the
 * next block is typed. What is left in the background ends with its test.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import type { Test } from 'tap';
import { start } from '../peers/running.js';
import { until, within } from '../peers/until.js';
import { type Cluster, environment } from './cluster.js';

const TYPED_MS_MAX = 300_000;
const SHOWN_MS_MAX = 60_000;
const LEFT_MS_MAX = 20_000;
const TOLD_CHARACTERS = 4_000;

export class Terminal {
  private readonly child: ChildProcessWithoutNullStreams;
  private printed = '';
  private typed = 0;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    const take = (chunk: string): void => void (this.printed += chunk);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
  }

  /** `before` comes first in the shell's PATH. */
  static async open(t: Test, cluster: Cluster, cwd: string, before: string): Promise<Terminal> {
    const [program, ...args] = cluster.reaching('bash', '--norc', '-s');
    const terminal = new Terminal(start(program, args, { env: environment(), cwd }));
    t.teardown(() => terminal.leave());
    await terminal.type(`exec 2>&1; export PATH="${before}:$PATH"\n`);
    return terminal;
  }

  /** Resolves once the last command of the block has ended. */
  async type(block: string): Promise<void> {
    const done = `-- block ${this.typed++} is done --`;
    this.child.stdin.write(`${block}echo '${done}'\n`);
    const isDone = (): boolean => this.has(done) || this.child.exitCode !== null;
    await until(isDone, () => `this ends: ${block}${this.told()}`, TYPED_MS_MAX);
    if (!this.has(done)) throw new Error(`the shell has ended: ${this.told()}`);
  }

  /** Resolves once this has been printed. */
  async shows(text: string | RegExp): Promise<void> {
    await until(
      () => this.has(text),
      () => `${text} is printed: ${this.told()}`,
      SHOWN_MS_MAX,
    );
  }

  private has(text: string | RegExp): boolean {
    return typeof text === 'string' ? this.printed.includes(text) : text.test(this.printed);
  }

  private told(): string {
    return this.printed.slice(-TOLD_CHARACTERS);
  }

  private async leave(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const left = once(this.child, 'exit');
    this.child.stdin.end('kill $(jobs -p) 2>/dev/null; exit\n');
    await within(left, 'the shell ends', LEFT_MS_MAX).catch(() => this.child.kill('SIGKILL'));
  }
}
