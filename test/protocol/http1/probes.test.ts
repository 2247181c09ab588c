/**
 * Who is a probe: the names that are known, where a name ends, which requests count; whole, byte by
 * byte and cut at every position, and held against the same rule as a regular expression.
 */
import t from 'tap';
import { PROBE_AGENTS, ProbeAgents } from '../../../src/protocol/http1/probes.js';
import { Follower } from '../../peers/follower.js';
import { Random, seedOf, seedOfRun } from '../../peers/random.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const IS = "it is a probe's";
const WAS = "it was a probe's";
const ANSWER = bytes('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');

function requestBy(agent: string, method = 'GET'): Buffer {
  return bytes(`${method} /healthz HTTP/1.1\r\nHost: a\r\nUser-Agent: ${agent}\r\nA: b\r\n\r\n`);
}

/** Whether these chunks are a probe's request, and its end is told as one. */
function isProbe(chunks: readonly Buffer[], probes?: ProbeAgents): boolean {
  const follower = new Follower(probes);
  for (const chunk of chunks) follower.feed('client', chunk);
  follower.feed('app', ANSWER);
  if (follower.log.includes(IS) !== follower.log.includes(WAS)) throw new Error('told by half');
  if (!follower.log.includes('exchange ended')) throw new Error(follower.log.join('; '));
  return follower.log.includes(IS);
}

/** As they were seen in logs and sources. */
const SEEN = [
  'kube-probe/1.29',
  'Prometheus/2.53.0',
  'Blackbox Exporter/0.27.0',
  'vm_promscrape',
  'GrafanaAgent/v0.38.0 (flow; linux; docker)',
  'Alloy/v1.5.0 (linux; helm)',
  'Datadog Agent/7.53.0',
  'Elastic-Heartbeat/7.16.2 (linux; amd64; 3c518f4d; 2021-12-18 21:10:52 +0000 UTC)',
  'Envoy/HC',
  'Consul Health Check',
  'GoogleHC/1.0',
  'GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)',
  'ELB-HealthChecker/2.0',
  'Amazon-Route53-Health-Check-Service (ref b5996862; report http://amzn.to/1vsZADi)',
  'Amazon Route 53 Health Check Service; ref:47d9bc51; report http://amzn.to/1vsZADi',
  'Edge Health Probe',
  'Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager/1.0; +https://www.cloudflare.com/)',
  'DigitalOcean Uptime Probe 0.22.0 (https://digitalocean.com)',
  'check_http/v2.3.1 (monitoring-plugins 2.3.1)',
  'Uptime-Kuma/1.23.11',
  'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)',
  'Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)',
  'Better Uptime Bot Mozilla/5.0 (Windows NT 10.0; Win64; x64)',
  'SentryUptimeBot/1.0 (+http://docs.sentry.io/product/alerts/uptime-monitoring/)',
];

const OTHERS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'curl/8.5.0',
  'kube-prob/1.0',
  'kube-probes/1.0',
  'kube-probe_/1.0',
  'x kube-probe/1.29',
  'xkube-probe/1.29',
  'Envoy/HCM',
  'Envoy/1.30',
  'Consul Health',
  'Consul Health  Check',
  'Prometheus-adapter/1.0',
  'Edge Health Prober',
  '"kube-probe"',
];

t.test('everyone on the list is known by what they send', (t) => {
  t.equal(SEEN.length, PROBE_AGENTS.length);
  for (const agent of SEEN) {
    t.ok(isProbe([requestBy(agent)]), agent);
    t.ok(isProbe([requestBy(agent.toUpperCase())]), 'in any case');
    t.ok(isProbe([requestBy(agent.toLowerCase())]));
    t.ok(isProbe([requestBy(`  ${agent}\t `)]), 'with white space around it');
  }
  t.end();
});

t.test('no others are', (t) => {
  for (const agent of [...OTHERS, '', ' ']) t.notOk(isProbe([requestBy(agent)]), agent);
  t.notOk(isProbe([bytes('GET / HTTP/1.1\r\nX-User-Agent: kube-probe/1\r\n\r\n')]));
  t.notOk(isProbe([bytes('GET /kube-probe/ HTTP/1.1\r\nUser-Agents: kube-probe/1\r\n\r\n')]));
  t.end();
});

t.test('it makes no difference where a request is cut', (t) => {
  for (const agent of [...SEEN.slice(0, 6), ...OTHERS]) {
    const request = requestBy(agent);
    const whole = isProbe([request]);
    const singly = Array.from(request, (_, at) => request.subarray(at, at + 1));
    t.equal(isProbe(singly), whole, agent);
    for (let at = 1; at < request.length; at++) {
      const cut = isProbe([request.subarray(0, at), request.subarray(at)]);
      if (cut !== whole) t.fail(`${agent} cut at ${at}`);
    }
  }
  t.end();
});

