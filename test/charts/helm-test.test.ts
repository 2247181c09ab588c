/**
 * What `helm test` runs, asked of a stand-in for a Prometheus: it says in a sentence each what is there and
 * what is missing. The cluster's tests run it in its pod, and ask a real one.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { freePort, run } from '../peers/running.js';

const SCRIPT = fileURLToPath(new URL('../../charts/tidegate/files/test.mjs', import.meta.url));

/** What it has: results of queries by a part of each, and rules. */
interface Has {
  readonly up: number;
  readonly down?: number;
  readonly told: number;
  readonly rules?: readonly { name: string; health: string; lastError?: string }[];
}

interface Said {
  readonly code: number | null;
  readonly lines: readonly string[];
}

async function helmTest(url: string, more: Readonly<Record<string, string>> = {}): Promise<Said> {
  const env = { PROMETHEUS_URL: url, ...more };
  const { code, stdout, stderr } = await run(process.execPath, [SCRIPT], { env });
  return { code, lines: `${stdout}${stderr}`.trim().split('\n') };
}

/** Answers as the HTTP API of Prometheus does. */
function answer(path: string, { up, down, told, rules = [] }: Has): unknown {
  const url = new URL(path, 'http://prometheus');
  if (url.pathname === '/api/v1/rules') return { groups: [{ rules }] };
  const query = url.searchParams.get('query') ?? '';
  const counts = { 'count(up{job="tidegate"} == 1)': up, 'count(tidegate_build_info{job="tidegate"})': told };
  const value = query.includes('[1m]') ? down : Object.entries(counts).find(([one]) => one === query)?.[1];
  return { result: value === undefined ? [] : [{ metric: {}, value: [0, String(value)] }] };
}

async function standIn(t: Test, has: Has): Promise<string> {
  const server = createServer(({ url = '/' }, response) => {
    response.end(JSON.stringify({ status: 'success', data: answer(url, has) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const RULES = 'TidegateDrainStuck TidegateAppUnreachable';
const rule = (name: string): { name: string; health: string } => ({ name, health: 'ok' });

t.test('helm test passes where pods are scraped and all alerts are loaded', async (t) => {
  const url = await standIn(t, { up: 3, told: 3, rules: RULES.split(' ').map(rule) });
  t.same(await helmTest(`${url}/`, { PODS_MIN: '2', RULES }), {
    code: 0,
    lines: [
      'good 3 pods are scraped, 2 are asked for',
      'good 0 pods have not answered for a minute',
      'good 3 tell what they know',
      'good TidegateDrainStuck is loaded',
      'good TidegateAppUnreachable is loaded',
    ],
  });
});

t.test('helm test says what is missing, each by itself', async (t) => {
  const broken = { name: 'TidegateAppUnreachable', health: 'err', lastError: 'many-to-many' };
  const url = await standIn(t, { up: 1, down: 1, told: 0, rules: [broken] });
  t.same(await helmTest(url, { PODS_MIN: '2', RULES }), {
    code: 1,
    lines: [
      'BAD  1 pods are scraped, 2 are asked for',
      'BAD  1 pods have not answered for a minute',
      'BAD  0 tell what they know',
      'BAD  TidegateDrainStuck is not loaded',
      'BAD  TidegateAppUnreachable is loaded, but: many-to-many',
    ],
  });
});

t.test('helm test says that a Prometheus does not answer', async (t) => {
  const { code, lines } = await helmTest(`http://127.0.0.1:${await freePort()}`);
  t.equal(code, 1);
  t.match(lines, [/^BAD {2}Prometheus does not answer: ./]);
});
