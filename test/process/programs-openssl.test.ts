/**
 * TLS through tidegate between openssl's own client and server: it is carried unread, told apart
 * as TLS, and its goodbye passes.
 */
import { join } from 'node:path';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Test } from 'tap';
import { testWith } from '../peers/programs.js';
import {
  folderFor,
  freePort,
  inFrontOf,
  type Output,
  outputOf,
  run,
  serve,
  start,
} from '../peers/running.js';
import { until } from '../peers/until.js';

/** Starts openssl's server, which prints what it is told and tells what is typed into it. */
async function serveTls(
  t: Test,
  openssl: string,
): Promise<{ server: ChildProcessWithoutNullStreams; port: number; certificate: string }> {
  const folder = folderFor(t);
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request = [
    'req',
    '-x509',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
  ];
  const made = await run(openssl, [
    ...request,
    ...['-subj', '/CN=tidegate.test', '-days', '2', '-keyout', key, '-out', certificate],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const port = await freePort();
  const identity = ['-key', key, '-cert', certificate];
  const server = await serve(
    t,
    openssl,
    ['s_server', '-accept', `127.0.0.1:${port}`, ...identity, '-quiet', '-no_ign_eof'],
    port,
  );
  return { server, port, certificate };
}

/** Waits until `output` has what it must have; says what it has, if it never has. */
async function has(output: Output, words: string): Promise<void> {
  const said = (): string => `"${words}" in ${output.stdout} ${output.stderr}`;
  await until(() => output.stdout.includes(words), said);
}

testWith(['openssl'], 'TLS is carried unread', async (t, { openssl }) => {
  const { server, port, certificate } = await serveTls(t, openssl);
  const atServer = outputOf(server);
  await inFrontOf(t, port, async (tidegate) => {
    const to = ['-connect', `127.0.0.1:${tidegate.listen.port}`];
    const trust = ['-CAfile', certificate, '-verify_return_error', '-servername', 'tidegate.test'];
    for (const protocol of ['-tls1_3', '-tls1_2']) {
      const client = start(openssl, ['s_client', ...to, ...trust, protocol, '-msg']);
      const atClient = outputOf(client);
      await has(atClient, 'Verify return code: 0 (ok)');
      client.stdin.write(`from the client ${protocol}\n`);
      await has(atServer, `from the client ${protocol}\n`);
      server.stdin.write(`from the server ${protocol}\n`);
      await has(atClient, `from the server ${protocol}\n`);
      const metrics = await tidegate.metrics();
      t.equal(metrics.open({ kind: 'tls', state: 'active' }), 1, 'it is known as TLS');
      t.equal(metrics.open(), 1, 'and nothing else is open');
      client.stdin.write('Q\n'); // openssl's own command for an end
      t.equal(await atClient.ended, 0);
      t.match(atClient.stdout, /> TLS .*, Alert \[.*\], warning close_notify/);
      await tidegate.idle();
    }
    const said = tidegate.lines.filter(({ msg }) => msg.startsWith('TLS is carried unread'));
    t.equal(said.length, 1, 'the log says once what that means');
  });
});
