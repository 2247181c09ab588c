/**
 * The sidecar's state as it is told: each number from where it is counted, times as people write
 * them, and in the form that the command line reads.
 */
import t from 'tap';
import { listConnections, statusOf } from '../../src/admin/views.js';
import { fits, STATUS } from '../../src/admin/shapes.js';
import { KINDS } from '../../src/protocol/contract.js';
import { StagedAdmin, VERSION } from '../peers/admin.js';
import { drainIn, StagedDrain } from '../peers/drain.js';

t.test('the status of a pod that serves has no drain', (t) => {
  const { sources } = new StagedAdmin({});
  const status = statusOf(sources);
  t.ok(fits(status, STATUS), 'and the form that the command line expects');
  t.match(status, {
    phase: 'serving',
    since: '2024-01-01T00:00:00.000Z',
    terminating: false,
    drain: null,
    eta: null,
    connections: { total: 0, active: 0, idle: 0 },
    requestsInFlight: 0,
    arrivals: 0,
    app: { up: true },
    build: { version: VERSION, node: process.version },
  });
  t.same(Object.keys(status.connections.byKind), KINDS);
  for (const kind of KINDS) {
    t.same(status.connections.byKind[kind], { active: 0, idle: 0, oldestSeconds: null });
  }
  t.end();
});

t.test('the status counts what is open by kind and state', (t) => {
  const staged = new StagedDrain();
  const { sources } = new StagedAdmin({ staged });
  staged.traffic.websocket();
  staged.clock.advance(90_500);
  staged.traffic.websocket();
  staged.traffic.answer(staged.traffic.request());
  staged.traffic.request(staged.traffic.request());
  const status = statusOf(sources);
  t.match(status.connections, { total: 4, active: 3, idle: 1 });
  t.same(status.connections.byKind.websocket, { active: 2, idle: 0, oldestSeconds: 90.5 });
  t.same(status.connections.byKind.http1, { active: 1, idle: 1, oldestSeconds: 0 });
  t.equal(status.requestsInFlight, 2);
  t.equal(status.arrivals, 4 + 5, 'connections and requests');
  t.end();
});

t.test('the status of a drain has its reason, its moments and what is left', (t) => {
  const staged = drainIn('draining');
  const { sources } = new StagedAdmin({ staged });
  staged.clock.advance(5_000);
  const status = statusOf(sources);
  t.ok(fits(status, STATUS));
  t.match(status, {
    phase: 'draining',
    since: '2024-01-01T00:00:10.000Z',
    drain: {
      reason: 'by hand',
      start: '2024-01-01T00:00:00.000Z',
      deadline: '2024-01-01T00:01:40.000Z',
      secondsLeft: 85,
    },
    eta: '2024-01-01T00:01:40.000Z',
  });
  staged.clock.advance(200_000);
  t.equal(statusOf(sources).drain?.secondsLeft, 0);
  t.equal(statusOf(sources).eta, null, 'there is nothing to wait for when all is drained');
  t.end();
});

t.test('a connection is told with its client, its kind, and since when it is of it', (t) => {
  const staged = new StagedDrain();
  const { sources } = new StagedAdmin({ staged });
  const tunnel = staged.traffic.request();
  staged.clock.advance(1_000);
  staged.traffic.answer(tunnel, 101);
  tunnel.carries('websocket');
  staged.clock.advance(2_000);
  t.same(listConnections(sources, 'age', 10), [
    {
      kind: 'websocket',
      state: 'active',
      client: '10.1.2.3:40000',
      ageSeconds: 3,
      kindSeconds: 2,
      requestsInFlight: 0,
    },
  ]);
  t.end();
});

t.test('an IPv6 client is told in brackets, one that is gone as unknown', (t) => {
  const staged = new StagedDrain();
  const { sources } = new StagedAdmin({ staged });
  const { client } = staged.traffic.connect();
  const clientAt = (remoteAddress: string | undefined): string => {
    Object.defineProperty(client, 'remoteAddress', { value: remoteAddress, configurable: true });
    return listConnections(sources, 'age', 1)[0].client;
  };
  t.equal(clientAt('2001:db8::1'), '[2001:db8::1]:40000');
  t.equal(clientAt('::ffff:10.0.0.9'), '10.0.0.9:40000');
  t.equal(clientAt(undefined), 'unknown:40000');
  t.end();
});
