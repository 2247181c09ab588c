/**
 * Python's clients in front of a pod that goes: websockets knows that its server is going away and
 * takes it for an end in order, http.client has event streams that are whole.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Programs, testWith } from '../peers/programs.js';
import { type Output, outputOf, start } from '../peers/running.js';
import { until, within } from '../peers/until.js';
import { Pod, WAYS } from './farewell/pod.js';
import { FORMS, type Form, isToldGoodbye } from './farewell/streams.js';

const GUEST = fileURLToPath(new URL('python/guest.py', import.meta.url));
const PYTHON = 'python3 -m websockets';
/** Long enough for some events and echoes. */
const TELLS_MS = 300;

/** What guest.py says of event streams. */
type Streams = Readonly<Record<Form, { readonly whole: boolean; readonly text: string }>>;

/** Starts it; resolves once it has `count` things open. */
async function guest(
  t: Test,
  programs: Programs<typeof PYTHON>,
  args: readonly string[],
  count: number,
): Promise<Output> {
  const child = start(programs[PYTHON], [GUEST, ...args]);
  t.teardown(() => void child.kill('SIGKILL'));
  const output = outputOf(child);
  const isOpen = (): boolean => output.stderr.split('open\n').length > count;
  await until(isOpen, () => `Python's client has opened it: ${output.stderr}`, 20_000);
  return output;
}

async function saidBy(t: Test, output: Output): Promise<unknown> {
  const code = await within(output.ended, "Python's client ends");
  t.equal(code, 0, 'it is surprised by nothing', { stderr: output.stderr });
  return JSON.parse(output.stdout);
}

for (const way of WAYS) {
  testWith([PYTHON], `Python's clients are said goodbye to ${way}`, async (t, programs) => {
    const pod = await Pod.start(t, { way });
    const [socket, streams] = await Promise.all([
      guest(t, programs, ['socket', `ws://${pod.authority}/socket`], 1),
      guest(t, programs, ['streams', String(pod.port)], FORMS.length),
    ]);
    await sleep(TELLS_MS);
    await pod.goes();
    t.match(await saidBy(t, socket), { ended: 'ConnectionClosedOK', close: [1001, ''], wrong: 0 });
    const ended = (await saidBy(t, streams)) as Streams;
    for (const form of FORMS) {
      t.ok(ended[form].whole, `${form}: it has its end`);
      isToldGoodbye(t, way, form, ended[form].text);
    }
    await pod.isGone();
    if (way === 'when the app dies in the drain') return;
    t.same(pod.app.closed, [{ code: 1001, reason: '' }], 'the app hears that it has answered');
  });
}
