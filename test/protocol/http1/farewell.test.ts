/**
 * The head that ends a connection: what goes out of it, what stays as it was, and that Node's own
 * client understands it.
 */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import t, { type Test } from 'tap';
import { closingHead } from '../../../src/protocol/http1/farewell.js';
import { Random, seedOf, seedOfRun } from '../../peers/random.js';

const HEAD_BYTES_MAX = 64 * 1024;
const MS_MAX = 50;
const STATUS = 'HTTP/1.1 200 OK';

function headOf(...lines: readonly string[]): Buffer {
  return Buffer.from([STATUS, ...lines, '', ''].join('\r\n'), 'latin1');
}

function closed(...lines: readonly string[]): string {
  return Buffer.from(closingHead(headOf(...lines))).toString('latin1');
}

/** The fields `given` become those in `left` and the line that closes. */
function becomes(t: Test, given: readonly string[], left: readonly string[]): void {
  const wanted = headOf(...left, 'Connection: close').toString('latin1');
  t.equal(closed(...given), wanted, given.join(' | ') || 'no fields');
}

t.test('a head without any word of persistence gets the one line', (t) => {
  becomes(t, [], []);
  becomes(t, ['Content-Length: 5'], ['Content-Length: 5']);
  const old = Buffer.from('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n');
  t.same(closingHead(old), Buffer.from('HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n'));
  const noReason = Buffer.from('HTTP/1.1 204 \r\n\r\n');
  t.same(closingHead(noReason), Buffer.from('HTTP/1.1 204 \r\nConnection: close\r\n\r\n'));
  t.end();
});

t.test('keep-alive goes out of every Connection line, and a line without options goes', (t) => {
  for (const line of [
    'Connection: keep-alive',
    'connection:keep-alive',
    'CONNECTION:\t Keep-Alive \t ',
    'Connection: KEEP-ALIVE, keep-alive',
    'Connection: ,, keep-alive ,\t,',
    'Connection:',
    'Connection: \t',
    'Connection: , ,',
  ]) {
    becomes(t, [line], []);
    becomes(t, ['A: 1', line, 'B: 2', line], ['A: 1', 'B: 2']);
  }
  t.end();
});

t.test('other options stay', (t) => {
  becomes(t, ['Connection: keep-alive, Upgrade'], ['Connection: Upgrade']);
  becomes(t, ['connection: Upgrade,keep-alive'], ['connection: Upgrade']);
  becomes(t, ['Connection: a ,keep-alive,, b\t,c'], ['Connection: a, b, c']);
  becomes(t, ['Connection: keep-alive', 'Connection: TE'], ['Connection: TE']);
  becomes(t, ['Connection: X-Hop\xe9, keep-alive'], ['Connection: X-Hop\xe9']);
  t.end();
});

t.test('a Connection line that has options and no keep-alive stays byte for byte', (t) => {
  for (const line of [
    'Connection: Upgrade',
    'Connection:Upgrade',
    'cOnNeCtIoN: \t Upgrade ,,TE\t',
    'Connection: keep-alives, x-keep-alive, keep alive, keep-alive;a=1, "keep-alive"',
    'Connection: closed, "close", close;now, not close, close d',
    'Connection: keep-alive\xa0, \xa0close',
  ]) {
    becomes(t, [line], [line]);
  }
  t.end();
});

t.test('fields named Keep-Alive go whole', (t) => {
  becomes(t, ['Keep-Alive: timeout=5, max=100'], []);
  becomes(t, ['A: 1', 'KEEP-ALIVE:', 'B: 2', 'keep-alive: timeout=5'], ['A: 1', 'B: 2']);
  becomes(t, ['Connection: keep-alive', 'Keep-Alive: timeout=5'], []);
  t.end();
});

t.test('fields whose names are only like these are left alone', (t) => {
  for (const line of [
    'Proxy-Connection: keep-alive',
    'Connection-Info: keep-alive',
    'X-Connection: close',
    'Connections: keep-alive',
    'Connectio: keep-alive',
    'Keep-Alive-For: 5',
    'X-Keep-Alive: 5',
    'Keep-Aliv: 5',
    'Via: Connection: close',
    'X: Keep-Alive: 5',
  ]) {
    becomes(t, [line], [line]);
  }
  t.end();
});

