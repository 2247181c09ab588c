/**
 * curl through tidegate: uploads that wait for `100 Continue`, event streams that arrive as they
 * are sent, and HTTP/2 without TLS.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { testWith } from '../peers/programs.js';
import {
  freePort,
  inFrontOf,
  leavesNothing,
  outputOf,
  run,
  serve,
  start,
} from '../peers/running.js';
import { until, within } from '../peers/until.js';

const APP = fileURLToPath(new URL('python/app.py', import.meta.url));
const UPLOAD = randomBytes(3_000_000);
const UPLOAD_SHA256 = createHash('sha256').update(UPLOAD).digest('hex');
/** How long curl waits for 100 Continue before it sends all the same, if nothing comes. */
const EXPECT_S = 15;

/** curl's flags for an upload from standard input, without a length. */
const CHUNKED = [
  ...['-T', '-', '-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue'],
  ...['--expect100-timeout', String(EXPECT_S)],
];

/** Opens a server of this process for `t`; returns its port. */
async function listen(t: Test, server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A Node app that answers with the sum of what it got, and hears of those who ask before. */
function createSummer(onExpect: RequestListener): Server {
  const sum: RequestListener = (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.on('end', () => response.end(JSON.stringify({ sha256: hash.digest('hex') })));
  };
  const server = createServer(sum);
  return server.on('checkContinue', (request, response) => {
    onExpect(request, response);
    if (!response.headersSent) sum(request, response);
  });
}

testWith(['curl'], 'a chunked upload by curl waits for 100 Continue', async (t, { curl }) => {
  let asked = 0;
  const app = createSummer((_, response) => {
    asked++;
    response.writeContinue();
  });
  await inFrontOf(t, await listen(t, app), async (tidegate) => {
    const url = `http://127.0.0.1:${tidegate.listen.port}/sum`;
    const startMs = performance.now();
    const { stdout, stderr } = await run(curl, ['-sSv', ...CHUNKED, url], { input: UPLOAD });
    t.ok(performance.now() - startMs < EXPECT_S * 1_000, 'curl does not wait in vain');
    t.equal(asked, 1);
    t.match(stderr, /> Expect: 100-continue\r\n[^]*< HTTP\/1.1 100 Continue\r\n[^]*HTTP\/1.1 200/);
    t.match(JSON.parse(stdout), { sha256: UPLOAD_SHA256 });
    await leavesNothing(t, tidegate);
  });
});

testWith(['curl', 'python3'], 'a Python app is asked for 100 Continue', async (t, programs) => {
  const port = await freePort();
  await serve(t, programs.python3, [APP, String(port)], port);
  await inFrontOf(t, port, async (tidegate) => {
    const url = `http://127.0.0.1:${tidegate.listen.port}/sum`;
    const args = ['-sSv', ...CHUNKED, url];
    const { stdout, stderr } = await run(programs.curl, args, { input: UPLOAD });
    t.match(stderr, '< HTTP/1.1 100 Continue\r\n');
    t.match(JSON.parse(stdout), { sha256: UPLOAD_SHA256, length: UPLOAD.length });
    // curl asks by itself before it sends as much as this.
    const counted = await run(programs.curl, ['-sSv', '--data-binary', '@-', url], {
      input: UPLOAD,
    });
    t.match(counted.stderr, /> Expect: 100-continue\r\n[^]*< HTTP\/1.1 100 Continue\r\n/);
    t.match(JSON.parse(counted.stdout), { sha256: UPLOAD_SHA256, chunks: 1 });
    await leavesNothing(t, tidegate);
  });
});

testWith(['curl'], 'an upload that is refused beforehand is not sent', async (t, { curl }) => {
  const app = createSummer((_, response) => {
    response.writeHead(413, { connection: 'close' }).end('too much');
  });
  await inFrontOf(t, await listen(t, app), async (tidegate) => {
    const url = `http://127.0.0.1:${tidegate.listen.port}/sum`;
    const report = ['-w', '\n%{http_code} %{size_upload}'];
    const { stdout } = await run(curl, ['-sS', ...report, ...CHUNKED, url], { input: UPLOAD });
    t.equal(stdout, 'too much\n413 0');
    await leavesNothing(t, tidegate);
  });
});

testWith(['curl'], 'events arrive as they are sent', async (t, { curl }) => {
  const app = createServer();
  const port = await listen(t, app);
  await inFrontOf(t, port, async (tidegate) => {
    const at = `http://127.0.0.1:${tidegate.listen.port}`;
    // Two requests on one connection: what comes behind the stream is plain HTTP again.
    const reader = start(curl, ['-sSN', `${at}/events`, `${at}/after`]);
    const output = outputOf(reader);
    const [, stream] = (await once(app, 'request')) as Parameters<RequestListener>;
    stream.writeHead(200, { 'content-type': 'text/event-stream' });
    let expected = '';
    for (let event = 0; event < 20; event++) {
      expected += `id: ${event}\ndata: what happens\n\n`;
      stream.write(`id: ${event}\ndata: what happens\n\n`);
      await until(() => output.stdout === expected, `event ${event} arrives`, 1_000);
    }
    const during = await tidegate.metrics();
    t.equal(during.open({ kind: 'sse', state: 'active' }), 1, 'an event stream is open');
    t.equal(during.open(), 1, 'and nothing else');
    stream.end();
    const [, after] = (await once(app, 'request')) as Parameters<RequestListener>;
    const behind = await tidegate.metrics();
    t.equal(behind.open({ kind: 'http1', state: 'active' }), 1, 'then it is HTTP as before');
    t.equal(behind.open({ kind: 'sse' }), 0);
    after.end('after');
    t.equal(await output.ended, 0);
    t.equal(output.stdout, `${expected}after`);
    await leavesNothing(t, tidegate);
  });
});

testWith(['curl'], 'HTTP/2 with prior knowledge is carried', async (t, { curl }) => {
  const app = createHttp2Server();
  let release = (): void => undefined;
  app.on('stream', (stream, headers) => {
    const answer = (): void => {
      stream.respond({ ':status': 200, 'content-type': 'text/plain' });
      stream.pipe(stream);
    };
    if (headers[':path'] === '/held') release = answer;
    else answer();
  });
  await inFrontOf(t, await listen(t, app), async (tidegate) => {
    const url = `http://127.0.0.1:${tidegate.listen.port}`;
    const report = ['-sS', '--http2-prior-knowledge', '-w', '%{stderr}%{http_version}'];
    const echo = await run(curl, [...report, '--data-binary', '@-', `${url}/`], {
      input: UPLOAD,
    });
    t.equal(createHash('sha256').update(echo.stdout, 'latin1').digest('hex'), UPLOAD_SHA256);
    t.equal(echo.stderr, '2');
    const held = run(curl, [...report, `${url}/held`]);
    await within(once(app, 'stream'), 'the stream begins');
    t.equal((await tidegate.metrics()).open({ kind: 'http2', state: 'active' }), 1);
    release();
    t.equal((await held).code, 0);
    await leavesNothing(t, tidegate);
  });
});
