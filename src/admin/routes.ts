/**
 * What each call of the admin port answers. Reads the rooms below and hands commands down; no
 * decision is made here.
 */
import type { Clock } from '../clock.js';
import type { DrainController, Recall } from '../drain/controller.js';
import type { Leases } from '../drain/leases.js';
import type { Readiness } from '../drain/readiness.js';
import type { Waits } from '../drain/waits.js';
import type { Tracker } from '../tracker.js';
import { endJson, sendError, sendJson, startJson } from './answer.js';
import { CONNECTIONS_LIMIT_MAX, CONNECTION_ORDERS, type Ready } from './contract.js';
import { leaseRoutes } from './leases.js';
import type { Call, Routes } from './server.js';
import { listConnections, statusOf, verdictOf } from './views.js';

/** What the admin port needs of the others; the metrics text is handed in. */
export interface AdminSources {
  readonly clock: Clock;
  readonly tracker: Tracker;
  readonly drain: DrainController;
  readonly waits: Waits;
  readonly readiness: Readiness;
  readonly leases: Leases;
  readonly health: { readonly up: boolean; check(): Promise<boolean>; recent(): Promise<boolean> };
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  readonly version: string;
}

const RECALL_REFUSED: Readonly<Record<Exclude<Recall, 'recalled'>, string>> = {
  'not-draining': 'no drain is going on',
  terminating: 'the pod is terminating',
  'too-late': 'connections are being ended already',
};
const LIMIT_DEFAULT = 100;
/** A list with more takes tens of milliseconds and a megabyte: one at a time, and a rest behind. */
export const LIST_SHORT_MAX = 1_000;
export const LIST_REST_MS = 1_000;

export function adminRoutes(from: AdminSources): Routes {
  const longList = { isBusy: false };
  return {
    '/livez': { GET: { answer: ({ response }) => sendJson(response, 200, { live: true }) } },
    '/readyz': { GET: { answer: (call) => answerReady(from, call) } },
    '/metrics': { GET: { answer: (call) => answerMetrics(from, call) } },
    '/status': {
      GET: { answer: (call) => answerStatus(from, call) },
    },
    '/connections': {
      GET: { query: ['sort', 'limit'], answer: (call) => answerConnections(from, longList, call) },
    },
    '/safe-to-delete': { GET: { answer: (call) => answerVerdict(from, call) } },
    '/drain/wait': {
      GET: { waits: true, answer: (call) => answerWait(from, call) },
      POST: { changes: true, waits: true, answer: (call) => answerNotice(from, call) },
    },
    '/drain': {
      POST: {
        changes: true,
        query: ['reason', 'readiness', 'terminating'],
        answer: (call) => answerDrain(from, call),
      },
      DELETE: { changes: true, answer: (call) => answerRecall(from, call) },
    },
    ...leaseRoutes(from),
  };
}

async function answerReady({ readiness, health }: AdminSources, { response }: Call): Promise<void> {
  const reasons: string[] = [];
  if (!(await health.check())) reasons.push('app-unreachable');
  if (readiness.reason !== undefined) reasons.push(readiness.reason);
  const body: Ready = { ready: reasons.length === 0, reasons };
  sendJson(response, body.ready ? 200 : 503, body);
}

async function answerMetrics({ metrics }: AdminSources, { response }: Call): Promise<void> {
  const text = await metrics.render();
  response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
}

async function answerStatus(from: AdminSources, { response }: Call): Promise<void> {
  await from.health.recent();
  sendJson(response, 200, statusOf(from));
}

async function answerVerdict(from: AdminSources, { response }: Call): Promise<void> {
  await from.health.recent();
  const verdict = verdictOf(from);
  sendJson(response, verdict.safe ? 200 : 409, verdict);
}

function answerConnections(
  from: AdminSources,
  longList: { isBusy: boolean },
  { response, query }: Call,
): void {
  const sort = CONNECTION_ORDERS.find((order) => order === (query.get('sort') ?? 'age'));
  const limitText = query.get('limit') ?? String(LIMIT_DEFAULT);
  const limit = /^\d{1,5}$/.test(limitText) ? Number(limitText) : 0;
  if (sort === undefined) {
    const reason = `sort "${query.get('sort') ?? ''}" is not one of ${CONNECTION_ORDERS.join(', ')}`;
    return sendError(response, 400, 'bad-request', reason);
  }
  if (limit < 1 || limit > CONNECTIONS_LIMIT_MAX) {
    const reason = `limit "${limitText}" is no number from 1 to ${CONNECTIONS_LIMIT_MAX}`;
    return sendError(response, 400, 'bad-request', reason);
  }
  if (Math.min(limit, from.tracker.total) > LIST_SHORT_MAX) {
    if (longList.isBusy) {
      response.setHeader('retry-after', LIST_REST_MS / 1_000);
      const reason = `a list of more than ${LIST_SHORT_MAX} is being given to somebody else`;
      return sendError(response, 429, 'busy', reason);
    }
    longList.isBusy = true;
    const free = (): void => void (longList.isBusy = false);
    response.on('close', () => from.clock.after(LIST_REST_MS, free).unref());
  }
  sendJson(response, 200, { connections: listConnections(from, sort, limit) });
}

/** The kubelet's request: always answered with 200, starts nothing (see drain/waits.ts). */
function answerWait({ drain, waits }: AdminSources, { response }: Call): void {
  const release = (): void => sendJson(response, 200, { phase: drain.phase });
  if (drain.phase === 'drained') return release();
  waits.add(release);
  response.on('close', () => waits.leave(release));
}

/** The sidecar's own preStop: it is told at once that it was heard, and the end when it comes. */
function answerNotice({ drain, waits }: AdminSources, { response }: Call): void {
  drain.terminate('preStop');
  startJson(response, 202);
  const release = (): void => endJson(response, { phase: drain.phase });
  if (drain.phase === 'drained') return release();
  waits.addNotice(release);
  response.on('close', () => waits.leave(release));
}

function answerDrain(from: AdminSources, { response, query }: Call): void {
  const readiness = query.get('readiness') ?? 'fail';
  const terminating = query.get('terminating') ?? 'false';
  if (readiness !== 'fail' && readiness !== 'keep') {
    const reason = `readiness "${readiness}" is not one of keep, fail`;
    return sendError(response, 400, 'bad-request', reason);
  }
  if (terminating !== 'true' && terminating !== 'false') {
    const reason = `terminating "${terminating}" is not one of true, false`;
    return sendError(response, 400, 'bad-request', reason);
  }
  const reason = query.get('reason') ?? '';
  if (terminating === 'true') from.drain.terminate(reason || 'preStop');
  else from.drain.ask(reason || 'asked on the admin port', readiness === 'fail');
  sendJson(response, 202, statusOf(from));
}

function answerRecall(from: AdminSources, { response }: Call): void {
  const outcome = from.drain.recall();
  if (outcome === 'recalled') sendJson(response, 202, statusOf(from));
  else sendError(response, 409, outcome, RECALL_REFUSED[outcome]);
}
