/**
 * Python's http.server behind tidegate and Python's http.client in front of it: HTTP/1.0, bodies
 * that only the end of the connection ends, keep-alive and chunked uploads.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testWith } from '../peers/programs.js';
import { folderFor, freePort, inFrontOf, leavesNothing, run, serve } from '../peers/running.js';

const APP = fileURLToPath(new URL('python/app.py', import.meta.url));
const CLIENT = fileURLToPath(new URL('python/client.py', import.meta.url));

/** What app.py answers at /old. */
const OLD_BODY = Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join('');

interface Said {
  readonly paths: readonly string[];
  readonly forwarded: unknown;
  readonly own: unknown;
  readonly chunked: { readonly chunks: number };
  readonly counted: object;
  readonly expected: object;
  readonly same_connection: boolean;
  readonly old: string;
  readonly closed: boolean;
}

testWith(
  ['python3', 'curl'],
  "Python's http.server answers as it does directly",
  async (t, { python3, curl }) => {
    const folder = folderFor(t);
    mkdirSync(join(folder, 'cgi-bin'));
    writeFileSync(join(folder, 'file.txt'), 'what is in the file\n'.repeat(5_000));
    const script = join(folder, 'cgi-bin', 'until-close.sh');
    writeFileSync(script, '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\nseq 100000\n');
    // Python runs such a script as a user without any rights of its own.
    for (const path of [folder, script]) chmodSync(path, 0o755);
    const port = await freePort();
    const args = ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--cgi'];
    await serve(t, python3, [...args, '--directory', folder], port);
    await inFrontOf(t, port, async (tidegate) => {
      for (const path of ['/', '/file.txt', '/nowhere', '/cgi-bin/until-close.sh']) {
        const get = async (at: number): Promise<string> => {
          const url = `http://127.0.0.1:${at}${path}`;
          const { code, stdout, stderr } = await run(curl, ['-sSi', '--max-time', '10', url]);
          t.equal(code, 0, `${path}: ${stderr}`);
          return stdout.replace(/^Date: .*$/m, 'Date: ...');
        };
        const direct = await get(port);
        t.equal(await get(tidegate.listen.port), direct, path);
        t.match(direct, /^HTTP\/1\.0 /);
        if (path.startsWith('/cgi')) t.match(direct, /\r\n\r\n1\n2\n(\d+\n)*100000\n$/);
      }
      await leavesNothing(t, tidegate);
      const metrics = await tidegate.metrics();
      t.equal(metrics.value('tidegate_http_requests_total', { code: '2xx' }), 3);
      t.equal(metrics.value('tidegate_http_requests_total', { code: '4xx' }), 1);
    });
  },
);

testWith(
  ['python3'],
  "Python's http.client speaks to Python's http.server",
  async (t, { python3 }) => {
    const port = await freePort();
    await serve(t, python3, [APP, String(port)], port);
    await inFrontOf(t, port, async (tidegate) => {
      const { code, stdout, stderr } = await run(python3, [CLIENT, String(tidegate.listen.port)]);
      t.equal(code, 0, stderr);
      const said = JSON.parse(stdout) as Said;
      t.same(
        said.paths,
        Array.from({ length: 50 }, (_, n) => `/${n}`),
      );
      t.same(said.forwarded, ['127.0.0.1'], 'the app learns who asks');
      t.same(said.own, ['192.0.2.1'], 'what is told already is left as it was');
      t.match(said.chunked, said.expected);
      t.equal(said.chunked.chunks, 399, 'a chunk stays a chunk');
      t.match(said.counted, said.expected);
      t.equal(said.same_connection, true, 'all that on one connection');
      t.equal(said.old, createHash('sha256').update(OLD_BODY).digest('hex'));
      t.equal(said.closed, true);
      await leavesNothing(t, tidegate);
      const metrics = await tidegate.metrics();
      t.equal(metrics.value('tidegate_http_requests_total', { code: '2xx' }), 54);
    });
  },
);
