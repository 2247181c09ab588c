/**
 * Makes HTTP/1.1 exchanges as peers in the wild send them, every feature of the framing in some
 * of them. Texts are latin1: one character, one byte. A few are wrong on purpose, in the ways
 * that smugglers try (two lengths, a length beside a coding).
 */
import type { Random } from './random.js';

export interface Exchange {
  readonly method: string;
  readonly request: string;
  /** Bytes of the request's head, its blank line included. */
  readonly headLength: number;
  /** Interim answers and the final one. */
  readonly answer: string;
  /** The answer's framing makes it the connection's last one, or turns it into something else. */
  readonly last: boolean;
}

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS'];
const ODD_METHODS = ['PATCH', 'M-SEARCH', 'PROPFIND', 'TRACE', 'UNSUBSCRIBE', 'SOURCE', 'PURGE'];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'];
const ODD_VERSIONS = ['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/3.0', 'HTTP/1.10'];
const TARGETS = [
  '/',
  '/a?b=c&d',
  '/a/../b;c=1#d?e',
  '*',
  'http://a.example/',
  'https://u:p@a.example:8443/x?y#z',
  'http://[::1]:80?q',
  'http://u@v/',
  'http://u@v@w/',
  '/%F0%9F/{"|"}',
];
const STATUSES = [200, 200, 200, 201, 206, 302, 400, 404, 500, 503, 999];
const INTERIM = [100, 102, 103, 103, 199];
const NOISE = [
  'Accept: */*',
  'User-Agent: kube-probe/1.31',
  'user-agent: Consul Health Check',
  'User-Agent: Mozilla/5.0 (compatible; x)',
  'User-Agent: a/1 (b; c)',
  'X-Forwarded-For: 10.0.0.1',
  'x-forwarded-for:',
  'Cookie: a=b; c="d"',
  'X-Empty: \t ',
  'X-High: \xe9\xff\x80',
  'Connection-Duration: 5',
  'Content-Lengthy: 5',
  'Upgrade-Insecure-Requests: 1',
  'Transfer-Encodings: chunked',
  'Expect: 100-continue',
  'Keep-Alive: timeout=5, max=9',
  'Content-Type: text/event-stream',
  'Content-Type: text/plain; charset=utf-8',
  'Trailer: X-Sum',
  "!#$%&'*+-.^_`|~09AZaz: token",
];
const OPTIONS = [
  ...['close', 'keep-alive', 'Keep-Alive', 'Upgrade', 'TE', ''],
  ...['x-closed', 'clos', 'clo se', 'close d', 'upgrade/1'],
];
const PADDING = ['', ' ', ' ', ' ', '\t', '  ', ' \t '];
const AFTER = ['', '', '', '', ' ', '  '];
const EXTENSIONS = [';a', ';a=b', ';a="b; \\"c"', ';a=b;c="";d', ';=', ';;x'];
const CODINGS = ['chunked', 'chunked', 'chunked', 'Chunked', 'gzip, chunked', 'a;b="c",chunked'];

/** One exchange. The next one may follow on the same connection unless `last`. */
export function makeExchange(random: Random): Exchange {
  if (random.once(25)) return makeConnect(random);
  if (random.once(12)) return makeUpgrade(random);
  const method = random.once(6) ? random.pick(ODD_METHODS) : random.pick(METHODS);
  const framing = random.once(3) ? makeBody(random, true) : noBody(random);
  const version = pickVersion(random);
  const line = `${method} ${random.pick(TARGETS)} ${version}`;
  const head = makeHead(random, line, framing.fields);
  const closes = version !== 'HTTP/1.1' || saysClose(head);
  const answer = makeAnswer(random, method);
  return {
    method,
    request: head + framing.body,
    headLength: head.length,
    answer: answer.text,
    last: closes || answer.last,
  };
}

/** Interim answers and a final one, to a request of this method. */
export function makeAnswer(random: Random, method: string): { text: string; last: boolean } {
  let text = '';
  while (random.once(5)) text += makeInterim(random);
  const status = random.once(8) ? random.pick([204, 304]) : random.pick(STATUSES);
  const untilClose = random.once(12);
  const framing = untilClose ? { fields: [], body: content(random, 50) } : makeBody(random, false);
  const version = pickVersion(random);
  const line = `${version} ${status}${random.pick(['', ' ', ' OK', ' \xe9t\xe9'])}`;
  const head = makeHead(random, line, framing.fields);
  const bare = method === 'HEAD' || status === 204 || status === 304;
  const keeps = version === 'HTTP/1.1' && !saysClose(head) && (bare || !untilClose);
  return { text: text + head + (bare ? '' : framing.body), last: !keeps };
}

function pickVersion(random: Random): string {
  return random.pick(random.once(30) ? ODD_VERSIONS : VERSIONS);
}

function saysClose(head: string): boolean {
  return /^connection:.*\bclose\b/im.test(head);
}

function makeInterim(random: Random): string {
  return `HTTP/1.1 ${random.pick(INTERIM)} Wait\r\n${fieldLines(random, ['Link: </a>'])}\r\n`;
}

