/**
 * A real browser: Chromium without a window, driven over its DevTools protocol. A page is opened,
 * asked for what its scripts know, and watched for requests that failed below them. The browser and
 * its profile end with the test.
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { WebSocket } from 'ws';
import { outputOf, start } from './running.js';
import { until, within } from './until.js';

/** On a busy machine; an idle one takes half a second. */
const START_MS_MAX = 60_000;
const ANSWER_MS_MAX = 30_000;
const END_MS_MAX = 5_000;

const FLAGS = [
  ...['--headless=new', '--disable-gpu', '--remote-debugging-port=0'],
  // In containers there are neither user namespaces nor much of /dev/shm.
  ...['--no-sandbox', '--disable-dev-shm-usage'],
  // Nothing that speaks to anybody but the page's own server.
  ...['--no-proxy-server', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-breakpad'],
];

type Params = Readonly<Record<string, unknown>>;

/** What DevTools says: an answer has an id, an event a method. */
interface Said {
  readonly id?: number;
  readonly result?: Params;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Params;
}

/** A request that the browser itself calls failed. */
export interface Failure {
  readonly url: string;
  readonly error: string;
}

/** The connection to a browser's DevTools. */
class DevTools {
  private readonly socket: WebSocket;
  private readonly asked = new Map<number, (said: Said) => void>();
  private readonly hearers: ((method: string, params: Params) => void)[] = [];
  private questions = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.heard(JSON.parse(data.toString()) as Said));
    socket.on('error', () => undefined);
  }

  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await within(once(socket, 'open'), 'DevTools opens', START_MS_MAX);
    return new DevTools(socket);
  }

  async ask(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    const id = this.questions++;
    const answer = new Promise<Said>((resolve) => this.asked.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await within(answer, `answer to ${method}`, ANSWER_MS_MAX);
    if (result === undefined) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  on(hearer: (method: string, params: Params) => void): void {
    this.hearers.push(hearer);
  }

  private heard(said: Said): void {
    if (said.id !== undefined) {
      this.asked.get(said.id)?.(said);
      this.asked.delete(said.id);
    } else if (said.method !== undefined) {
      for (const hear of this.hearers) hear(said.method, said.params ?? {});
    }
  }
}

/** One page of a browser of its own. */
export class Page {
  /** Requests that failed so far, as the browser sees it. */
  readonly failures: Failure[] = [];
  private readonly devTools: DevTools;
  private readonly sessionId: string;
  private readonly urls = new Map<unknown, string>();

  constructor(devTools: DevTools, sessionId: string) {
    this.devTools = devTools;
    this.sessionId = sessionId;
    devTools.on((method, params) => this.heard(method, params));
  }

  /** Shows what is at `url`; resolves when it begins to load. */
  async go(url: string): Promise<void> {
    await this.devTools.ask('Network.enable', {}, this.sessionId);
    await this.devTools.ask('Page.navigate', { url }, this.sessionId);
  }

  /** What a JavaScript expression comes to in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const params = { expression, returnByValue: true, awaitPromise: true };
    const said = await this.devTools.ask('Runtime.evaluate', params, this.sessionId);
    if (said['exceptionDetails'] !== undefined) throw new Error(JSON.stringify(said));
    return (said['result'] as Params)['value'];
  }

  private heard(method: string, params: Params): void {
    const id = params['requestId'];
    if (method === 'Network.requestWillBeSent') {
      this.urls.set(id, String((params['request'] as Params)['url']));
    } else if (method === 'Network.loadingFailed') {
      this.failures.push({ url: this.urls.get(id) ?? '', error: String(params['errorText']) });
    }
  }
}

/** A page in a browser that was started for `t`; `program` is Chromium's path. */
export async function openPage(t: Test, program: string): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'tidegate-chromium-'));
  const child = start(program, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    env: { HOME: profile },
  });
  const output = outputOf(child);
  t.teardown(async () => {
    // Its pipes close when the last of its processes is gone.
    await within(output.ended, 'Chromium ends', END_MS_MAX).catch(() => child.kill('SIGKILL'));
    await output.ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  const devTools = await DevTools.connect(await devToolsOf(profile, () => output.stderr));
  // Before the above: what was begun last is ended first.
  t.teardown(() => {
    void devTools.ask('Browser.close').catch(() => undefined);
  });
  const { targetId } = await devTools.ask('Target.createTarget', { url: 'about:blank' });
  const target = { targetId, flatten: true };
  const { sessionId } = await devTools.ask('Target.attachToTarget', target);
  return new Page(devTools, String(sessionId));
}

/** Where a browser with this profile takes DevTools' connections, once it says so. */
async function devToolsOf(profile: string, complaints: () => string): Promise<string> {
  const file = join(profile, 'DevToolsActivePort');
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  const isUp = (): boolean => lines().length === 2 && lines()[1] !== '';
  await until(isUp, () => `Chromium is up: ${complaints().slice(-2_000)}`, START_MS_MAX);
  const [port, path] = lines();
  return `ws://127.0.0.1:${port}${path}`;
}
