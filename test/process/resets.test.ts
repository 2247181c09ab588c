/**
 * Whoever leaves, in whatever way and at whatever moment: a reset is seen as a reset on the other
 * side and an end as an end, every time of thirty, and nothing of the connection is left in the
 * built program, which goes on.
 */
import t, { type Test } from 'tap';
import { type Ends, Peer, RawApp, freePort } from '../peers/peer.js';
import {
  type Leave,
  STAGES,
  type Side,
  type Stage,
  type Way,
  leave,
  other,
  reach,
} from '../peers/stages.js';
import { type Tidegate, startTidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';

const TIMES = 30;
/** At once; the unread and clogged ones hold megabytes each. */
const PAIRS_MAX = 10;
const WAYS: readonly Way[] = ['end', 'reset', 'unread'];
const SIDES: readonly Side[] = ['client', 'app'];

async function opened(t: Test): Promise<{ app: RawApp; tidegate: Tidegate }> {
  const app = await RawApp.open();
  const tidegate = await startTidegate({ app: app.at });
  t.teardown(async () => {
    await tidegate.stop();
    await app.close();
  });
  return { app, tidegate };
}

/** One pair, from its connecting to its end; resolves with what was seen. */
async function once(ends: Ends, stage: Stage, how: Leave): Promise<string> {
  await reach(stage, ends, how);
  const seen = await leave(stage, ends, how);
  // What is owed either way is of no interest any more.
  other(ends, how.leaver).destroy();
  ends[how.leaver].destroy();
  return seen;
}

async function manyTimes(
  { app, tidegate }: { app: RawApp; tidegate: Tidegate },
  stage: Stage,
  how: Omit<Leave, 'inOneBreath'>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let from = 0; from < TIMES; from += PAIRS_MAX) {
    const pairs: Ends[] = [];
    for (let at = 0; at < PAIRS_MAX; at++) {
      const client = await Peer.connect(tidegate.listen);
      const pair = { client, app: await app.accepted() };
      pair.client.keeps = pair.app.keeps = false;
      pairs.push(pair);
    }
    // Idle once the tunnel knows that it is joined; a reset before would be a failed dial.
    await until(
      async () => (await tidegate.metrics()).open({ state: 'idle' }) === PAIRS_MAX,
      'all are joined',
    );
    const seen = await Promise.all(
      pairs.map((ends, at) => once(ends, stage, { ...how, inOneBreath: at % 2 === 0 })),
    );
    for (const leaving of seen) counts[leaving] = (counts[leaving] ?? 0) + 1;
  }
  return counts;
}

async function isEmpty(t: Test, tidegate: Tidegate): Promise<void> {
  await tidegate.idle();
  await until(
    () => tidegate.sockets() === 0,
    () => `no socket is left, not ${tidegate.sockets()}`,
  );
  t.same(
    tidegate.lines.filter(({ level }) => level === 'error'),
    [],
    'no fault is logged',
  );
}

for (const leaver of SIDES) {
  for (const way of WAYS) {
    const seen = way === 'end' ? 'end' : 'reset';
    t.test(`${leaver} leaves by ${way}: the other side sees the ${seen}`, async (t) => {
      const both = await opened(t);
      for (const stage of STAGES) {
        t.same(await manyTimes(both, stage, { leaver, way }), { [seen]: TIMES }, stage.name);
        await isEmpty(t, both.tidegate);
      }
    });
  }
}

t.test('a client that leaves before the app is reached leaves nothing behind', async (t) => {
  const port = await freePort();
  const tidegate = await startTidegate({ app: { port }, flags: ['--app-connect-timeout=60s'] });
  t.teardown(() => tidegate.stop());
  const clients: Peer[] = [];
  for (let at = 0; at < 3 * TIMES; at++) {
    const client = await Peer.connect(tidegate.listen);
    client.send('GET / HTTP/1.1\r\n\r\n');
    clients.push(client);
  }
  const [resetting, ending, waiting] = [0, 1, 2].map((rest) =>
    clients.filter((_client, at) => at % 3 === rest),
  );
  await until(async () => (await tidegate.metrics()).open() === clients.length, 'all wait');
  for (const client of resetting) client.reset();
  await until(async () => (await tidegate.metrics()).open() === 2 * TIMES, 'the reset ones go');
  await until(() => tidegate.sockets() <= 4 * TIMES, 'their sockets go');
  for (const client of ending) client.destroy();

  const app = await RawApp.open('127.0.0.1', port);
  t.teardown(() => app.close());
  for (let at = 0; at < 2 * TIMES; at++) (await app.accepted()).keeps = true;
  await until(() => app.peers.filter(({ sawEnd }) => sawEnd).length === TIMES, 'ends arrive');
  // One whose dial had not been noticed yet is dialled for anew.
  const haveLeft = (): boolean => {
    for (const peer of app.peers) peer.reset();
    return waiting.every(({ leaving }) => leaving !== 'open');
  };
  await until(haveLeft, 'the others are told');
  for (const { leaving } of waiting) t.equal(leaving, 'reset');
  await isEmpty(t, tidegate);
  t.same(
    tidegate.lines.map(({ msg }) => msg),
    ['listening', 'the app cannot be reached; clients wait', 'the app can be reached again'],
  );
});