t.test('everything else keeps its bytes, its order and its case', (t) => {
  const every = Buffer.from(
    Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => byte === 9 || (byte >= 32 && byte !== 127),
    ),
  ).toString('latin1');
  const others = [
    'sErVeR:x',
    `X-All: ${every}`,
    'Set-Cookie: a=1',
    'X:',
    'Set-Cookie: b=2  ',
    'X:',
  ];
  becomes(t, others, others);
  becomes(t, ['Connection: keep-alive', ...others, 'Keep-Alive: 5'], others);
  for (let at = 0; at <= others.length; at++) {
    becomes(t, others.toSpliced(at, 0, 'Connection: keep-alive'), others);
  }
  const status = Buffer.from('HTTP/1.1 200 Connection: close \xe9\r\n\r\n', 'latin1');
  t.equal(
    Buffer.from(closingHead(status)).toString('latin1'),
    'HTTP/1.1 200 Connection: close \xe9\r\nConnection: close\r\n\r\n',
  );
  t.end();
});

t.test('a head that says close is returned as the object that it is', (t) => {
  for (const lines of [
    ['Connection: close'],
    ['CONNECTION:CLOSE'],
    ['Connection: keep-alive,\t Close\t ,'],
    ['Connection: keep-alive', 'Keep-Alive: timeout=5', 'A: 1', 'connection: Upgrade, close'],
  ]) {
    const head = headOf(...lines);
    const before = Buffer.from(head);
    t.equal(closingHead(head), head, lines.join(' | '));
    t.same(head, before);
  }
  t.end();
});

t.test('what was closed says close, so that a second time changes nothing', (t) => {
  const once = closingHead(headOf('Connection: keep-alive, TE', 'Keep-Alive: timeout=5'));
  t.equal(closingHead(once), once);
  t.end();
});

t.test('a head in the middle of a chunk is read alone, and the chunk stays as it was', (t) => {
  const head = headOf('Connection: keep-alive');
  const chunk = new Uint8Array(Buffer.concat([Buffer.from('...'), head, Buffer.from('body')]));
  const before = chunk.slice();
  t.same(closingHead(chunk.subarray(3, 3 + head.length)), headOf('Connection: close'));
  t.same(chunk, before);
  t.end();
});

/** The rule, said once more in another way: on lists of fields. */
function expected(lines: readonly string[]): readonly string[] | undefined {
  const fields = lines.map((line) => /^([^:]*):(.*)$/s.exec(line) as RegExpExecArray);
  const options = (value: string): string[] =>
    value.match(/[^\t ,](?:[^,]*[^\t ,])?/g)?.map((option) => option) ?? [];
  const isConnection = (name: string): boolean => /^connection$/i.test(name);
  const said = fields.filter(([, name]) => isConnection(name));
  if (said.some(([, , value]) => options(value).some((o) => /^close$/i.test(o)))) return undefined;
  return fields.flatMap(([line, name, value]) => {
    if (/^keep-alive$/i.test(name)) return [];
    if (!isConnection(name)) return [line];
    const left = options(value).filter((option) => !/^keep-alive$/i.test(option));
    if (left.length === 0) return [];
    return [left.length === options(value).length ? line : `${name}: ${left.join(', ')}`];
  });
}

const NAMES = ['Connection', 'connection', 'Keep-Alive', 'keep-ALIVE', 'Date', 'Proxy-Connection'];
const WORDS = ['keep-alive', 'Keep-Alive', 'Upgrade', 'close', 'TE', '\xe9', 'keep-alive x', ''];
const SPACES = ['', '', ' ', '\t', '  \t'];

function makeLine(random: Random): string {
  const element = (): string =>
    random.pick(SPACES) +
    random.pick(random.once(6) ? WORDS : WORDS.slice(0, 3)) +
    random.pick(SPACES);
  return `${random.pick(NAMES)}:${Array.from({ length: random.int(4) }, element).join(',')}`;
}

