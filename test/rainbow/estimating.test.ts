/**
 * Who gets an estimate, and how often pods are asked for what it is made of.
 */
import t from 'tap';
import { CallError } from '../../src/bounded-call.js';
import type { CallPod } from '../../src/rainbow/ask.js';
import { estimating } from '../../src/rainbow/estimating.js';
import { HandClock } from '../peers/clock.js';
import { busy, colourOf, groupOf, podOf, SILENT, serviceOf } from '../peers/rainbow.js';

const metrics = `tidegate_connection_duration_seconds_bucket{le="60",kind="websocket"} 0
tidegate_connection_duration_seconds_bucket{le="300",kind="websocket"} 40
tidegate_connection_duration_seconds_bucket{le="+Inf",kind="websocket"} 41
tidegate_connections{kind="websocket",state="active"} 1
tidegate_connections{kind="websocket",state="idle"} 0
`;
const connection = { kind: 'websocket', state: 'active', kindSeconds: 100 };
const connections = JSON.stringify({ connections: [connection] });

function asked(): { readonly calls: string[]; readonly call: CallPod } {
  const calls: string[] = [];
  const call: CallPod = (_namespace, { name }, path) => {
    calls.push(`${name} ${path}`);
    const body = path === '/metrics' ? metrics : connections;
    return Promise.resolve({ status: 200, body, atMs: undefined });
  };
  return { calls, call };
}

const pod = (name: string) => podOf(name, { admin: { address: name, port: 1 }, answer: busy(1) });
const group = () => {
  const colours = [colourOf('blue', [pod('b')]), colourOf('green', [pod('g')])];
  return groupOf(colours, [serviceOf('web', ['green'])]);
};

t.test('a colour that a Service selects has no estimate, the others have', async (t) => {
  const estimates = await estimating(asked().call, new HandClock())(group());
  t.same([...estimates.keys()], ['blue']);
  t.match(estimates.get('blue'), { known: true });
});

t.test('pods are asked for it once a minute', async (t) => {
  const { calls, call } = asked();
  const clock = new HandClock();
  const estimate = estimating(call, clock);
  await estimate(group());
  t.equal(calls.length, 4);
  clock.advance(59_000);
  await estimate(group());
  t.equal(calls.length, 4);
  clock.advance(2_000);
  await estimate(group());
  t.equal(calls.length, 8);
  await estimate({ ...group(), group: 'other' });
  t.equal(calls.length, 12);
});

t.test('who does not answer has no estimate, and is not asked for long', async (t) => {
  const clock = new HandClock();
  let calls = 0;
  const call: CallPod = () => {
    calls++;
    clock.advance(6_000);
    return Promise.reject(new CallError('late'));
  };
  const pods = Array.from({ length: 20 }, (_, at) => pod(`p${at}`));
  const silent = podOf('silent', { admin: { address: 's', port: 1 }, answer: SILENT });
  const facts = groupOf([colourOf('blue', [...pods, silent])], []);
  const estimates = await estimating(call, clock)(facts);
  t.same(estimates.get('blue'), { known: false, reason: 'unknown' });
  t.ok(calls < 20, `${calls} calls`);
});