t.test('a probe only reads: what changes something is work', (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    t.ok(isProbe([requestBy('Prometheus/3.0', method)]), method);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'QUERY']) {
    t.notOk(isProbe([requestBy('Prometheus/3.0', method)]), method);
  }
  const upgrade = requestBy('kube-probe/1.29\r\nConnection: upgrade\r\nUpgrade: websocket');
  t.notOk(isProbe([upgrade]), 'nor does one ask for another protocol');
  t.end();
});

t.test('of two User-Agents one is enough, and a trailer is none', (t) => {
  t.ok(isProbe([requestBy('curl/8\r\nUser-Agent: kube-probe/1.29')]));
  t.ok(isProbe([requestBy('kube-probe/1.29\r\nUser-Agent: curl/8')]));
  const chunked = 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n';
  t.notOk(isProbe([bytes(`${chunked}User-Agent: kube-probe/1.29\r\n\r\n`)]));
  t.end();
});

t.test('an answer can say what it likes', (t) => {
  const follower = new Follower();
  follower.feed('client', requestBy('curl/8'));
  follower.feed('app', bytes('HTTP/1.1 200 OK\r\nUser-Agent: kube-probe/1\r\n\r\n'));
  follower.end('app');
  t.notOk(follower.log.some((line) => line.includes('probe')));
  t.end();
});

t.test('a request is known as soon as its head is whole, and its body still to come', (t) => {
  const follower = new Follower();
  follower.feed('client', requestBy('kube-probe/1\r\nContent-Length: 3'));
  t.same(follower.log.slice(-3), ['exchange began', IS, 'head plain']);
  follower.feed('app', ANSWER);
  t.equal(follower.log.at(-1), 'answered 200', 'it is answered before it is whole');
  follower.feed('client', bytes('abc'));
  t.same(follower.log.slice(-2), ['exchange ended', WAS]);
  t.end();
});

t.test('of pipelined requests each is what it is', (t) => {
  const follower = new Follower();
  const agents = ['curl/8', 'kube-probe/1', 'Prometheus/3', 'curl/8'];
  follower.feed('client', Buffer.concat(agents.map((agent) => requestBy(agent))));
  t.equal(follower.log.filter((line) => line === IS).length, 2);
  const ends = agents.map(() => {
    follower.feed('app', ANSWER);
    return follower.log.at(-1);
  });
  t.same(ends, ['exchange ended', WAS, WAS, 'exchange ended']);
  t.end();
});

t.test('a name that ends with what is no part of a token needs nothing behind it', (t) => {
  const probes = new ProbeAgents(['ours/', 'Ours', 'their tool (v', 'their']);
  const yes = ['ours/1', 'OURS/', 'ours', 'ours (x)', 'their tool (v2)', 'their', 'their tool'];
  const no = ['ours1', 'ourself', 'theirs', 'our', 'x'];
  for (const agent of yes) t.ok(isProbe([requestBy(agent)], probes), agent);
  for (const agent of no) t.notOk(isProbe([requestBy(agent)], probes), agent);
  t.end();
});

t.test('as many and as long names as there may be fit', (t) => {
  const names = Array.from({ length: 64 }, (_, at) => `${at}-`.padEnd(128, 'q~`#Z'));
  const probes = new ProbeAgents([...PROBE_AGENTS, ...names]);
  for (const name of names) {
    t.ok(isProbe([requestBy(name)], probes));
    t.notOk(isProbe([requestBy(name.slice(0, -1))], probes));
  }
  t.end();
});

t.test('the table finds what the rule finds, whatever the names and values', (t) => {
  const run = seedOfRun(7_100);
  t.comment(`TIDEGATE_TEST_SEED=${run}`);
  const letters = ['a', 'B', '/', ' ', '(', '-', 'b'];
  for (let index = 0; index < 4_000; index++) {
    const random = new Random(seedOf(run, index));
    const word = (most: number): string =>
      Array.from({ length: 1 + random.int(most) }, () => random.pick(letters)).join('');
    const names = Array.from({ length: 1 + random.int(4) }, () => word(4).trim()).filter(Boolean);
    const agent = word(7).trim();
    const expected = names.some((name) => ruleFor(name).test(agent));
    const request = requestBy(agent);
    const at = random.int(request.length);
    const found = isProbe([request.subarray(0, at), request.subarray(at)], new ProbeAgents(names));
    if (found !== expected) t.fail(`${JSON.stringify({ names, agent, at })}: ${String(found)}`);
  }
  t.end();
});

/** The rule as it is told. */
function ruleFor(name: string): RegExp {
  const token = "[\\w!#$%&'*+.^`|~-]";
  const literal = name.replace(/[^\w]/g, '\\$&');
  return new RegExp(`^${literal}(?:$|(?<!${token})|(?!${token}))`, 'i');
}
