/**
 * curl in front of a pod that goes: it leaves a connection that it was told to leave and opens the
 * next, also where it kept one in vain; and an upgrade that comes too late is refused with the time
 * to come again.
 */
import type { Test } from 'tap';
import { type Programs, testWith } from '../peers/programs.js';
import { outputOf, run, start } from '../peers/running.js';
import { until, within } from '../peers/until.js';
import { Pod } from './farewell/pod.js';

const TIME_MAX = ['--max-time', '10'];
/** For each answer its code and whether a connection was opened for it. */
const CONNECTS = '%{http_code} %{num_connects}\n';
/** Seldom enough for a connection to be ended between two requests. */
const PER_MINUTE = 24;
const UPLOAD = 'what is uploaded '.repeat(10_000);
const UPGRADE = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].flatMap((line) => ['-H', line]);

type Curl = Programs<'curl'>;

/** Three URLs in one run, in one phase. */
async function asksThrice(t: Test, { curl }: Curl, pod: Pod, phase: string): Promise<void> {
  const url = `http://${pod.authority}/[1-3]`;
  const flags = ['-sSv', '--http1.1', '-o', '/dev/null', ...TIME_MAX, '-w', CONNECTS];
  const { code, stdout, stderr } = await run(curl, [...flags, url]);
  t.equal(code, 0, phase, { stderr });
  const isKept = phase === 'serving';
  t.equal(stdout, isKept ? '200 1\n200 0\n200 0\n' : '200 1\n200 1\n200 1\n', phase);
  const farewells = stderr.split(/^< connection: close\r?$/im).length - 1;
  t.equal(farewells, isKept ? 0 : 3, `${phase}: each answer has the farewell`);
}

/** An upload that waits to be asked for: the farewell stands in the answer, not before it. */
async function uploads(t: Test, { curl }: Curl, pod: Pod, phase: string): Promise<void> {
  const flags = ['-sSi', '--http1.1', ...TIME_MAX, '-H', 'Expect: 100-continue'];
  const url = `http://${pod.authority}/upload`;
  const { stdout } = await run(curl, [...flags, '--data-binary', '@-', url], { input: UPLOAD });
  const [first, answer, body] = stdout.split('\r\n\r\n');
  t.equal(first, 'HTTP/1.1 100 Continue', `${phase}: it is asked for the body`);
  t.match(answer, /^HTTP\/1\.1 200 [^]*^connection: close$/im, `${phase}: and told to go`);
  t.equal((JSON.parse(body) as { body: string }).body, UPLOAD, `${phase}: all has come`);
}

async function isRefused(t: Test, { curl }: Curl, pod: Pod): Promise<void> {
  const flags = ['-sSi', '--http1.1', ...TIME_MAX, ...UPGRADE];
  const { code, stdout, stderr } = await run(curl, [...flags, `http://${pod.authority}/socket`]);
  t.equal(code, 0, 'curl takes it for an answer', { stderr });
  t.match(stdout, /^HTTP\/1\.1 503 /);
  t.match(stdout, /^retry-after: \d+\r$/im);
  t.match(stdout, /^connection: close\r$/im);
}

testWith(['curl'], 'curl is told to leave its connections in each phase', async (t, programs) => {
  const pod = await Pod.start(t);
  await asksThrice(t, programs, pod, 'serving');
  const release = await pod.hold();
  // What curl says on its standard output may wait there until it ends.
  const rate = ['-sS', '--rate', `${PER_MINUTE}/m`, '-w', `%{stderr}${CONNECTS}`];
  const kept = outputOf(start(programs.curl, [...rate, `http://${pod.authority}/kept/[1-2]`]));
  await until(() => kept.stderr === '200 1\n', 'it is answered once');
  pod.terminate();
  for (const phase of ['settling', 'draining', 'closing'] as const) {
    await pod.isIn(phase);
    await Promise.all([asksThrice, uploads].map((ask) => ask(t, programs, pod, phase)));
  }
  await isRefused(t, programs, pod);
  t.equal(await within(kept.ended, 'curl ends'), 0);
  t.equal(kept.stderr, '200 1\n200 1\n', 'what was kept in vain is opened again');
  await release();
  await pod.isGone();
});
