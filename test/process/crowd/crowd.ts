/**
 * Starts the programs of a crowd, each in a process of its own, so that what they cost and the files
 * they hold are not the test's; and asks them what to do. Each ends with the test it was started for.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { within } from '../../peers/until.js';

/** What a program answers: numbers by name. */
export type Numbers = Readonly<Record<string, number>>;

const ANSWER_MS_MAX = 60_000;

/** One program of the crowd. */
export class Member {
  private readonly child: ChildProcess;
  private readonly name: string;
  private readonly asked = new Map<number, (answer: Numbers | Error) => void>();
  private questions = 0;

  /** `name`: a file beside this one, like `app`. It is gone when `t` is over. */
  constructor(t: Test, name: string) {
    this.name = name;
    const file = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
    const env = { PATH: process.env['PATH'] ?? '' };
    this.child = fork(file, { env, execArgv: [], stdio: 'inherit' });
    const closed = once(this.child, 'close');
    this.child.on('message', (message) => this.answered(message as Answer));
    this.child.on('close', () => {
      for (const settle of this.asked.values()) settle(new Error(`${name} is gone`));
    });
    t.teardown(async () => {
      this.child.kill('SIGKILL');
      await closed;
    });
  }

  ask(what: string, given: Readonly<Record<string, unknown>> = {}): Promise<Numbers> {
    const number = this.questions++;
    const answer = new Promise<Numbers>((resolve, reject) => {
      this.asked.set(number, (given) => (given instanceof Error ? reject(given) : resolve(given)));
    });
    this.child.send({ number, what, given });
    return within(answer, `${this.name} answers "${what}"`, ANSWER_MS_MAX);
  }

  /** Kills it as the kernel would; resolves once it is gone. */
  async kill(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }

  private answered({ number, answer, error }: Answer): void {
    const settle = this.asked.get(number);
    this.asked.delete(number);
    settle?.(answer ?? new Error(error));
  }
}

interface Answer {
  readonly number: number;
  readonly answer?: Numbers;
  readonly error?: string;
}

/** An app that listens. */
export async function startApp(t: Test): Promise<{ app: Member; port: number }> {
  const app = new Member(t, 'app');
  const { port } = await app.ask('listen');
  return { app, port };
}

interface Watched {
  readonly count: number;
  readonly waitedMs: number;
  readonly turns: readonly { readonly at: number; readonly blockedMs: number }[];
}

/** Watches the event loop of a tidegate; see blocked.mjs. It tells once the program has ended. */
export class LoopWatch {
  /** For `nodeFlags`. */
  readonly flags: readonly string[];
  private readonly file: string;

  constructor(file: string) {
    const url = new URL('./blocked.mjs', import.meta.url);
    url.searchParams.set('file', file);
    this.file = file;
    this.flags = ['--import', url.href];
  }

  /** The longest turn of its loop since `fromMs`, a wall-clock time. */
  longestSince(fromMs: number): number {
    const { turns } = this.read();
    return Math.max(0, ...turns.filter(({ at }) => at >= fromMs).map((turn) => turn.blockedMs));
  }

  /** For how long since the first SIGTERM it would have run, had the machine not run others. */
  waitedMs(): number {
    return this.read().waitedMs;
  }

  private read(): Watched {
    const watched = JSON.parse(readFileSync(this.file, 'utf8')) as Watched;
    if (watched.count === 0) throw new Error('the loop was not watched');
    return watched;
  }
}
