/**
 * What the load driver and the app under test have agreed on beyond HTTP: which bodies answer which
 * requests, and how a stream is numbered.
 */
import { createHash } from 'node:crypto';

/** Answers a GET: what was asked. */
export function answerToGet(target: string): string {
  return `GET ${target}\n`;
}

/** Answers a POST: what was asked, and what was received with it. */
export function answerToPost(target: string, body: Uint8Array): string {
  const hash = createHash('sha1').update(body).digest('hex');
  return `POST ${target} ${body.length} ${hash}\n`;
}

/** An event; `id:` and the data are its number, which is that of the one before it and one. */
export function eventOf(number: number): string {
  return `id: ${number}\ndata: event ${number}\n\n`;
}
