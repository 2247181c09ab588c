/**
 * The calls for leases: reads what a holder asks for, every fault by key and value, and answers
 * with what it has to know. Which leases there are and what they hold is decided elsewhere.
 */
import {
  type Lease,
  LEASES_MAX,
  type LeaseTerms,
  TTL_MS_DEFAULT,
  TTL_MS_MAX,
  TTL_MS_MIN,
} from '../drain/leases.js';
import { ValueError } from '../errors.js';
import { formatDuration, parseDuration } from '../settings/duration.js';
import { sendError, sendJson } from './answer.js';
import { NO_SUCH_LEASE } from './contract.js';
import type { AdminSources } from './routes.js';
import type { Call, Routes } from './server.js';
import { leaseAnswer, listLeases } from './views.js';

/** One to 128 characters that show, a space among them but not alone. */
const TEXT = /^(?=.*\S)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u;
const TEXT_FAULT = 'is not 1 to 128 printable characters';
const SHOWN_CHARACTERS_MAX = 64;

export function leaseRoutes(from: AdminSources): Routes {
  return {
    '/leases': {
      GET: { answer: ({ response }) => sendJson(response, 200, listLeases(from)) },
      POST: { changes: true, body: true, answer: (call) => answerTake(from, call) },
    },
    '/leases/ID': {
      PUT: { changes: true, body: true, answer: (call) => answerRenew(from, call) },
      DELETE: {
        changes: true,
        answer: (call) => answerKnown(from, call, from.leases.letGo(call.id)),
      },
    },
  };
}

function answerTake(from: AdminSources, { response, body }: Call): void {
  const faults: string[] = [];
  const terms = readTerms(body, faults);
  if (faults.length > 0) return sendError(response, 400, 'bad-request', faults.join('; '));
  if (!from.drain.takesLeases) {
    const reason = `this pod is about to go (phase ${from.drain.phase}): no further work may begin in it`;
    return sendError(response, 409, 'too-late', reason);
  }
  const lease = from.leases.take(terms);
  if (lease !== undefined) return sendJson(response, 201, leaseAnswer(from, lease));
  const reason = `there are ${LEASES_MAX} leases already; whoever ends its work lets go of its own`;
  sendError(response, 429, 'too-many', reason);
}

function answerRenew(from: AdminSources, call: Call): void {
  const faults: string[] = [];
  const ttlMs = readTtl(fieldsOf(call.body, ['ttl'], faults), faults);
  if (faults.length > 0) return sendError(call.response, 400, 'bad-request', faults.join('; '));
  answerKnown(from, call, from.leases.renew(call.id, ttlMs));
}

function answerKnown(from: AdminSources, { response, id }: Call, lease: Lease | undefined): void {
  if (lease !== undefined) return sendJson(response, 200, leaseAnswer(from, lease));
  const reason = `there is no lease "${id}": it was let go, has expired, or the drain has ended it`;
  sendError(response, 404, NO_SUCH_LEASE, reason);
}

function readTerms(body: unknown, faults: string[]): LeaseTerms {
  const fields = fieldsOf(body, ['name', 'ttl', 'holder'], faults);
  const { name, holder } = fields;
  const ttlMs = readTtl(fields, faults) ?? TTL_MS_DEFAULT;
  if (!isText(name)) faults.push(fault('name', name, TEXT_FAULT));
  if (holder !== undefined && !isText(holder)) faults.push(fault('holder', holder, TEXT_FAULT));
  return { name: String(name), holder: isText(holder) ? holder : undefined, ttlMs };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && TEXT.test(value);
}

/** Undefined if there is none, or a faulty one. */
function readTtl({ ttl }: Fields, faults: string[]): number | undefined {
  if (ttl === undefined) return undefined;
  const ms = typeof ttl === 'number' ? Math.round(ttl * 1_000) : durationOf(ttl);
  if (typeof ms === 'number' && ms >= TTL_MS_MIN && ms <= TTL_MS_MAX) return ms;
  const range = `is not from ${formatDuration(TTL_MS_MIN)} to ${formatDuration(TTL_MS_MAX)}`;
  faults.push(fault('ttl', ttl, typeof ms === 'string' ? ms : range));
  return undefined;
}

/** The milliseconds, or what is wrong with it. */
function durationOf(ttl: unknown): number | string {
  if (typeof ttl !== 'string') return 'is no duration like "30s", nor a number of seconds';
  try {
    return parseDuration(ttl);
  } catch (error) {
    if (error instanceof ValueError) return error.message;
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** What the body says; it may be left out. */
function fieldsOf(body: unknown, known: readonly string[], faults: string[]): Fields {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    faults.push(fault('body', body, 'is no JSON object'));
    return {};
  }
  for (const [key, value] of Object.entries(body)) {
    if (!known.includes(key)) faults.push(fault(key, value, `is none of ${known.join(', ')}`));
  }
  return body as Fields;
}

function fault(key: string, value: unknown, reason: string): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return `${shown(key)} "${shown(text)}": ${reason}`;
}

function shown(text: string): string {
  const characters = [...text];
  if (characters.length <= SHOWN_CHARACTERS_MAX) return text;
  return `${characters.slice(0, SHOWN_CHARACTERS_MAX).join('')}…`;
}
