/**
 * What the load driver counts of event streams and WebSockets: how each ended, what came and what
 * did not, and that what it ended itself is nobody else's end.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import t, { type Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { eventOf } from '../peers/load/agreement.js';
import type { Plan, Report, StreamCounts, WebSocketCounts } from '../peers/load/contract.js';
import { drive, reported } from '../peers/load/driving.js';
import { answerOf, type Request, Rogue } from '../peers/load/rogue.js';
import { freePort } from '../peers/running.js';

/** Most of it is waiting; what has limits in time runs by itself. */
t.jobs = 4;
const ALONE = { buffered: false };

const STREAM = { streams: { lanes: 1, everyMs: 100 }, rampMs: 1 };
const SOCKETS = { webSockets: { plain: 1, deflate: 1, everyMs: 50 }, rampMs: 1 };
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
/** The number after the last one that the client has. */
const nextOf = ({ head }: Request): number =>
  Number(/^last-event-id: (\d+)$/m.exec(head)?.[1] ?? 0) + 1;

/** What comes of a stream that is answered like this, once it was opened or refused so often. */
async function streamed(
  t: Test,
  answer: (request: Request) => void,
  {
    times = 4,
    whole = 0,
    plan = {},
  }: { readonly times?: number; readonly whole?: number; readonly plan?: Plan } = {},
): Promise<StreamCounts> {
  const rogue = await Rogue.start(t, answer);
  const driver = await drive(t, rogue.target, { ...STREAM, ...plan });
  await reported(
    driver,
    ({ streams }) => rogue.connections >= times && streams.endedWhole >= whole,
  );
  const { streams } = await driver.stop();
  t.equal(streams.open, 0);
  return streams;
}

t.test('a stream that ends with its last chunk has ended whole, and goes on', async (t) => {
  const counts = await streamed(t, (request) => {
    const number = nextOf(request);
    request.socket.write(STREAM_HEAD + chunk(eventOf(number)) + chunk(eventOf(number + 1)));
    // Cut in the middle of an event and of a chunk, which is all the same to its reader.
    const rest = `${chunk('retry: 5\n\n')}${chunk(eventOf(number + 2))}0\r\n\r\n`;
    request.socket.write(rest.slice(0, 30));
    setTimeout(() => request.socket.write(rest.slice(30)), 20);
  });
  t.ok(counts.endedWhole >= 3);
  t.match(counts, { cutByFin: 0, cutByReset: 0, gaps: 0, duplicates: 0, brokenEvents: 0 });
  t.same(counts.failures, {});
  t.ok(counts.endsPerSecondMax >= 1 && counts.endsPerSecondMax <= counts.endedWhole);
  t.ok(counts.opened - counts.endedWhole <= 1, 'what it ended itself is no end');
  const left = counts.events - 3 * counts.endedWhole;
  t.ok(left >= 0 && left <= 3, `${left} events of the last stream`);
  t.ok(counts.retryFields >= counts.endedWhole);
});

t.test('a stream without a last chunk was cut, by a FIN or by a reset', async (t) => {
  const counts = await streamed(
    t,
    (request) => {
      const { connection, socket } = request;
      const head = STREAM_HEAD + chunk(eventOf(nextOf(request)));
      if (connection % 3 === 0) socket.end(head);
      else if (connection % 3 === 1) socket.write(head, () => socket.resetAndDestroy());
      else socket.write(head, () => void setTimeout(() => socket.resetAndDestroy(), 20));
    },
    { times: 9 },
  );
  t.ok(counts.cutByFin >= 2);
  t.ok(counts.cutByReset >= 5);
  t.ok(counts.resets >= counts.cutByReset, 'one may come before its head');
  t.match(counts, { endedWhole: 0, gaps: 0, duplicates: 0 });
  const cut = counts.cutByFin + counts.cutByReset;
  t.ok(counts.endsPerSecondMax >= 1 && counts.endsPerSecondMax <= cut);
});

