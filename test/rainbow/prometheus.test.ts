/**
 * What one query of Prometheus tells of pods, with a Prometheus made up: what is asked, which values
 * are believed, and what is said of those that are missing or old. What the query means to the
 * real one is seen in test/process/rainbow-prometheus.test.ts.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/clock.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { askPrometheus, PrometheusError, queryFor } from '../../src/rainbow/prometheus.js';
import { HandClock } from '../peers/clock.js';
import { until } from '../peers/until.js';

interface Fake {
  readonly url: string;
  readonly asked: IncomingMessage[];
  said: { readonly status: number; readonly body: string } | undefined;
}

async function fakeFor(t: Test): Promise<Fake> {
  const server = createServer((request, response) => {
    fake.asked.push(request);
    if (fake.said !== undefined) response.writeHead(fake.said.status).end(fake.said.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: Fake = { url, asked: [], said: undefined };
  return fake;
}

const SAFE = { safe: 1, scrapes: 9, age: 12.5, active: 0, idle: 3, leases: 0, phase: 1 };

/** An answer of Prometheus' about pod `p`; what is undefined is left out. */
function vector(
  values: Readonly<Record<string, number | undefined>>,
  phase = 'serving',
  atMs = Date.now(),
): string {
  const result = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([known, value]) => ({
      metric: { namespace: 'web', pod: 'p', known, ...(known === 'phase' ? { phase } : {}) },
      value: [atMs / 1_000, String(value)],
    }));
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
}

async function told(
  fake: Fake,
  body: string,
  { isReady = true, status = 200 } = {},
): Promise<PodAnswer | undefined> {
  fake.said = { status, body };
  const pod = { name: 'p', uid: 'u', isReady, address: '127.0.0.1', port: 9 };
  return (await askPrometheus(new URL(fake.url), systemClock)('web', [pod])).get('u');
}

t.test('one query tells of all pods', async (t) => {
  const fake = await fakeFor(t);
  t.same(await told(fake, vector(SAFE)), {
    ...{ known: true, safe: true, reason: undefined, phase: 'serving' },
    ...{ active: 0, idle: 3, leases: 0, oldestSeconds: null },
  });
  t.equal(fake.asked.length, 1);
  const { pathname, searchParams } = new URL(fake.asked[0].url ?? '', fake.url);
  t.equal(pathname, '/api/v1/query');
  t.equal(searchParams.get('query'), queryFor('web'));
});

t.test('nobody is asked for no pods', async (t) => {
  const fake = await fakeFor(t);
  t.equal((await askPrometheus(new URL(fake.url), systemClock)('web', [])).size, 0);
  t.equal(fake.asked.length, 0);
});

t.test('why a pod is not safe is made out of its metrics', async (t) => {
  const fake = await fakeFor(t);
  const busy = { ...SAFE, safe: 0, active: 5, oldest: 3_600 };
  t.match(await told(fake, vector(busy)), { reason: 'active', active: 5, oldestSeconds: 3_600 });
  t.match(await told(fake, vector({ ...SAFE, safe: 0, leases: 1 })), { reason: 'leases' });
  t.match(await told(fake, vector({ ...SAFE, safe: 0 }, 'settling')), { reason: 'settling' });
  t.match(await told(fake, vector({ ...SAFE, safe: 0 })), { safe: false, reason: 'not-quiet' });
});

t.test('what is old, missing or cannot be is not safe', async (t) => {
  const fake = await fakeFor(t);
  const cases: readonly (readonly [Readonly<Record<string, number | undefined>>, RegExp])[] = [
    [{}, /^stale: is not scraped by Prometheus/],
    [{ ...SAFE, age: 61 }, /^stale: was last scraped 61s ago/],
    [{ ...SAFE, age: NaN }, /^stale: /],
    [{ ...SAFE, age: undefined }, /^stale: /],
    [{ ...SAFE, scrapes: 1 }, /^stale: was scraped only once/],
    [{ ...SAFE, scrapes: undefined }, /^stale: was scraped only once/],
    [{ ...SAFE, active: undefined }, /^unparsable: /],
    [{ ...SAFE, leases: undefined }, /^unparsable: /],
    [{ ...SAFE, active: 2 }, /^unparsable: says that it is safe, with 2 at work/],
    [{ ...SAFE, active: NaN }, /^unparsable: /],
    [{ ...SAFE, leases: 1 }, /^unparsable: /],
  ];
  for (const [values, words] of cases) {
    const answer = await told(fake, vector(values));
    t.match(answer, { known: false });
    if (answer?.known === false) t.match(`${answer.reason}: ${answer.words}`, words);
  }
});

t.test('a pod that is not ready has to be draining', async (t) => {
  const fake = await fakeFor(t);
  const isReady = false;
  t.match(await told(fake, vector(SAFE), { isReady }), { known: false, reason: 'unready' });
  t.match(await told(fake, vector(SAFE, 'drained'), { isReady }), { known: true, safe: true });
});

t.test('a Prometheus that does not tell is a fault in words', async (t) => {
  const fake = await fakeFor(t);
  const error = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error' });
  const wrong: readonly (readonly [number, string, RegExp])[] = [
    [400, error, /^Prometheus at 127\.0\.0\.1:\d+ answers 400: parse error$/],
    [200, '<html>', /answers 200, as no Prometheus does$/],
    [404, 'not found', /answers 404, as no Prometheus does$/],
  ];
  await t.rejects(told(fake, 'no upstream', { status: 503 }), {
    message: /answers 503/,
    passing: true,
  });
  for (const [status, body, message] of wrong) {
    await t.rejects(told(fake, body, { status }), { message, passing: false });
  }
  const closed = askPrometheus(new URL('http://127.0.0.1:1'), systemClock);
  const pod = { name: 'p', uid: 'u', isReady: true, address: undefined, port: 9 };
  await t.rejects(
    closed('web', [pod]),
    new PrometheusError('Prometheus at 127.0.0.1:1 is not there: nothing listens', true),
  );
});

t.test('an answer that somebody has kept is none', async (t) => {
  const fake = await fakeFor(t);
  const old = vector(SAFE, 'serving', Date.now() - 90_000);
  await t.rejects(told(fake, old), { message: /answers with values of long ago/, passing: true });
});

t.test('a Prometheus that is late is a fault in words', async (t) => {
  const fake = await fakeFor(t);
  const clock = new HandClock();
  const pod = { name: 'p', uid: 'u', isReady: true, address: undefined, port: 9 };
  const asking = askPrometheus(new URL(fake.url), clock)('web', [pod]);
  const refused = t.rejects(asking, { message: /does not answer within 10s$/ });
  await until(() => fake.asked.length === 1, 'it is asked');
  clock.advance(10_000);
  await refused;
});

t.test('it may stand below a path, and want a name and a password', async (t) => {
  const fake = await fakeFor(t);
  fake.said = { status: 200, body: vector(SAFE) };
  const url = new URL(`${fake.url.replace('//', '//jane:p%40ss@')}/prometheus/`);
  const pod = { name: 'p', uid: 'u', isReady: true, address: undefined, port: 9 };
  await askPrometheus(url, systemClock)('web', [pod]);
  t.match(fake.asked[0].url, /^\/prometheus\/api\/v1\/query\?query=/);
  const secret = Buffer.from('jane:p@ss').toString('base64');
  t.equal(fake.asked[0].headers.authorization, `Basic ${secret}`);
});