function makeConnect(random: Random): Exchange {
  const head = makeHead(random, `CONNECT ${random.pick(['a:443', '[::1]:1', 'a'])} HTTP/1.1`, []);
  const taken = random.once(2);
  const answer = taken ? 'HTTP/1.1 200 Yes\r\nContent-Length: 5\r\n\r\n' : '';
  return {
    method: 'CONNECT',
    request: head,
    headLength: head.length,
    answer: taken ? answer : makeAnswer(random, 'CONNECT').text,
    last: true,
  };
}

function makeUpgrade(random: Random): Exchange {
  const to = random.pick(['websocket', 'h2c', 'raw', 'WebSocket', 'h2c, raw']);
  const body = random.once(5) ? makeBody(random, true) : { fields: [], body: '' };
  const fields = ['Connection: upgrade', `Upgrade: ${to}`, ...body.fields];
  const method = random.pick(['GET', 'GET', 'GET', 'POST']);
  const head = makeHead(random, `${method} /up HTTP/1.1`, fields);
  const taken = !random.once(3);
  const refusal = makeAnswer(random, method);
  const answer = `HTTP/1.1 101 Now\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;
  return {
    method,
    request: head + body.body,
    headLength: head.length,
    answer: taken ? answer : refusal.text,
    last: taken || refusal.last,
  };
}

function makeHead(random: Random, line: string, framing: string[]): string {
  const lead = random.once(30) ? '\r\n' : '';
  return `${lead}${line}\r\n${fieldLines(random, framing)}\r\n`;
}

function fieldLines(random: Random, framing: string[]): string {
  const fields = framing.map((field) => spaced(random, field));
  for (let noise = random.int(5); noise > 0; noise--) fields.push(random.pick(NOISE));
  if (random.once(6)) fields.push(connectionField(random));
  if (random.once(3_000)) fields.push(hugeField(random));
  return random
    .shuffle(fields)
    .map((field) => `${field}\r\n`)
    .join('');
}

/** About as large as a head may be, and sometimes wrong at its end. */
function hugeField(random: Random): string {
  return `X-Huge: ${'h'.repeat(60_000 + random.int(10_000))}${random.once(3) ? '\0' : ''}`;
}

/** A field line with other white space around its value, and its name in another case. */
function spaced(random: Random, field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon);
  const value = field.slice(colon + 1).trim();
  const written = random.pick([name, name, name.toLowerCase(), name.toUpperCase()]);
  const after = random.once(60) ? '\t' : random.pick(AFTER);
  return `${written}:${random.pick(PADDING)}${value}${after}`;
}

function connectionField(random: Random): string {
  const options = [random.pick(OPTIONS)];
  while (random.once(2)) options.push(random.pick(OPTIONS));
  const name = random.once(4) ? 'Proxy-Connection' : 'Connection';
  return spaced(random, `${name}: ${options.join(random.pick([',', ', ', ' ,', ',\t']))}`);
}

interface Framed {
  fields: string[];
  body: string;
}

function noBody(random: Random): Framed {
  return random.once(8)
    ? { fields: [random.pick(['Content-Length: 0', 'Content-Length: 000'])], body: '' }
    : { fields: [], body: '' };
}

function makeBody(random: Random, isRequest: boolean): Framed {
  const body = content(random, 60);
  const length = `Content-Length: ${random.once(10) ? '00' : ''}${body.length}`;
  if (random.once(40))
    return { fields: [length, random.pick(['Content-Length: 3', length])], body };
  if (random.once(40)) return { fields: [length, 'Transfer-Encoding: chunked'], body };
  if (random.once(2)) return { fields: [length], body };
  if (random.once(30)) return { fields: [`Transfer-Encoding: gzip`], body };
  if (random.once(30)) {
    const fields = ['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'];
    return { fields, body: chunked(random, isRequest) };
  }
  return {
    fields: [`Transfer-Encoding: ${random.pick(CODINGS)}`],
    body: chunked(random, isRequest),
  };
}

function chunked(random: Random, isRequest: boolean): string {
  let text = '';
  for (let chunks = random.int(4); chunks > 0; chunks--) {
    const data = content(random, 30) || 'x';
    const size = data.length.toString(16);
    const written = random.pick([size, size.toUpperCase(), `00${size}`]);
    text += `${written}${extension(random)}\r\n${data}\r\n`;
  }
  text += `${random.pick(['0', '0', '000'])}${extension(random)}\r\n`;
  if (random.once(5)) text += 'X-Sum: 1\r\nX-Empty:\r\n';
  if (random.once(30)) text += random.pick(['Connection: close\r\n', 'Upgrade: a\r\n']);
  if (!isRequest && random.once(60)) text += 'Transfer-Encoding: chunked\r\n';
  return `${text}\r\n`;
}

function extension(random: Random): string {
  return random.once(5) ? random.pick(EXTENSIONS) : '';
}

/** What looks like framing inside content must not be taken for it. */
function content(random: Random, bytesMax: number): string {
  const text = random.pick([
    'abc',
    '\r\n\r\nGET / HTTP/1.1\r\n',
    '0\r\n\r\n',
    '\0\xff',
    'HTTP/1.1 200',
  ]);
  return text.repeat(4).slice(0, random.int(Math.min(bytesMax, text.length * 4)));
}
