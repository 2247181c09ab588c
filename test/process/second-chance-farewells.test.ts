/**
 * Drains while clients are answered by another pod: their event streams are said goodbye to at a
 * moment of the close window, and no WebSocket begins any more.
 */
import t from 'tap';
import { exchange, openPods } from '../peers/chance.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const FLAGS = ['--grace-period=4s', '--settle-max=200ms', '--close-window=500ms'];
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

interface Case {
  readonly request?: string;
  readonly fields?: string;
  readonly sent: string;
  /** What is sent once the goodbye is asked for, if it has to wait. */
  readonly rest?: string;
  readonly ends: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  'in chunks': {
    sent: 'data: 1\n\n',
    ends: /data: 1\n\n\r\n[0-9a-f]+\r\nretry: \d+\n\n\r\n0\r\n\r\n$/,
  },
  'that has said nothing': { sent: '', ends: /\r\n\r\n[0-9a-f]+\r\nretry: \d+\n\n\r\n0\r\n\r\n$/ },
  'that is encoded': {
    fields: 'Content-Encoding: gzip\r\n',
    sent: 'data',
    ends: /\r\n\r\n4\r\ndata\r\n0\r\n\r\n$/,
  },
  'of HTTP/1.0': {
    request: 'GET / HTTP/1.0\r\nHost: a\r\n\r\n',
    sent: 'data: 1\n\n',
    ends: /\r\n\r\ndata: 1\n\nretry: \d+\n\n$/,
  },
};

t.test('an event stream from another pod is said goodbye to in the close window', async (t) => {
  for (const [name, { request = GET, fields = '', sent, ends }] of Object.entries(CASES)) {
    const pods = await openPods(t, FLAGS);
    const { client, app } = await exchange(pods, request);
    app.send(`${STREAM}${fields}Transfer-Encoding: chunked\r\n\r\n${sent && chunk(sent)}`);
    await client.gotText(sent || '\r\n\r\n');
    pods.here.kill('SIGTERM');
    t.equal(await client.left(), 'end', name);
    t.match(client.text, ends, name);
    t.not(await app.left(), 'open', name);
    client.end();
    app.end();
    t.same(await pods.here.exited, { code: 0, signal: null }, name);
    const reports = pods.here.lines.filter(({ cut }) => cut !== undefined);
    t.match(reports.at(-1), { farewell: 1, cut: 0 }, name);
  }
});

t.test('the goodbye splits no event', async (t) => {
  const pods = await openPods(t, FLAGS);
  const { client, app } = await exchange(pods, GET);
  app.send(`${STREAM}Transfer-Encoding: chunked\r\n\r\n${chunk('data: 1')}`);
  await client.gotText('data: 1');
  pods.here.kill('SIGTERM');
  // Whose goodbye tells that the window is open.
  const other = await exchange(pods, GET);
  other.app.send(`${STREAM}Transfer-Encoding: chunked\r\n\r\n`);
  t.equal(await other.client.left(), 'end');
  other.client.end();
  other.app.end();
  app.send(chunk('\n\n'));
  t.equal(await client.left(), 'end');
  t.match(client.text, /data: 1\r\n2\r\n\n\n\r\n[0-9a-f]+\r\nretry: \d+\n\n\r\n0\r\n\r\n$/);
  client.end();
  app.end();
  t.same(await pods.here.exited, { code: 0, signal: null });
});
