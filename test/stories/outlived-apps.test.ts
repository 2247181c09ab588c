/**
 * Clients whose app leaves between two of their requests: with a second chance they hear nothing of
 * it, and their next request is answered; without, an end stays an end and a reset a reset.
 */
import t from 'tap';
import { LINGER_MS } from '../../src/tunnel/refusal.js';
import { join, openCarrier } from '../peers/carrier.js';
import type { Peer } from '../peers/peer.js';
import { GET, talk } from '../peers/talks.js';
import { until } from '../peers/until.js';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab';
const POLICY = { secondChance: { host: '127.0.0.1', port: 9 }, idleFarewellMs: 3_000 };

const LEAVES: readonly (readonly [string, (app: Peer) => void])[] = [
  ['ends', (app) => app.end()],
  ['resets', (app) => app.reset()],
];

for (const [name, leave] of LEAVES) {
  t.test(`an app that ${name} between two requests is dialled for the second`, async (t) => {
    const opened = await openCarrier(t, { policy: POLICY });
    const one = await talk(opened, GET, ANSWER);
    leave(one.app);
    await until(() => one.tunnel.app === undefined, 'it is let go of');
    t.same(opened.carrier.open, { tunnels: 1, active: 0, idle: 1, requests: 0 });
    one.client.send(GET);
    const next = await opened.app.accepted();
    await next.gotText(GET);
    next.send(ANSWER);
    await one.client.got(2 * ANSWER.length);
    t.equal(one.client.leaving, 'open');
    one.client.end();
    await next.ended();
    next.end();
    await opened.carrier.empty();
    const { closedBy, openedAs } = opened.carrier.tracker;
    t.same([closedBy.http1.client, openedAs.http1, openedAs.tcp], [1, 1, 0]);
  });

  t.test(`an app that ${name} before anything was said is dialled for the first`, async (t) => {
    const opened = await openCarrier(t, { policy: POLICY });
    const { client, app } = await join(opened);
    const tunnel = await opened.carrier.tunnel();
    await until(() => tunnel.app !== undefined, 'the app is reached');
    leave(app);
    await until(() => tunnel.app === undefined, 'it is let go of');
    client.send(GET);
    const next = await opened.app.accepted();
    await next.gotText(GET);
    next.send(ANSWER);
    await client.got(ANSWER.length);
    client.end();
    next.end();
    await opened.carrier.empty();
    const { openedAs } = opened.carrier.tracker;
    t.same([openedAs.http1, openedAs.tcp], [1, 0]);
  });

  t.test(`an app that ${name} is passed on where there is no second chance`, async (t) => {
    const opened = await openCarrier(t, { policy: { ...POLICY, secondChance: undefined } });
    const one = await talk(opened, GET, ANSWER);
    leave(one.app);
    t.equal(await one.client.left(), name === 'ends' ? 'end' : 'reset');
  });
}

t.test('a client that stays quiet is ended after a while, while it serves, too', async (t) => {
  const { carrier, app } = await openCarrier(t, { policy: POLICY });
  const one = await talk({ carrier, app }, GET, ANSWER);
  one.app.end();
  await until(() => one.tunnel.app === undefined, 'it is let go of');
  carrier.clock.advance(POLICY.idleFarewellMs - 1);
  t.equal(one.tunnel.isParting, false);
  carrier.clock.advance(1);
  await one.client.ended();
  carrier.clock.advance(LINGER_MS);
  await carrier.empty();
  t.equal(carrier.tracker.closedBy.http1.app, 1);
});

for (const [name, asked, answered] of [
  ['a request is at work', GET, ANSWER.slice(0, -1)],
  ['the answer said that it ends', GET, ANSWER.replace('\r\n', '\r\nConnection: close\r\n')],
  ['a next request has begun', `${GET}G`, ANSWER],
  ['it came behind a PROXY preamble', `PROXY UNKNOWN\r\n${GET}`, ANSWER],
  ['it is no HTTP', 'hello', 'hello'],
] as const) {
  t.test(`an end is passed on where ${name}`, async (t) => {
    const opened = await openCarrier(t, { policy: POLICY });
    const one = await talk(opened, asked, answered);
    one.app.end();
    await one.client.ended();
    one.client.end();
    await opened.carrier.empty();
  });
}
