/**
 * Scripts of what is no plain HTTP/1.1: protocols that an HTTP connection turns into, protocols
 * that are carried unread, and HTTP that nobody should speak and that is carried all the same.
 */
import {
  type Part,
  type Script,
  app,
  appEnds,
  asIs,
  client,
  clientEnds,
  head,
  script,
} from './script.js';

const get = head('GET / HTTP/1.1', 'Host: a');
const ok = asIs('HTTP/1.1 200 OK', 'Content-Length: 0');
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const upgrade = head(
  'GET /chat HTTP/1.1',
  'Host: a',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
);
const switching = asIs(
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
);
/** Frames of RFC 6455: masked as clients send them, plain as servers do. */
const masked = (first: number, text: string): Buffer => {
  const payload = Buffer.from(text).map((byte, at) => byte ^ [1, 2, 3, 4][at % 4]);
  return Buffer.concat([Buffer.from([first, 0x80 | text.length, 1, 2, 3, 4]), payload]);
};
const plain = (first: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([first, text.length]), Buffer.from(text)]);

const switched: Script[] = [
  script(
    'a WebSocket with frames both ways and a Close handshake',
    client(upgrade),
    app(switching),
    client(masked(0x81, 'GET / HTTP/1.1\r\n\r\n')),
    app(plain(0x01, 'begun '), plain(0x89, 'ping'), plain(0x80, 'and done')),
    client(masked(0x8a, 'ping'), masked(0x82, '\0\r\n\r\n')),
    app(plain(0x88, '\x03\xe8')),
    client(masked(0x88, '\x03\xe8')),
    appEnds,
  ),
  script(
    'a WebSocket whose first frame comes with the 101',
    client(upgrade),
    app(switching, plain(0x81, 'welcome')),
    client(masked(0x81, 'hello')),
    clientEnds,
    app(plain(0x81, 'bye')),
  ),
  script(
    'a WebSocket whose client does not wait for the 101',
    client(upgrade, masked(0x81, 'early')),
    app(switching, plain(0x81, 'late')),
    client(masked(0x81, 'hello')),
  ),
  script(
    'an upgrade that is refused',
    client(upgrade),
    app(`${asIs('HTTP/1.1 403 Forbidden', 'Content-Length: 2')}no`),
    client(get),
    app(ok),
  ),
  script(
    'an upgrade to h2c',
    client(head('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c')),
    app(asIs('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: h2c')),
    client('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'),
    app('\0\0\0\x04\0\0\0\0\0'),
  ),
  script(
    'a CONNECT that is granted',
    client(head('CONNECT db:5432 HTTP/1.1', 'Host: db:5432')),
    app(asIs('HTTP/1.1 200 Connection established')),
    client('GET / HTTP/1.1\r\nHost: inside\r\n\r\n'),
    app(everyByte),
    client(everyByte),
    clientEnds,
    app('more'),
  ),
  script(
    'a CONNECT that is refused',
    client(head('CONNECT db:5432 HTTP/1.1', 'Host: db:5432')),
    app(`${asIs('HTTP/1.1 405 Method Not Allowed', 'Content-Length: 1')}x`),
    client(get),
    app(ok),
  ),
];

const preamble2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
  Buffer.from([0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 0x30, 0x39, 0, 80]),
]);
const bareGet = asIs('GET / HTTP/1.1', 'Host: a');

const raw: Script[] = [
  script(
    'a PROXY v1 preamble and requests, which get no line',
    client('PROXY TCP4 192.0.2.1 192.0.2.2 12345 80\r\n', bareGet),
    app(ok),
    client(bareGet),
    app(ok),
  ),
  script(
    'a PROXY v2 preamble and requests, which get no line',
    client(preamble2),
    client(bareGet, bareGet),
    app(ok, ok),
  ),
  script(
    'a TLS hello',
    client(Buffer.from('16030100a5010000a10303', 'hex'), everyByte),
    app(Buffer.from('160303007a02000076', 'hex'), everyByte),
    client(Buffer.from('1403030001011703030035', 'hex'), bareGet),
    app(Buffer.from('1503030002', 'hex')),
    appEnds,
  ),
  script(
    'an HTTP/2 preface',
    client('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'),
    app('\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0'),
    client(everyByte),
    app(everyByte),
  ),
  script(
    'an app that speaks first',
    app('220 mail.example ESMTP\r\n'),
    client('EHLO a\r\n'),
    app('250-mail.example\r\n250 PIPELINING\r\n'),
    client('GET / HTTP/1.1\r\n\r\n'),
    app('500 what?\r\n'),
    client('QUIT\r\n'),
    app('221 bye\r\n'),
    appEnds,
  ),
  script('garbage', client(everyByte), app(everyByte, '\r\n\r\n'), client('\0\r\n\r\n', bareGet)),
  script('nothing at all, ended by the client', clientEnds, appEnds),
  script('nothing at all, ended by the app', appEnds, clientEnds),
  script('a client that ends first', client('ask'), clientEnds, app('answer'), app('!'), appEnds),
  script('an app that ends first', app('told'), appEnds, client('a'), client('b'), clientEnds),
];

const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `X-Line-${at}: ${'v'.repeat(100)}`);
const withBreak = (text: string, by: string): string => text.replaceAll('\r\n', by);
const longHead: Part[] = [asIs('GET / HTTP/1.1', 'Host: a', ...lines(640))];

const odd: Script[] = [
  script('a head of 70 KiB', client(longHead), app(ok), client(bareGet), app(ok)),
  script(
    'a head of 60 KiB',
    client(head('GET / HTTP/1.1', 'Host: a', ...lines(520))),
    app(asIs('HTTP/1.1 200 OK', ...lines(520), 'Content-Length: 0')),
    client(get),
    app(ok),
  ),
  script('bare LF', client(withBreak(bareGet, '\n')), app(withBreak(ok, '\n')), client(bareGet)),
  script(
    'bare CR',
    client(withBreak('GET / HTTP/1.1\r\nHost: a\r\nX: b', '\r'), '\r\n\r\n'),
    app(ok),
  ),
  script(
    'obsolete folding',
    client(asIs('GET / HTTP/1.1', 'Host: a', 'X-Long: one', '  two')),
    app(asIs('HTTP/1.1 200 OK', 'X-Long: one', '\ttwo', 'Content-Length: 0')),
    client(bareGet),
  ),
  script(
    'a length beside a transfer coding',
    client(asIs('POST / HTTP/1.1', 'Content-Length: 3', 'Transfer-Encoding: chunked'), '0\r\n\r\n'),
    app(ok),
    client(bareGet),
  ),
  script(
    'a request behind one that asked for the close',
    client(head('GET / HTTP/1.1', 'Host: a', 'Connection: close'), bareGet),
    app(ok),
    appEnds,
  ),
  script('an answer that is none', client(get), app('ICY 200 OK\r\n\r\nmusic'), client(bareGet)),
  script('a head that ends in a CR alone', client('GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n')),
  script('a head that is never whole', client('GET / HTTP/1.1\r\nHost: a\r\n\r'), clientEnds),
];

export const RAW_SCRIPTS: readonly Script[] = [...switched, ...raw, ...odd];
