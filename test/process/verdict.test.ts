/**
 * The verdict from outside, on the built program: every reason against it, one after the other, and
 * that it becomes safe although probes and scrapers never stop asking.
 */
import { once } from 'node:events';
import { Agent, createServer, request as send, type Server } from 'node:http';
import t, { type Test } from 'tap';
import { freePort } from '../peers/running.js';
import { startTidegate, type Tidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const PROBE_EVERY_MS = 100;
/** How often it is asked about in a row: long enough for many probes in between. */
const LOOKS = 20;

interface Seen {
  readonly status: number;
  readonly safe: boolean;
  readonly reason?: string;
  readonly quietSince: string | null;
}

async function verdictOf({ admin }: Tidegate): Promise<Seen> {
  const answer = await fetch(`http://127.0.0.1:${admin.port}/safe-to-delete`);
  return { ...((await answer.json()) as Omit<Seen, 'status'>), status: answer.status };
}

async function change({ admin }: Tidegate, method: string, path: string, body?: object) {
  const headers = { 'Content-Type': 'application/json' };
  const content = body === undefined ? {} : { headers, body: JSON.stringify(body) };
  const answer = await fetch(`http://127.0.0.1:${admin.port}${path}`, { method, ...content });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}

/** Answers at once, but for `/slow`, which waits until the test says so. */
class App {
  readonly server: Server;
  readonly asked: string[] = [];
  private release: (() => void) | undefined;

  constructor(t: Test) {
    this.server = createServer((request, answer) => {
      this.asked.push(request.headers['user-agent'] ?? '');
      const end = (): void => void answer.end('ok');
      if (request.url === '/slow') this.release = end;
      else end();
    });
    t.teardown(() => (this.server.closeAllConnections(), this.server.close()));
  }

  async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get isHolding(): boolean {
    return this.release !== undefined;
  }

  answer(): void {
    this.release?.();
  }
}

/** One request; the connection is kept only by an agent that keeps it. */
function ask({ listen }: Tidegate, userAgent: string, path = '/', agent?: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'User-Agent': userAgent };
    const options = { port: listen.port, host: '127.0.0.1', path, headers, agent: agent ?? false };
    send(options, (answer) => answer.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });
}

async function started(t: Test, flags: readonly string[], port?: number): Promise<Tidegate> {
  const app = { port: port ?? (await freePort()) };
  const tidegate = await startTidegate({ app, flags });
  t.teardown(() => tidegate.stop());
  return tidegate;
}

/** A kubelet's probes, each on a connection of its own, and scrapes on one that is kept. */
function keepAsking(t: Test, tidegate: Tidegate): void {
  const agent = new Agent({ keepAlive: true });
  const stopped = new AbortController();
  const again = async (userAgent: string, kept?: Agent): Promise<void> => {
    while (!stopped.signal.aborted) {
      await ask(tidegate, userAgent, '/healthz', kept).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  };
  const all = [again('kube-probe/1.31'), again('Prometheus/3.1.0', agent), again('our canary/2')];
  t.teardown(async () => {
    stopped.abort();
    await Promise.all(all);
    agent.destroy();
  });
}

t.test('each reason against it is told while it holds', async (t) => {
  const port = await freePort();
  const tidegate = await started(t, ['--quiet-for=1h', '--app-connect-timeout=1m'], port);
  t.match(await verdictOf(tidegate), { status: 409, safe: false, reason: 'starting' });
  const app = new App(t);
  await app.listen(port);
  const answered = ask(tidegate, 'curl/8', '/slow');
  await until(() => app.isHolding, 'it is asked');
  t.match(await verdictOf(tidegate), { status: 409, reason: 'active', quietSince: null });
  app.answer();
  await answered;
  await until(async () => (await verdictOf(tidegate)).reason === 'not-quiet', 'it is idle');
  const { id } = await change(tidegate, 'POST', '/leases', { name: 'job', ttl: '10m' });
  t.match(await verdictOf(tidegate), { status: 409, reason: 'leases', quietSince: null });
  await change(tidegate, 'DELETE', `/leases/${String(id)}`);
  t.match(await verdictOf(tidegate), { status: 409, reason: 'not-quiet' });
  await change(tidegate, 'POST', '/drain?reason=test');
  t.match(await verdictOf(tidegate), { status: 409, reason: 'settling' });
  await change(tidegate, 'DELETE', '/drain');
  t.match(await verdictOf(tidegate), { status: 409, reason: 'not-quiet' });
});

t.test('it becomes safe under probes and scrapes, and only under them', async (t) => {
  const app = new App(t);
  const port = await freePort();
  await app.listen(port);
  const flags = ['--quiet-for=2s', '--probe-agents=our canary'];
  const tidegate = await started(t, flags, port);
  await ask(tidegate, 'curl/8');
  keepAsking(t, tidegate);
  const { length } = app.asked;
  await until(() => app.asked.length > length + 3 * LOOKS, 'they have asked', 60_000);
  await until(async () => (await verdictOf(tidegate)).safe, 'it is safe', 60_000);
  const before = await verdictOf(tidegate);
  await ask(tidegate, 'curl/8');
  await until(async () => {
    const { quietSince } = await verdictOf(tidegate);
    return quietSince !== null && quietSince !== before.quietSince;
  }, 'an ordinary request counts');
  await until(async () => (await verdictOf(tidegate)).safe, 'it is safe again', 60_000);
  const metrics = await tidegate.metrics();
  const answers = metrics.value('tidegate_http_requests_total', { code: '2xx' });
  t.ok(answers >= app.asked.length - 3, `${answers} answers to ${app.asked.length}: all count`);
});

t.test('under an ordinary client, whose name a probe only resembles, it does not', async (t) => {
  const app = new App(t);
  const port = await freePort();
  await app.listen(port);
  const tidegate = await started(t, ['--quiet-for=1h'], port);
  let last = '';
  for (let looks = 0; looks < LOOKS; looks++) {
    await ask(tidegate, 'kube-prober/1.31');
    let seen = await verdictOf(tidegate);
    await until(async () => {
      seen = await verdictOf(tidegate);
      return seen.quietSince !== null && seen.quietSince > last;
    }, 'it has been quiet since then, and no longer');
    t.match(seen, { status: 409, reason: 'not-quiet' });
    last = seen.quietSince ?? '';
  }
});
