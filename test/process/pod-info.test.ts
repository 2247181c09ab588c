/**
 * The pod's annotation and the built program: drained by it and taken back, readiness as it says,
 * and what is logged.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { AnnotationVolume } from '../peers/annotation-volume.js';
import { folderFor, run } from '../peers/running.js';
import { BUNDLE, NODE, startTidegate, type Tidegate } from '../peers/tidegate.js';
import { until } from '../peers/until.js';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const KEY = 'tidegate.dev/drain';

interface Annotated {
  readonly tidegate: Tidegate;
  readonly volume: AnnotationVolume;
}

async function startAnnotated(
  t: Test,
  first: Readonly<Record<string, string>>,
): Promise<Annotated> {
  const app = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  const volume = new AnnotationVolume(folderFor(t));
  volume.write(first);
  const flags = [`--pod-info-dir=${volume.folder}`, '--grace-period=10m', '--settle-max=0'];
  const tidegate = await startTidegate({ app: { port }, flags });
  t.teardown(async () => {
    tidegate.kill('SIGKILL');
    await tidegate.exited;
    app.close();
  });
  return { tidegate, volume };
}

const urlOf = ({ admin }: Tidegate, path: string): string =>
  `http://127.0.0.1:${admin.port}${path}`;

async function statusOf(tidegate: Tidegate): Promise<Status> {
  return (await (await fetch(urlOf(tidegate, '/status'))).json()) as Status;
}

/** The phase, and the status of /readyz. */
async function comesTo(tidegate: Tidegate, phase: string, ready: number): Promise<void> {
  let seen = '';
  const isThere = async (): Promise<boolean> => {
    const { status } = await fetch(urlOf(tidegate, '/readyz'));
    seen = `${(await statusOf(tidegate)).phase} ${status}`;
    return seen === `${phase} ${ready}`;
  };
  await until(isThere, () => `${phase} ${ready}, not ${seen}`, 20_000);
}

const told = ({ lines }: Tidegate, pattern: RegExp): number =>
  lines.filter(({ msg }) => pattern.test(msg)).length;

t.test('the annotation drains a pod that serves, and its end takes that back', async (t) => {
  const { tidegate, volume } = await startAnnotated(t, { other: 'x' });
  await comesTo(tidegate, 'serving', 200);
  volume.write({ other: 'x', [KEY]: 'true' });
  await comesTo(tidegate, 'drained', 503);
  t.match(await statusOf(tidegate), { drain: { reason: `annotation ${KEY}` }, terminating: false });
  volume.write({ other: 'x' });
  await comesTo(tidegate, 'serving', 200);
  volume.write({ [KEY]: 'keep' });
  await comesTo(tidegate, 'drained', 200);
  volume.write({ [KEY]: 'false' });
  await comesTo(tidegate, 'serving', 200);
  const answer = await fetch(`http://127.0.0.1:${tidegate.listen.port}/`);
  t.equal(await answer.text(), 'here');
  t.equal(told(tidegate, /^draining/), 2);
  t.equal(told(tidegate, /^the drain is taken back/), 2);
  t.same(await tidegate.stop(), { code: 0, signal: null }, 'and nothing holds up its end');
});

t.test('one that is there at the start counts, too', async (t) => {
  const { tidegate } = await startAnnotated(t, { [KEY]: 'true' });
  await comesTo(tidegate, 'drained', 503);
});

t.test('a drain by hand is left alone, and a strange value told once', async (t) => {
  const { tidegate, volume } = await startAnnotated(t, {});
  await fetch(urlOf(tidegate, '/drain?reason=by%20hand'), { method: 'POST' });
  volume.write({ [KEY]: 'maybe' });
  await until(() => told(tidegate, /^the annotation is not understood/) === 1, 'it is told');
  volume.write({ [KEY]: 'maybe', other: 'x' });
  volume.write({ [KEY]: 'no "idea"\\' });
  await until(() => told(tidegate, /^the annotation is not understood/) === 2, 'it is told');
  t.match(await statusOf(tidegate), { drain: { reason: 'by hand' } });
  const lines = tidegate.lines.filter(({ level }) => level === 'warn');
  t.match(lines, [
    { key: KEY, value: 'maybe' },
    { key: KEY, value: 'no "idea"\\' },
  ]);
});

t.test('a folder that is not there is refused at the start', async (t) => {
  const folder = join(folderFor(t), 'gone');
  const ran = await run(NODE, [BUNDLE, `--pod-info-dir=${folder}`]);
  t.equal(ran.code, 64);
  t.match(JSON.parse(ran.stdout), {
    key: '--pod-info-dir',
    value: folder,
    reason: /^cannot be read: ENOENT/,
  });
});