t.test('numbers left out, numbers twice, and an end within an event are seen', async (t) => {
  const events = [1, 2, 5, 5, 4, 5].map(eventOf).join('');
  const counts = await streamed(
    t,
    ({ connection, socket }) => {
      if (connection > 1) return;
      socket.write(`${STREAM_HEAD}${chunk(events)}${chunk('id: 6\ndata')}0\r\n\r\n`);
    },
    { times: 2 },
  );
  t.match(counts, { events: 6, gaps: 2, duplicates: 2, brokenEvents: 1, endedWhole: 1 });
});

t.test('a stream that cannot be opened, or falls silent, is a failure', ALONE, async (t) => {
  const short = { timeoutMs: 200 };
  const refused = await drive(t, `127.0.0.1:${await freePort()}`, STREAM);
  await reported(refused, ({ streams }) => (streams.failures.refused ?? 0) >= 2);
  t.match(await refused.stop(), { streams: { opened: 0, endsPerSecondMax: 0 } });

  const busy = answerOf('', '503 Service Unavailable');
  const unavailable = await streamed(t, ({ socket }) => socket.write(busy), { times: 2 });
  t.same(Object.keys(unavailable.failures), ['wrong-status-503']);
  const silent = await streamed(t, ({ socket }) => socket.write(STREAM_HEAD), { plan: short });
  t.same(Object.keys(silent.failures), ['timeout-answer']);
  t.match(silent, { endedWhole: 0, cutByFin: 0, cutByReset: 0, endsPerSecondMax: 0 });
  const mute = await streamed(t, () => undefined, { plan: short, times: 2 });
  t.same([mute.opened, Object.keys(mute.failures)], [0, ['timeout-answer']]);
});

