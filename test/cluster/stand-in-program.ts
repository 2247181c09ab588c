/**
 * Runs on the cluster's node in place of pods that nobody has started: answers on as many ports as it
 * is asked for what it is told to, counts who asks, and writes such pods' statuses as a kubelet would,
 * many at a time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Answered } from './on-node.js';

const WRITES_AT_ONCE = 16;

export interface Patch {
  readonly path: string;
  readonly merge: object;
}

/** An object that is to be, and where those of its kind are. */
export interface Creation {
  readonly path: string;
  readonly object: object;
}

/** Bodies by path; null: it takes the question and says nothing, ever. */
export type Says = Readonly<Record<string, string | null>>;

export type Command =
  /** A port more, on all addresses: which one. */
  | { readonly do: 'open'; readonly says: Says }
  | { readonly do: 'says'; readonly port: number; readonly says: Says }
  /** How often anybody has asked any port. */
  | { readonly do: 'asked' }
  | { readonly do: 'patch'; readonly patches: readonly Patch[] }
  | { readonly do: 'make'; readonly creations: readonly Creation[] }
  /** What a program of the node answers. */
  | { readonly do: 'get'; readonly url: string };

const says = new Map<number, Says>();
let asked = 0;

async function open(first: Says): Promise<number> {
  const server = createServer((request, response) => {
    asked++;
    const { port } = server.address() as AddressInfo;
    const path = (request.url ?? '').split('?', 1)[0];
    const body = says.get(port)?.[path];
    if (body === null) return;
    // Prometheus does not read what is called something else.
    const type = path === '/metrics' ? 'text/plain; version=0.0.4' : 'application/json';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type });
    response.end(body);
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  says.set(port, first);
  return port;
}

/** Where the API server is reached without credentials. */
let api: Promise<string> | undefined;

/** The proxy has the rights of whoever started this, and ends with it. */
async function openApi(): Promise<string> {
  const proxy = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => proxy.kill('SIGKILL'));
  for await (const line of createInterface(proxy.stdout)) {
    const at = /127\.0\.0\.1:\d+/.exec(line);
    if (at !== null) return `http://${at[0]}`;
  }
  throw new Error('kubectl proxy has ended');
}

interface Write {
  readonly path: string;
  readonly method: 'PATCH' | 'POST';
  readonly body: object;
}

/** In this order, many at a time; the answers to all of them. */
async function write(writes: readonly Write[]): Promise<readonly string[]> {
  const server = await (api ??= openApi());
  const answers: string[] = [];
  let begun = 0;
  const lane = async (): Promise<void> => {
    for (let at = begun++; at < writes.length; at = begun++) {
      const { path, method, body } = writes[at];
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { 'content-type': type };
      const answer = await fetch(server + path, { method, headers, body: JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
      answers[at] = text;
    }
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, lane));
  return answers;
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'open':
      return open(command.says);
    case 'says':
      return void says.set(command.port, command.says);
    case 'asked':
      return asked;
    case 'patch':
      await write(
        command.patches.map(({ path, merge }) => ({ path, method: 'PATCH', body: merge })),
      );
      return undefined;
    case 'make':
      return write(
        command.creations.map(({ path, object }) => ({ path, method: 'POST', body: object })),
      );
    case 'get':
      return (await fetch(command.url)).text();
  }
}

function answer(answered: Answered): void {
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}

createInterface(process.stdin)
  .on('line', (line) => {
    const { id, ...command } = JSON.parse(line) as Command & { readonly id: number };
    obey(command).then(
      (value) => answer({ id, value }),
      (fault: unknown) => answer({ id, fault: String(fault) }),
    );
  })
  .on('close', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
