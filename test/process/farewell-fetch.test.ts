/**
 * Node's fetch, with its pool of kept connections, in front of a pod that goes: none of its requests
 * fails, with bodies or without, whatever the phase; every answer of a drain carries the farewell,
 * its event streams are
 * whole, and a connection that was kept in vain has ended before it is used again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { until, within } from '../peers/until.js';
import { IDLE_FAREWELL_MS, Pod } from './farewell/pod.js';
import { Service } from './farewell/service.js';
import { FORMS, type Form, isToldGoodbye } from './farewell/streams.js';

const PAUSE_MS = 10;
const UPLOAD_PIECES = 30;
const UPLOAD_EVERY_MS = 50;
/** Long enough for some events. */
const TELLS_MS = 200;
/** Within what a SIGTERM that means now leaves to those who are at work. */
const SOON_MS = 200;

/** What one lane of requests came to, each sent when the one before it was answered. */
class Lane {
  answered = 0;
  /** Those that were answered with the farewell. */
  farewells = 0;
  /** The paths of those that failed. */
  readonly failed: string[] = [];
  private readonly origin: string;
  private readonly number: number;
  private isOver = false;
  private readonly ended: Promise<void>;

  constructor(origin: string, number: number) {
    this.origin = origin;
    this.number = number;
    this.ended = this.run();
  }

  async over(): Promise<void> {
    this.isOver = true;
    await within(this.ended, 'the last request is answered');
  }

  private async run(): Promise<void> {
    for (let number = 0; !this.isOver; number++) {
      const path = `/lane/${this.number}/${number}`;
      // Every other lane has bodies.
      const body = this.number % 2 === 1 ? `body ${number} `.repeat(number % 500) : undefined;
      await this.ask(path, body).catch(() => this.failed.push(path));
      await sleep(PAUSE_MS);
    }
  }

  private async ask(path: string, body: string | undefined): Promise<void> {
    const options = body === undefined ? {} : { method: 'POST', body };
    const answer = await fetch(`${this.origin}${path}`, options);
    const echoed = (await answer.json()) as { path: string; body: string };
    if (echoed.path !== path || echoed.body !== (body ?? '')) throw new Error('not its answer');
    this.answered++;
    if (answer.headers.get('connection') === 'close') this.farewells++;
  }
}

const openLanes = (origin: string): Lane[] =>
  [0, 1, 2, 3].map((number) => new Lane(origin, number));

const sumOf = (lanes: Lane[], what: 'answered' | 'farewells'): number =>
  lanes.reduce((sum, lane) => sum + lane[what], 0);

/** An upload that takes a second and a half; resolves with how it was answered. */
async function upload(t: Test, origin: string): Promise<Response> {
  let piece = 0;
  const body = new ReadableStream({
    async pull(controller) {
      await sleep(UPLOAD_EVERY_MS);
      if (piece++ < UPLOAD_PIECES) controller.enqueue(Buffer.from(`piece ${piece} `));
      else controller.close();
    },
  });
  const options: RequestInit & { duplex: string } = { method: 'PUT', body, duplex: 'half' };
  const answer = await fetch(`${origin}/upload`, options);
  const { body: echoed } = (await answer.json()) as { body: string };
  t.equal(echoed.split('piece').length - 1, UPLOAD_PIECES, 'the upload is whole');
  return answer;
}

/** Waits until `count` further requests are answered; they all have to carry the farewell. */
async function farewellsCome(t: Test, lanes: Lane[], phase: string): Promise<void> {
  // Those that were under way when the phase began.
  const begun = sumOf(lanes, 'answered') + lanes.length;
  await until(() => sumOf(lanes, 'answered') >= begun, 'requests are answered');
  const [answered, farewells] = [sumOf(lanes, 'answered'), sumOf(lanes, 'farewells')];
  await until(() => sumOf(lanes, 'answered') >= answered + 20, 'requests are answered');
  const more = sumOf(lanes, 'answered') - answered;
  t.equal(sumOf(lanes, 'farewells') - farewells, more, `${phase}: each answer has the farewell`);
}

/** All that comes of an event stream; rejects if it is cut. */
async function eventsOf(origin: string, form: Form): Promise<string> {
  return (await fetch(`${origin}/events?form=${form}`)).text();
}

t.test('no request of fetch fails in a drain, and each answer has the farewell', async (t) => {
  const pod = await Pod.start(t);
  const origin = `http://${pod.authority}`;
  const lanes = openLanes(origin);
  await until(() => sumOf(lanes, 'answered') > 50, 'all is well');
  t.equal(sumOf(lanes, 'farewells'), 0, 'nobody is told to go while it serves');
  const release = await pod.hold();
  const uploaded = upload(t, origin);
  const streams = FORMS.map((form) => eventsOf(origin, form));
  await sleep(TELLS_MS);
  pod.terminate();
  for (const phase of ['settling', 'draining', 'closing'] as const) {
    await pod.isIn(phase);
    await farewellsCome(t, lanes, phase);
  }
  t.equal((await uploaded).headers.get('connection'), 'close', 'the upload, too');
  for (const lane of lanes) await lane.over();
  t.same(
    lanes.flatMap(({ failed }) => failed),
    [],
    `none of ${sumOf(lanes, 'answered')} requests failed`,
  );
  t.equal((await release()).headers.connection, 'close');
  for (const [at, form] of FORMS.entries()) {
    isToldGoodbye(t, pod.way, form, await within(streams[at], `${form}: it ends`));
  }
  await pod.isGone();
});

t.test('a connection that fetch keeps in vain is ended, and fetch opens another', async (t) => {
  const pod = await Pod.start(t);
  const service = await Service.open(t, pod.port);
  const url = `http://127.0.0.1:${service.port}/kept`;
  await (await fetch(url)).text();
  t.equal(service.connections, 1);
  await pod.hold();
  pod.terminate();
  await pod.isIn('draining');
  t.equal(service.ended, 0, 'it is kept until it speaks once more, for a while');
  await until(() => service.ended === 1, 'it is ended');
  await sleep(IDLE_FAREWELL_MS);
  const answer = await fetch(url, { method: 'POST', body: 'later' });
  t.match(await answer.json(), { body: 'later' });
  t.equal(answer.headers.get('connection'), 'close');
  t.same([service.connections, service.crossed, service.resets], [2, 0, 0]);
  pod.app.release();
  await pod.isGone();
});

t.test('a native SIGTERM costs fetch no request that had reached the app', async (t) => {
  const [leaving, next] = [await Pod.start(t, { way: 'by a native SIGTERM' }), await Pod.start(t)];
  const service = await Service.open(t, leaving.port);
  const lanes = openLanes(`http://127.0.0.1:${service.port}`);
  await until(() => sumOf(lanes, 'answered') > 50, 'all is well');
  const release = await leaving.hold();
  service.target = next.port;
  await leaving.goes();
  await sleep(SOON_MS);
  const { headers } = await release();
  t.equal(headers.connection, 'close', 'an answer that comes soon is still waited for');
  await leaving.isGone();
  const answered = sumOf(lanes, 'answered');
  await until(() => sumOf(lanes, 'answered') > answered + 20, 'the next pod answers');
  for (const lane of lanes) await lane.over();
  const failed = lanes.flatMap((lane) => lane.failed);
  t.equal(service.resets, 0);
  const reached = failed.filter((path) => leaving.app.asked.has(path));
  t.same(reached, [], 'what fails has not reached the app: it may be sent again');
  t.comment(`${failed.length} requests crossed an end`);
});
