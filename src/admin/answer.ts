/**
 * How answers are written on the admin port: JSON on one line, never cached; every fault as
 * `{error, reason}`.
 */
import type { ServerResponse } from 'node:http';
import type { AdminError } from './contract.js';

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

export function sendError(
  response: ServerResponse,
  status: number,
  error: string,
  reason: string,
): void {
  const body: AdminError = { error, reason };
  sendJson(response, status, body);
}
