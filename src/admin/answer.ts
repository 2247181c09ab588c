/**
 * How answers are written on the admin port: JSON on one line, never cached; every fault as
 * `{error, reason}`.
 */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AdminError } from './contract.js';

const FIELDS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, FIELDS);
  endJson(response, body);
}

/** The head now, `endJson` later. */
export function startJson(response: ServerResponse, status: number): void {
  response.writeHead(status, FIELDS).flushHeaders();
}

export function endJson(response: ServerResponse, body: object): void {
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

/** As above, where there was no request to answer; the connection ends. */
export function sendRefusal(socket: Socket, status: number, error: string, reason: string): void {
  const body: AdminError = { error, reason };
  const text = `${JSON.stringify(body)}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}
