/**
 * The app under test as a process of this machine, for tests that need no cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { NODE } from '../tidegate.js';
import { until } from '../until.js';
import type { Facts } from './app.js';
import { bundle } from './bundle.js';

const START_MS_MAX = 20_000;

export class AppProcess {
  /** On 127.0.0.1. */
  port = 0;
  /** How it ended, once it has. */
  exitCode: number | null | undefined;
  private readonly child: ChildProcess;

  private constructor(t: Test, file: string, env: Readonly<Record<string, string>>) {
    this.child = spawn(NODE, [file], {
      env: { PORT: '0', HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(this.child, 'close');
    this.child.on('close', (code) => (this.exitCode = code));
    t.teardown(async () => {
      this.child.kill('SIGKILL');
      await closed;
    });
  }

  /** Resolves once it listens; it is gone when `t` is over. */
  static async start(t: Test, env: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    const app = new AppProcess(t, await bundle('app'), env);
    const { child } = app;
    if (child.stdout === null) throw new Error('it has no standard output');
    createInterface(child.stdout).on('line', (line) => {
      const { port } = JSON.parse(line) as { readonly port?: number };
      app.port = port ?? app.port;
    });
    await until(
      () => app.port !== 0 || app.exitCode !== undefined,
      'the app listens',
      START_MS_MAX,
    );
    if (app.port === 0) throw new Error(`the app has ended: ${app.exitCode}`);
    return app;
  }

  async facts(): Promise<Facts> {
    return (await (await this.call('GET', '/facts')).json()) as Facts;
  }

  /** A request on a connection that does not stay. */
  call(method: string, path: string): Promise<Response> {
    const headers = { connection: 'close' };
    return fetch(`http://127.0.0.1:${this.port}${path}`, { method, headers });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
