/**
 * A browser in front of a pod that goes: its WebSocket is closed with 1001, its event streams end
 * whole and come back where they were, spread by the time they are told to wait, and no request of
 * its pages fails. The address stays, as a Service's does; the next pod is behind it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { openPage, type Page } from '../peers/chromium.js';
import { testWith } from '../peers/programs.js';
import { until } from '../peers/until.js';
import { APP_RETRY_MS, EventLog } from './farewell/guest-app.js';
import { Pod } from './farewell/pod.js';
import { Service } from './farewell/service.js';
import { RETRY_MS_MAX, RETRY_MS_MIN } from './farewell/streams.js';

/** How long a Service goes on sending to a pod that is deleted. */
const LAG_MS = 300;
/** A browser is late by what its machine is busy. */
const LATE_MS_MAX = 2_000;
const EARLY_MS_MAX = 20;
const COMES_BACK_MS_MAX = 20_000;

interface SeenSocket {
  readonly opened: boolean;
  readonly sent: number;
  readonly echoes: number;
  readonly wrong: number;
  readonly closed: object | null;
}

interface SeenStream {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly wrong: readonly unknown[];
  readonly errors: readonly { readonly state: number; readonly ms: number }[];
  readonly openedMs: readonly number[];
}

/** What page.html has seen. */
interface Seen {
  readonly sockets: readonly SeenSocket[];
  readonly streams: Readonly<Record<'chunked' | 'close' | 'gzip', SeenStream>>;
  readonly requests: { readonly answered: number; readonly failed: readonly unknown[] };
}

const seenBy = async (page: Page): Promise<Seen> => (await page.evaluate('seen')) as Seen;

/** Waits until the page has each thing open for the `nth` time, and has heard from it. */
async function isOpen(page: Page, nth: number): Promise<void> {
  let seen: Seen | undefined;
  const all = async (): Promise<boolean> => {
    seen = await seenBy(page).catch(() => undefined);
    const streams = Object.values(seen?.streams ?? {});
    return (
      (seen?.sockets[nth - 1]?.echoes ?? 0) > 5 &&
      streams.length === 3 &&
      streams.every(({ openedMs, count }) => openedMs.length >= nth && count > 5)
    );
  };
  await until(all, () => `all is open: ${JSON.stringify(seen)}`, COMES_BACK_MS_MAX);
}

function socketsSaw(t: Test, { sockets }: Seen): void {
  const [first, second] = sockets;
  t.same(first.closed, { code: 1001, reason: '', wasClean: true }, 'it is going away');
  t.same([second.opened, second.closed], [true, null], 'and the next one is open');
  t.same([first.wrong, second.wrong], [0, 0], 'every echo came in its turn');
  t.comment(`${first.sent - first.echoes} of ${first.sent} messages crossed the Close`);
}

function streamsSaw(t: Test, { streams }: Seen): void {
  for (const [form, { wrong, errors, openedMs }] of Object.entries(streams)) {
    t.same(wrong, [], `${form}: no event is lost or comes twice`);
    t.same(
      errors.map(({ state }) => state),
      [0],
      `${form}: ended once, and comes back by itself`,
    );
    const awayMs = Math.round(openedMs[1] - errors[0].ms);
    // What is compressed gets no field: there the app's own stands.
    const isCompressed = form === 'gzip';
    const min = isCompressed ? APP_RETRY_MS : RETRY_MS_MIN;
    const max = isCompressed ? APP_RETRY_MS : RETRY_MS_MAX;
    t.ok(awayMs >= min - EARLY_MS_MAX, `${form}: it waits as it was told, ${awayMs} ms`);
    t.ok(awayMs <= max + LATE_MS_MAX, `${form}: and no longer, ${awayMs} ms`);
  }
}

for (const way of ['in the close window', 'by a native SIGTERM'] as const) {
  testWith(['chromium'], `a browser is said goodbye to ${way}`, async (t, { chromium }) => {
    const log = new EventLog();
    const [leaving, next] = [await Pod.start(t, { way, log }), await Pod.start(t, { log })];
    const service = await Service.open(t, leaving.port);
    const page = await openPage(t, chromium);
    await page.go(`http://127.0.0.1:${service.port}/`);
    await isOpen(page, 1);

    await leaving.goes();
    if (way === 'in the close window') await sleep(LAG_MS);
    service.target = next.port;
    await leaving.isGone();
    await isOpen(page, 2);

    const seen = await seenBy(page);
    socketsSaw(t, seen);
    streamsSaw(t, seen);
    t.same(seen.requests.failed, [], `none of ${seen.requests.answered} requests failed`);
    t.same(page.failures, [], 'and nothing that the browser did by itself');
    t.equal(service.resets, 0);
    t.same(leaving.app.closed, [{ code: 1001, reason: '' }], 'the app hears its answer');
    t.comment(`${service.crossed} of ${service.connections} connections crossed an end`);
  });
}