/** A server of WebSockets, each treated as a test says; gone with `t`. */
async function serveSockets(
  t: Test,
  treat: (webSocket: WebSocket, socket: Socket, number: number) => void,
): Promise<string> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } });
  let number = 0;
  sockets.on('connection', (webSocket, { socket }) => {
    webSocket.on('error', () => undefined);
    treat(webSocket, socket, ++number);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    for (const webSocket of sockets.clients) webSocket.terminate();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const echo = (webSocket: WebSocket): void =>
  void webSocket.on('message', (data: Buffer) => webSocket.send(data.toString()));

/** What comes of the driver's two WebSockets once that holds for each. */
async function talked(
  t: Test,
  target: string,
  holds: (counts: WebSocketCounts) => boolean,
  plan: Plan = {},
): Promise<Report> {
  const driver = await drive(t, target, { ...SOCKETS, ...plan });
  await reported(driver, ({ webSockets: { deflate, plain } }) => holds(plain) && holds(deflate));
  return driver.stop();
}

t.test('closes are counted by their code, and with what was not said', async (t) => {
  const target = await serveSockets(t, (webSocket, socket, number) => {
    echo(webSocket);
    const acts = [
      () => webSocket.close(1001),
      () => webSocket.close(),
      () => socket.end(),
      () => socket.resetAndDestroy(),
      // A Close frame, and no waiting for the other's.
      () => socket.end(Buffer.from([0x88, 2, 1012 >> 8, 1012 & 0xff])),
    ];
    setTimeout(acts[number % acts.length], 100);
  });
  const report = await talked(t, target, ({ opened }) => opened >= 20);
  for (const name of ['plain', 'deflate'] as const) {
    const { closes, failures, opened, resets, sent, echoed, unanswered, unclean } =
      report.webSockets[name];
    t.same(failures, {});
    t.ok(Object.values(closes).reduce((sum, count) => sum + count) >= opened - 1);
    t.ok(unclean <= closes['1006'] + closes['1012']);
    t.ok(resets > 0 && resets < closes['1006']);
    t.equal(sent, echoed + unanswered);
  }
  const all = [report.webSockets.plain, report.webSockets.deflate].map(({ closes }) => closes);
  const codes = new Set(all.flatMap((closes) => Object.keys(closes)));
  t.same([...codes].sort(), ['1001', '1005', '1006', '1012']);
});

t.test('deflate is used where it is asked for, and there alone', async (t) => {
  const extensions = new Set<string>();
  const target = await serveSockets(t, (webSocket) => {
    echo(webSocket);
    extensions.add(webSocket.extensions);
  });
  for (const [name, expected] of [
    ['plain', ''],
    ['deflate', 'permessage-deflate'],
  ] as const) {
    extensions.clear();
    const webSockets = { plain: 0, deflate: 0, everyMs: 50, [name]: 2 };
    const driver = await drive(t, target, { webSockets, rampMs: 1 });
    await reported(driver, ({ webSockets }) => webSockets[name].echoed >= 5);
    t.same([...extensions], [expected]);
    t.same((await driver.stop()).webSockets[name].closes, {}, 'what it closed itself is no close');
  }
});

t.test('what does not open again stays closed', async (t) => {
  const target = await serveSockets(t, (webSocket) => {
    echo(webSocket);
    setTimeout(() => webSocket.close(1001), 100);
  });
  const isClosed = ({ closes }: WebSocketCounts): boolean => closes['1001'] === 1;
  const { webSockets } = await talked(t, target, isClosed, { reopens: false });
  t.match(webSockets.plain, { opened: 1, open: 0, unclean: 0, failures: {} });
  const ended = ({ socket }: Request): void =>
    void socket.write(`${STREAM_HEAD}${chunk(eventOf(1))}0\r\n\r\n`);
  const streams = await streamed(t, ended, { times: 1, whole: 1, plan: { reopens: false } });
  t.match(streams, { opened: 1, endedWhole: 1 });
});

t.test('an echo that a Close has crossed is told from one that was lost', ALONE, async (t) => {
  const target = await serveSockets(t, (webSocket, socket, number) => {
    const acts = [
      // At once; late; without a Close.
      () => webSocket.close(1001),
      () => setTimeout(() => webSocket.close(1001), 1_300),
      () => socket.end(),
    ];
    webSocket.once('message', acts[number % acts.length]);
  });
  const areSeen = ({ closes }: WebSocketCounts): boolean =>
    closes['1001'] >= 2 && closes['1006'] >= 1;
  const report = await talked(t, target, areSeen, {
    webSockets: { plain: 6, deflate: 6, everyMs: 5_000 },
    finishMs: 100,
  });
  for (const name of ['plain', 'deflate'] as const) {
    const { lost, oldestCrossedMs, unanswered } = report.webSockets[name];
    t.ok(lost >= 2 && lost < unanswered, `${lost} of ${unanswered}`);
    t.ok(oldestCrossedMs < 1_000, `${oldestCrossedMs} ms`);
  }
});

t.test('echoes that do not come, come late, or are others are seen', async (t) => {
  const target = await serveSockets(t, (webSocket) => {
    const kept: string[] = [];
    webSocket.on('message', (data: Buffer) => {
      kept.push(data.toString());
      if (kept.length === 2) for (const text of kept.reverse()) webSocket.send(text);
      if (kept.length === 3) webSocket.send('another');
      if (kept.length === 5) webSocket.close(1001);
    });
  });
  const isSeen = ({ closes }: WebSocketCounts): boolean => closes['1001'] >= 2;
  const report = await talked(t, target, isSeen, { finishMs: 300 });
  for (const name of ['plain', 'deflate'] as const) {
    const { closes, echoed, opened, outOfOrder, sent, unanswered, wrong } = report.webSockets[name];
    const whole = closes['1001'];
    t.ok(outOfOrder >= whole && outOfOrder <= opened);
    t.ok(wrong >= whole && wrong <= opened);
    t.ok(unanswered >= 3 * whole);
    t.equal(sent, echoed + unanswered);
  }
});

t.test('an echo over a second is told, one that never comes is a failure', ALONE, async (t) => {
  const slow = await serveSockets(t, (webSocket) => {
    webSocket.on('message', (data: Buffer) => {
      setTimeout(() => webSocket.send(data.toString()), 1_300);
    });
  });
  const report = await talked(t, slow, ({ echoed }) => echoed > 0);
  t.ok(report.longAnswers >= 2);
  const lanes = report.longAnswersFirst.map(({ lane }) => lane);
  t.same([...new Set(lanes)].sort(), ['deflate', 'plain']);
  const { slowestEchoMs, unanswered } = report.webSockets.plain;
  t.ok(slowestEchoMs >= 1_290 && slowestEchoMs < 3_000);
  t.equal(unanswered, 0, 'it waits for what is under way before it leaves');

  const deaf = await serveSockets(t, () => undefined);
  const isLate = ({ failures }: WebSocketCounts): boolean =>
    failures['timeout-answer'] !== undefined;
  const { webSockets } = await talked(t, deaf, isLate, { timeoutMs: 200, finishMs: 200 });
  t.same(Object.keys(webSockets.plain.failures), ['timeout-answer']);
  t.same(webSockets.plain.closes, {}, 'it has ended that itself');
});

const BAD_SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: another\r\n\r\n';
const REFUSALS: Readonly<Record<string, (request: Request) => void>> = {
  'wrong-status-503': ({ socket }) => socket.write(answerOf('', '503 Service Unavailable')),
  'wrong-status-other': ({ socket }) => socket.write(answerOf('no')),
  'malformed-answer': ({ socket }) => socket.write(BAD_SWITCH),
  reset: ({ socket }) => socket.resetAndDestroy(),
  'ended-before-answer': ({ socket }) => socket.end(),
  'timeout-answer': () => undefined,
};

t.test('a WebSocket that cannot be opened is a failure, by its reason', async (t) => {
  for (const [failure, refuse] of Object.entries(REFUSALS)) {
    const { target } = await Rogue.start(t, refuse);
    const isSo = ({ failures }: WebSocketCounts): boolean => Object.keys(failures).length > 0;
    const { failed, webSockets } = await talked(t, target, isSo, { timeoutMs: 1_500 });
    t.same(Object.keys(webSockets.plain.failures), [failure]);
    t.match(webSockets.plain, { opened: 0, open: 0, sent: 0, unclean: 0 });
    t.ok(failed >= 2);
  }
  const isRefused = ({ failures }: WebSocketCounts): boolean => failures.refused !== undefined;
  const { webSockets } = await talked(t, `127.0.0.1:${await freePort()}`, isRefused);
  t.same(Object.keys(webSockets.deflate.failures), ['refused']);
});

t.test('the fullest second is found, wherever it begins', ALONE, async (t) => {
  const COUNT = 40;
  let opened = 0;
  const target = await serveSockets(t, (webSocket, _socket, number) => {
    echo(webSocket);
    opened++;
    // Once: half of them within 200 ms, the others spread over the two seconds behind.
    const late = number <= COUNT / 2 ? number * 10 : 1_500 + (number - COUNT / 2) * 100;
    if (number <= COUNT) setTimeout(() => webSocket.close(1001), 300 + late);
  });
  const plan = { webSockets: { plain: COUNT, deflate: 0, everyMs: 100 }, rampMs: 1 };
  const driver = await drive(t, target, plan);
  await reported(driver, ({ webSockets }) => webSockets.plain.closes['1001'] === COUNT);
  const { webSockets } = await driver.stop();
  t.equal(opened, 2 * COUNT);
  t.ok(webSockets.closesPerSecondMax >= COUNT / 2, 'the burst is in it');
  t.ok(webSockets.closesPerSecondMax <= COUNT / 2 + 2, `${webSockets.closesPerSecondMax}`);
  const { firstCloseAtMs = 0, lastCloseAtMs = 0 } = webSockets;
  t.ok(lastCloseAtMs - firstCloseAtMs >= 3_000 && lastCloseAtMs - firstCloseAtMs < 5_000);
});