t.test('thousands of made-up heads agree with the rule said another way', (t) => {
  const run = seedOfRun(61);
  let same = 0;
  for (let index = 0; index < 20_000; index++) {
    const random = new Random(seedOf(run, index));
    const lines = Array.from({ length: random.int(6) }, () => makeLine(random));
    const left = expected(lines);
    const wanted = headOf(...(left === undefined ? lines : [...left, 'Connection: close']));
    if (wanted.equals(closingHead(headOf(...lines)))) same++;
    else t.fail('another head', { seed: run, index, lines });
  }
  t.equal(same, 20_000);
  t.end();
});

const LONG_HEADS: Readonly<Record<string, string>> = {
  'Connection lines': 'Connection: keep-alive\r\n',
  'the shortest Connection lines': 'Connection:\r\n',
  'Connection lines that stay': 'Connection: a\r\n',
  'Keep-Alive lines': 'Keep-Alive:\r\n',
  'other lines': 'a:\r\n',
};
const LONG_VALUES: Readonly<Record<string, string>> = {
  'one list of keep-alive': 'keep-alive,',
  'one list of short options': 'a,',
  'empty elements': ',',
  'white space': ' ',
  'white space between words': `${' '.repeat(1000)}a`,
};

t.test('a head of 64 KiB is changed soon, whatever is in it', (t) => {
  const fill = (text: string, bytes: number): string =>
    text.repeat(Math.floor(bytes / text.length));
  const room = HEAD_BYTES_MAX - STATUS.length - 60;
  const heads = [
    ...Object.entries(LONG_HEADS).map(([name, line]) => [name, fill(line, room)]),
    ...Object.entries(LONG_VALUES).map(([name, element]) => [
      name,
      `Connection: ${fill(element, room)}b,keep-alive\r\n`,
    ]),
  ];
  for (const [name, lines] of heads) {
    const head = Buffer.from(`${STATUS}\r\n${lines}\r\n`);
    const began = performance.now();
    const after = Buffer.from(closingHead(head));
    const tookMs = performance.now() - began;
    t.ok(tookMs < MS_MAX, `${name}: ${head.length} bytes took ${tookMs.toFixed(1)} ms`);
    t.ok(after.includes('\r\nConnection: close\r\n\r\n'));
    t.notOk(/^(connection:.*keep-alive|keep-alive:)/im.test(after.toString('latin1')));
  }
  t.end();
});

/** What Node's client, asking with a keep-alive agent, makes of the answer `head` + 'hello'. */
async function understood(t: Test, head: Uint8Array): Promise<IncomingMessage> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.concat([head, Buffer.from('hello')])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => (agent.destroy(), server.close()));
  const { port } = server.address() as AddressInfo;
  const request = get({ port, host: '127.0.0.1', agent });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await answer.toArray()).toString();
  t.equal(body, 'hello');
  await new Promise((resolve) => setImmediate(resolve));
  const kept = Object.keys(agent.freeSockets).length;
  t.equal(kept, answer.headers.connection === 'keep-alive' ? 1 : 0, `${kept} sockets are kept`);
  return answer;
}

t.test("Node's client reads keep-alive before and close after", async (t) => {
  const head = headOf('Connection: keep-alive', 'Keep-Alive: timeout=5', 'Content-Length: 5');
  const before = await understood(t, head);
  t.match(before.headers, { connection: 'keep-alive', 'keep-alive': 'timeout=5' });
  const after = await understood(t, closingHead(head));
  t.same(after.headers, { connection: 'close', 'content-length': '5' });
  t.same(after.rawHeaders, ['Content-Length', '5', 'Connection', 'close']);
});

t.test(
  "Node's client reads close beside other options, and in an answer of HTTP/1.0",
  async (t) => {
    const both = headOf('connection: TE, Keep-Alive', 'Content-Length: 5');
    t.equal((await understood(t, closingHead(both))).headers.connection, 'TE, close');
    const old = Buffer.from(
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n',
    );
    t.equal((await understood(t, old)).headers.connection, 'keep-alive');
    t.equal((await understood(t, closingHead(old))).headers.connection, 'close');
  },
);
