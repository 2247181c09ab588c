// The bytes that app and load generator exchange: fixed requests, answers and frames, known to both,
// so that the load can check every answer by status, length and content without parsing much.
// Must never differ between subjects: the same bytes for all.

import { createHash } from 'node:crypto';

const SMALL_BYTES = 128;
const LARGE_BYTES = 65_536;
const ECHO_BYTES = 64;

export const UPLOAD_BYTES = LARGE_BYTES;
export const HEAD_END = Buffer.from('\r\n\r\n');

const REQUEST_LINES = [
  'Host: bench.example',
  'User-Agent: bench/1',
  'Accept: */*',
  'Accept-Encoding: identity',
];

function head(...lines) {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function answer(bodyBytes, ...more) {
  const lines = ['Content-Type: application/octet-stream', `Content-Length: ${bodyBytes}`, ...more];
  return Buffer.concat([head('HTTP/1.1 200 OK', ...lines), Buffer.alloc(bodyBytes, 'a')]);
}

/** What the app answers, and what it answers to a request that says `Connection: close`. */
export const SMALL_ANSWER = answer(SMALL_BYTES);
export const LARGE_ANSWER = answer(LARGE_BYTES);
export const LAST_ANSWERS = new Map([
  [SMALL_ANSWER, answer(SMALL_BYTES, 'Connection: close')],
  [LARGE_ANSWER, answer(LARGE_BYTES, 'Connection: close')],
]);

const upload = head('POST /upload HTTP/1.1', ...REQUEST_LINES, `Content-Length: ${UPLOAD_BYTES}`);

/** One request each, and the length of the answer's body. */
export const EXCHANGES = {
  small: { request: head('GET /small HTTP/1.1', ...REQUEST_LINES), answerBytes: SMALL_BYTES },
  large: { request: head('GET /large HTTP/1.1', ...REQUEST_LINES), answerBytes: LARGE_BYTES },
  upload: {
    request: Buffer.concat([upload, Buffer.alloc(UPLOAD_BYTES, 'u')]),
    answerBytes: SMALL_BYTES,
  },
};

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** RFC 6455 4.2.2: what the server proves it has read the key with. */
export function acceptOf(key) {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

export const ACCEPT = acceptOf(KEY);

export const UPGRADE = head(
  'GET /websocket HTTP/1.1',
  ...REQUEST_LINES,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
);

export function upgraded(key) {
  return head(
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
  );
}

const payload = Buffer.alloc(ECHO_BYTES, 'echo');
const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);

/** A masked text frame of the client, and the app's answer to it (RFC 6455 5.2). */
export const FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | ECHO_BYTES]),
  mask,
  payload.map((byte, index) => byte ^ mask[index & 3]),
]);
export const ECHO = Buffer.concat([Buffer.from([0x81, ECHO_BYTES]), payload]);
