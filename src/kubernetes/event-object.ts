/**
 * An Event (core/v1) as kubectl shows it, and its name, by which nobody tells the same thing twice:
 * another replica or a later start arrives at the same one. Pure.
 */
import { createHash } from 'node:crypto';
import { EVENTS } from './api.js';

/** An object that an Event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Something that has happened to an object. */
export interface Occurrence {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** One word, as programs look for it: `Drained`. */
  readonly reason: string;
  /** A sentence for people. */
  readonly message: string;
  /** Tells it from others of the same reason on the same object; the same thing has the same. */
  readonly key: string;
}

const COMPONENT = 'tidegate-controller';
/** What the API server takes of an Event of the newer form, and kubectl shows. */
const MESSAGE_BYTES_MAX = 1_024;
const REASON_LENGTH_MAX = 128;
const NAME_LENGTH_MAX = 253;
const HASH_LENGTH = 32;
const CUT = '…';
/** As client-go's recorder has it. */
const COMBINED = '(combined from similar events): ';

/** The name of the Event that tells this alone. */
export function singleName({ regarding, reason, key }: Occurrence): string {
  return nameOf(regarding, ['single', reason, key]);
}

/** The name of the Event that counts what else happens for this reason in that span of time. */
export function countName({ regarding, reason }: Occurrence, span: number): string {
  return nameOf(regarding, ['count', reason, String(span)]);
}

/** A valid DNS subdomain: as much of the object's name as there is room for, and a hash of it all. */
function nameOf(regarding: Regarding, words: readonly string[]): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  const all = JSON.stringify([apiVersion, kind, namespace, name, uid, ...words]);
  const hash = createHash('sha256').update(all).digest('hex').slice(0, HASH_LENGTH);
  const shown = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, NAME_LENGTH_MAX - HASH_LENGTH - 1)
    // Between two dots stands at least a letter or digit, and at both ends of each part.
    .split('.')
    .map((part) => part.replace(/^-+|-+$/g, ''))
    .filter((part) => part !== '')
    .join('.');
  return shown === '' ? hash : `${shown}.${hash}`;
}

/** How often it has happened, and when. */
export interface Times {
  readonly count: number;
  readonly first: Date;
  readonly last: Date;
}

/** As far as it changes while it counts. */
export interface EventObject {
  readonly message: string;
  readonly lastTimestamp: string;
  readonly count: number;
}

/** As the Event that counts has it. */
export function combined(occurrence: Occurrence): Occurrence {
  return { ...occurrence, message: COMBINED + occurrence.message };
}

export function eventObject(name: string, occurrence: Occurrence, times: Times): EventObject {
  const { regarding, type, reason, message } = occurrence;
  const event = {
    apiVersion: EVENTS.version,
    kind: 'Event',
    metadata: { name, namespace: regarding.namespace },
    involvedObject: { ...regarding },
    type,
    reason: reason.slice(0, REASON_LENGTH_MAX),
    message: cut(message),
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    firstTimestamp: timeText(times.first),
    lastTimestamp: timeText(times.last),
    count: times.count,
  };
  return event;
}

/** At most so many bytes as there may be, and whole characters. */
export function cut(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MESSAGE_BYTES_MAX) return message;
  let end = MESSAGE_BYTES_MAX - Buffer.byteLength(CUT);
  while ((bytes[end] & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end) + CUT;
}

/** As Kubernetes writes these (meta/v1 Time): whole seconds. */
function timeText(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}
