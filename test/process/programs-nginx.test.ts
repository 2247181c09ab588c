/**
 * Debian's nginx serves files behind tidegate: whatever curl asks for, it gets the answer that it
 * gets from nginx directly, and every byte of it.
 */
import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { testWith } from '../peers/programs.js';
import { folderFor, freePort, inFrontOf, leavesNothing, run, serve } from '../peers/running.js';
import type { Tidegate } from '../peers/tidegate.js';

const LARGE_BYTES = 200 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;
/**
 * Node collects read buffers late: tens of megabytes, more on newer ones, but never what grows with
 * the length of a download. Without backpressure most of it would be resident.
 */
const GROWTH_BYTES_MAX = LARGE_BYTES / 2;
const TEXT = Array.from({ length: 2_000 }, (_, line) => `line ${line} of the file\n`).join('');
const MODIFIED = new Date('2024-02-03T04:05:06Z');

const configuration = (folder: string, port: number): string => `
  daemon off; pid ${folder}/pid; error_log stderr; worker_processes 1;
  events { worker_connections 512; }
  http {
    access_log off; sendfile on; keepalive_requests 100000;
    client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    server { listen 127.0.0.1:${port}; root ${folder}/files; }
  }
`;

/** Starts nginx over a folder with a text in it; returns the folder of its files, and its port. */
async function serveFiles(t: Test, nginx: string): Promise<{ files: string; port: number }> {
  const folder = folderFor(t);
  const files = join(folder, 'files');
  const port = await freePort();
  mkdirSync(files);
  writeFileSync(join(files, 'text'), TEXT);
  utimesSync(join(files, 'text'), MODIFIED, MODIFIED);
  const conf = join(folder, 'nginx.conf');
  // One process: what is killed at the end of the test is all of it.
  writeFileSync(conf, `master_process off;${configuration(folder, port)}`);
  await serve(t, nginx, ['-p', folder, '-e', 'stderr', '-c', conf], port);
  return { files, port };
}

/** Head and body as curl got them, without what differs from one answer to the next. */
async function answerOf(curl: string, port: number, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(curl, [
    '-sS',
    '--max-time',
    '20',
    ...(args.includes('-I') ? [] : ['-i']),
    ...args,
    `http://127.0.0.1:${port}/text`,
  ]);
  if (code !== 0) throw new Error(`curl ${args.join(' ')}: ${stderr}`);
  const boundary = /boundary=(\w+)/.exec(stdout)?.[1] ?? '\0';
  return stdout.replaceAll(boundary, 'BOUNDARY').replace(/^Date: .*$/m, 'Date: ...');
}

const QUESTIONS: readonly (readonly [string, number, ...string[]])[] = [
  ['the whole file', 200],
  ['its head alone', 200, '-I'],
  ['a range', 206, '-r', '100-299'],
  ['the end of it', 206, '-r', '-50'],
  ['all behind an offset', 206, '-r', '40000-'],
  ['several ranges', 206, '-r', '0-9,100-109,20000-20009'],
  ['a range that is not there', 416, '-r', '9000000-'],
  ['what is newer', 304, '-H', 'If-Modified-Since: Sat, 03 Feb 2024 04:05:06 GMT'],
  ['what has changed', 200, '-H', 'If-Modified-Since: Sat, 03 Feb 2024 04:05:05 GMT'],
  ['a range of an older version', 200, '-r', '0-9', '-H', 'If-Range: "other"'],
  ['to post', 405, '-d', 'some=thing'],
  ['to delete', 405, '-X', 'DELETE'],
  ['in HTTP/1.0', 200, '--http1.0'],
];

