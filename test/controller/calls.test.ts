/**
 * Calls of the API server, noted: counts, rights that go and come again, and the server itself, each
 * change told once.
 */
import t from 'tap';
import { Calls, type Deed, UNREACHABLE_MS } from '../../src/controller/calls.js';
import { DEPLOYMENTS, LEASES, PODS } from '../../src/kubernetes/api.js';
import { KubernetesError, missingRight, RefusedError } from '../../src/kubernetes/fault.js';
import { HandClock } from '../peers/clock.js';

const LIST: Deed = { verb: 'list', resource: PODS, namespace: 'web' };
const DELETE: Deed = { verb: 'delete', resource: DEPLOYMENTS, namespace: 'web' };

/** Calls, and what was heard of them. */
function stage(): { calls: Calls; heard: string[]; clock: HandClock } {
  const heard: string[] = [];
  const clock = new HandClock();
  const calls = new Calls(clock, {
    rightMissing: ({ verb, resource, namespace }, without) =>
      heard.push(`missing ${verb} ${resource} ${namespace}: ${without}`),
    rightThere: ({ verb, resource, namespace }) =>
      heard.push(`there ${verb} ${resource} ${namespace}`),
    serverUnreachable: (reason) => heard.push(`unreachable: ${reason}`),
    serverReached: () => heard.push('reached'),
  });
  return { calls, heard, clock };
}

function denied({ verb }: Deed): RefusedError {
  const said = `x is forbidden: User "jane" cannot ${verb} resource`;
  return new RefusedError(missingRight('s', said, `${verb} on x`) ?? '', 403, 'Forbidden');
}

const AWAY = new KubernetesError('nothing listens', true);

/** What comes of a call that ends so. */
async function come(calls: Calls, deed: Deed, how: unknown): Promise<unknown> {
  const call = (): Promise<unknown> =>
    how instanceof Error ? Promise.reject(how) : Promise.resolve(how);
  return calls.noted(deed, call).catch((error: unknown) => error);
}

t.test('every call is counted by its verb and what came of it', async (t) => {
  const { calls, heard } = stage();
  t.equal(await come(calls, LIST, 5), 5);
  const conflict = new RefusedError('no', 409, 'Conflict');
  t.equal(await come(calls, DELETE, conflict), conflict, 'it is passed on');
  await come(calls, DELETE, new RefusedError('oh', 500, 'InternalError'));
  await come(calls, DELETE, AWAY);
  await come(calls, DELETE, new TypeError('a bug of ours'));
  t.match(calls.counts, {
    list: { ok: 1, refused: 0, failed: 0 },
    delete: { ok: 0, refused: 1, failed: 2 },
    watch: { ok: 0, refused: 0, failed: 0 },
  });
  t.same(heard, []);
});

t.test('a right that is missing is told once, and once more when it is there', async (t) => {
  const { calls, heard } = stage();
  const isMissing = (): string[] =>
    calls.rights().flatMap((one) => (one.isMissing ? `${one.verb} ${one.resource}` : []));
  await come(calls, DELETE, denied(DELETE));
  await come(calls, DELETE, denied(DELETE));
  await come(calls, { ...DELETE, namespace: undefined }, denied(DELETE));
  t.same(heard.splice(0), [
    'missing delete deployments.apps web: no colour is deleted',
    'missing delete deployments.apps undefined: no colour is deleted',
  ]);
  t.same(isMissing(), ['delete deployments.apps']);
  await come(calls, LIST, 1);
  await come(calls, DELETE, 1);
  await come(calls, DELETE, 1);
  t.same(heard.splice(0), ['there delete deployments.apps web']);
  t.same(isMissing(), ['delete deployments.apps'], 'elsewhere it is missing yet');
  calls.worked({ ...DELETE, namespace: undefined });
  t.same(isMissing(), []);
  await come(calls, DELETE, denied(DELETE));
  t.match(heard, ['there delete', 'missing delete'], 'and again');
});

t.test('a right to write is forgotten by who leads no more: others would find it', async (t) => {
  const { calls, heard } = stage();
  const lease: Deed = { verb: 'patch', resource: LEASES, namespace: 'web' };
  for (const deed of [LIST, DELETE, lease]) await come(calls, deed, denied(deed));
  heard.splice(0);
  calls.follows();
  t.same(
    calls.rights().flatMap((one) => (one.isMissing ? `${one.verb} ${one.resource}` : [])),
    ['list pods', 'patch leases.coordination.k8s.io'],
    'what it does all the same it finds out',
  );
  t.same(heard, [], 'nobody knows that it is there');
  await come(calls, DELETE, denied(DELETE));
  t.match(heard, ['missing delete'], 'it leads again');
});

t.test('a missing right that nobody has tried for an hour is forgotten', async (t) => {
  const { calls, heard, clock } = stage();
  const isMissing = (deed: Deed): boolean => calls.isMissing(deed);
  await come(calls, LIST, denied(LIST));
  await come(calls, DELETE, denied(DELETE));
  clock.advance(3_000_000);
  await come(calls, LIST, denied(LIST));
  clock.advance(600_001);
  t.same([isMissing(LIST), isMissing(DELETE)], [true, false]);
  t.same(
    calls.rights().flatMap((one) => (one.isMissing ? [one.verb] : [])),
    ['list'],
  );
  heard.splice(0);
  await come(calls, LIST, denied(LIST));
  await come(calls, DELETE, denied(DELETE));
  t.match(heard, ['missing delete']);
});

t.test('a 403 of a quota or a policy is no right that is missing', async (t) => {
  const { calls, heard } = stage();
  await come(calls, DELETE, new RefusedError('answers 403: exceeded quota', 403, 'Forbidden'));
  t.same(heard, []);
  t.equal(calls.counts.delete.refused, 1);
});

t.test(
  'a server that is away is told of after a while, once, and when it is there again',
  async (t) => {
    const { calls, heard, clock } = stage();
    await come(calls, LIST, AWAY);
    clock.advance(UNREACHABLE_MS - 1);
    await come(calls, LIST, AWAY);
    t.same(heard, [], 'it may pass');
    clock.advance(1);
    await come(calls, LIST, new RefusedError('starting', 503, 'ServiceUnavailable'));
    await come(calls, LIST, AWAY);
    t.same(heard, ['unreachable: starting']);
    t.equal(calls.isAway, true);
    await come(calls, LIST, denied(LIST));
    await come(calls, LIST, 1);
    t.match(heard.slice(1), ['missing list', 'reached', 'there list']);
    t.equal(calls.isAway, false);
    await come(calls, LIST, AWAY);
    clock.advance(UNREACHABLE_MS);
    t.equal(heard.length, 4, 'one failure is none');
  },
);
