/**
 * A gibibyte for a slow reader, in each direction: every byte arrives at its place, the writer is
 * held back for as long as the reader does not read, and the memory of the built program does not
 * know how much has passed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Ends, Peer, RawApp } from '../peers/peer.js';
import { inFrontOf, leavesNothing } from '../peers/running.js';
import type { Tidegate } from '../peers/tidegate.js';
import { Sink, Source } from '../peers/transfer.js';
import { until } from '../peers/until.js';

const MIB = 1024 * 1024;
const WARM_BYTES = 64 * MIB;
const LARGE_BYTES = 1024 * MIB;
/** Of resident memory, over what a transfer of WARM_BYTES has left. */
const GROWTH_BYTES_MAX = 32 * MIB;
/** The system's own buffers grow for a reader this fast, to those of two connections at most. */
const UNDERWAY_BYTES_MAX = 64 * MIB;
/** The slow reader. */
const EVERY = { pieceBytes: 8 * MIB, pauseMs: 20 };
const SAMPLE_MS = 50;
/** Nothing moves for so long: it stands still. */
const STILL_MS = 300;
const CARRY_MS_MAX = 60_000;

const GET = 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n';
const DONE = 'HTTP/1.1 204 No Content\r\n\r\n';
const answerHead = (bytes: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`;
const uploadHead = (bytes: number): string =>
  `PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;

interface Transfer {
  readonly source: Source;
  readonly sink: Sink;
  /** What follows the last byte. */
  finish(): Promise<void>;
}

interface Direction {
  readonly name: string;
  readonly metric: string;
  begin(ends: Ends, bytes: number): Promise<Transfer>;
}

const DOWNLOAD: Direction = {
  name: 'download',
  metric: 'tidegate_sent_bytes_total',
  async begin({ client, app }, bytes) {
    const head = answerHead(bytes);
    const sink = new Sink(client.socket, head, EVERY);
    client.send(GET);
    await app.got(GET.length);
    return { source: new Source(app.socket, head, bytes), sink, finish: () => Promise.resolve() };
  },
};

const UPLOAD: Direction = {
  name: 'upload',
  metric: 'tidegate_received_bytes_total',
  begin({ client, app }, bytes) {
    const head = uploadHead(bytes);
    const sink = new Sink(app.socket, head, EVERY);
    const source = new Source(client.socket, head, bytes);
    const finish = async (): Promise<void> => {
      app.send(DONE);
      await client.got(DONE.length);
    };
    return Promise.resolve({ source, sink, finish });
  },
};

/** Looks at memory and at what is under way for as long as a transfer lasts. */
class Watch {
  peakBytes = 0;
  underwayBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(tidegate: Tidegate, { source, sink }: Transfer) {
    const look = (): void => {
      this.peakBytes = Math.max(this.peakBytes, tidegate.residentBytes());
      const underway = source.takenBytes - sink.receivedBytes;
      this.underwayBytes = Math.max(this.underwayBytes, underway);
    };
    this.timer = setInterval(look, SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

/** Nobody reads: waits until the writer cannot go on, and throws if it always can. */
async function heldBack({ source, sink }: Transfer): Promise<void> {
  for (;;) {
    const before = source.takenBytes;
    await sleep(STILL_MS);
    const after = source.takenBytes;
    if (after > 0 && after === before) return;
    const underway = after - sink.receivedBytes;
    if (underway > UNDERWAY_BYTES_MAX) throw new Error(`nobody reads, yet ${underway} are taken`);
  }
}

/** Carries `bytes`, with a reader that does not read at first, nor in the middle for a while. */
async function carry(
  t: Test,
  { tidegate, app }: { tidegate: Tidegate; app: RawApp },
  direction: Direction,
  bytes: number,
): Promise<Watch> {
  const client = await Peer.connect(tidegate.listen);
  const ends = { client, app: await app.accepted() };
  ends.client.keeps = ends.app.keeps = false;
  const transfer = await direction.begin(ends, bytes);
  const { sink } = transfer;
  const watch = new Watch(tidegate, transfer);
  const got = async (count: number): Promise<void> => {
    const isThere = (): boolean => sink.receivedBytes >= count || sink.wrongAt !== undefined;
    await until(isThere, () => `${count} come, not ${sink.receivedBytes}`, CARRY_MS_MAX);
    t.equal(sink.wrongAt, undefined, `${direction.name}: ${count} bytes are as they were`);
  };
  try {
    await heldBack(transfer);
    t.equal(sink.receivedBytes, 0, 'the writer stands still while nothing is read');
    sink.letGo();
    await got(bytes / 2);
    sink.hold();
    await heldBack(transfer);
    t.ok(sink.receivedBytes < bytes, 'the writer stands still in the middle too');
    sink.letGo();
    await got(bytes);
    await transfer.finish();
    t.equal(sink.receivedBytes, bytes, 'and none is too many');
  } finally {
    watch.stop();
    for (const peer of [client, ends.app]) peer.destroy();
  }
  return watch;
}

for (const direction of [DOWNLOAD, UPLOAD]) {
  t.test(`a slow ${direction.name} of 1 GiB is whole and leaves memory as it was`, async (t) => {
    const app = await RawApp.open();
    t.teardown(() => app.close());
    const body = async (tidegate: Tidegate): Promise<void> => {
      await carry(t, { tidegate, app }, direction, WARM_BYTES);
      const before = tidegate.residentBytes();
      const watch = await carry(t, { tidegate, app }, direction, LARGE_BYTES);
      const growth = watch.peakBytes - before;
      t.ok(growth < GROWTH_BYTES_MAX, `it grows by ${growth} bytes, from ${before}`);
      const { underwayBytes } = watch;
      t.ok(underwayBytes < UNDERWAY_BYTES_MAX, `at most ${underwayBytes} are under way`);
      await leavesNothing(t, tidegate);
      const metrics = await tidegate.metrics();
      t.ok(metrics.value(direction.metric) > LARGE_BYTES + WARM_BYTES, 'all of it is counted');
      t.equal(metrics.value('tidegate_http_requests_total', { code: '2xx' }), 2);
    };
    // Without a line of its own in it, the head arrives as it was sent.
    await inFrontOf(t, app.at.port, body, ['--forwarded=off']);
  });
}