testWith(['nginx', 'curl'], 'nginx answers as it does directly', async (t, { nginx, curl }) => {
  const { port } = await serveFiles(t, nginx);
  const etag = /^ETag: (.*)\r$/m.exec(await answerOf(curl, port, ['-I']))?.[1] ?? '';
  const questions: typeof QUESTIONS = [
    ...QUESTIONS,
    ['what has another tag', 304, '-H', `If-None-Match: ${etag}`],
    ['a range of this version', 206, '-r', '0-9', '-H', `If-Range: ${etag}`],
  ];
  await inFrontOf(t, port, async (tidegate) => {
    for (const [what, status, ...args] of questions) {
      const direct = await answerOf(curl, port, args);
      t.equal(await answerOf(curl, tidegate.listen.port, args), direct, what);
      t.match(direct, `HTTP/1.1 ${status} `, `${what}: ${status}`);
    }
    const metrics = await tidegate.idle();
    for (const digit of [2, 3, 4]) {
      const count = questions.filter(([, status]) => Math.floor(status / 100) === digit).length;
      t.equal(metrics.value('tidegate_http_requests_total', { code: `${digit}xx` }), count);
    }
    const brew = ['-X', 'BREW'];
    const unknown = await answerOf(curl, tidegate.listen.port, brew);
    t.equal(unknown, await answerOf(curl, port, brew), 'a method that tidegate does not know');
    await leavesNothing(t, tidegate);
  });
});

testWith(['nginx', 'curl'], 'a thousand requests need one connection', async (t, programs) => {
  const { port } = await serveFiles(t, programs.nginx);
  await inFrontOf(t, port, async (tidegate) => {
    const each = [
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download} %{num_connects}\n',
    ];
    const urls = `http://127.0.0.1:${tidegate.listen.port}/text?[1-1000]`;
    const { code, stdout } = await run(programs.curl, [...each, urls]);
    t.equal(code, 0);
    const lines = stdout.trim().split('\n');
    t.equal(lines.shift(), `200 ${TEXT.length} 1`);
    t.same(new Set(lines), new Set([`200 ${TEXT.length} 0`]));
    t.equal(lines.length, 999);
    const metrics = await tidegate.idle();
    t.equal(metrics.value('tidegate_http_requests_total', { code: '2xx' }), 1000);
    t.ok(metrics.value('tidegate_sent_bytes_total') > 1000 * TEXT.length);
    await leavesNothing(t, tidegate);
  });
});

/** Fills a file with bytes that no misplaced piece could pass for; returns their SHA-256. */
async function fill(path: string, bytes: number): Promise<string> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(BLOCK_BYTES);
  const blocks = function* (): Generator<Buffer> {
    for (let at = 0; at < bytes; at += BLOCK_BYTES) {
      const block = cipher.update(zeros);
      hash.update(block);
      yield block;
    }
  };
  await pipeline(Readable.from(blocks()), createWriteStream(path));
  return hash.digest('hex');
}

/** The most that is resident until `work` is done. */
async function peakDuring(tidegate: Tidegate, work: Promise<unknown>): Promise<number> {
  let peak = 0;
  let done = false;
  const finished = work.finally(() => (done = true));
  while (!done) {
    peak = Math.max(peak, tidegate.residentBytes());
    await Promise.race([finished, sleep(10)]);
  }
  return peak;
}

testWith(['nginx', 'curl'], 'a download of 200 MiB is whole, fast or slow', async (t, programs) => {
  const { files, port } = await serveFiles(t, programs.nginx);
  const sha256 = await fill(join(files, 'large'), LARGE_BYTES);
  await inFrontOf(t, port, async (tidegate) => {
    for (const rate of ['0', '100M']) {
      const before = tidegate.residentBytes();
      const url = `http://127.0.0.1:${tidegate.listen.port}/large`;
      const command = `'${programs.curl}' -sS --limit-rate ${rate} '${url}' | sha256sum`;
      const download = run('sh', ['-c', command], { timeoutMs: 60_000 });
      const growth = (await peakDuring(tidegate, download)) - before;
      t.match((await download).stdout, sha256);
      t.ok(growth < GROWTH_BYTES_MAX, `memory is bounded at rate ${rate}: ${growth} bytes more`);
    }
    await leavesNothing(t, tidegate);
  });
});
