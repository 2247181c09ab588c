/**
 * The pod's annotation in a folder as the kubelet makes it: what is told when, by a clock that is
 * driven by hand and the file system's own events.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { GONE_CONFIRM_MS, LOOK_MS, PodInfo } from '../src/pod-info.js';
import { HandClock } from './peers/clock.js';
import { AnnotationVolume } from './peers/annotation-volume.js';
import { folderFor } from './peers/running.js';
import { until } from './peers/until.js';

class Watched {
  readonly clock = new HandClock();
  /** What was told, without what repeats. */
  readonly values: (string | undefined)[] = [];
  readonly errors: string[] = [];
  looks = 0;
  readonly podInfo: PodInfo;

  constructor(t: Test, folder: string) {
    this.podInfo = new PodInfo(folder, this.clock, {
      is: (value) => {
        this.looks++;
        if (this.looks === 1 || value !== this.values.at(-1)) this.values.push(value);
      },
      unreadable: ({ code = '' }) => void this.errors.push(code),
    });
    t.teardown(() => this.podInfo.stop());
    this.podInfo.start();
  }

  async has(values: readonly (string | undefined)[]): Promise<void> {
    const said = (): string => `${JSON.stringify(values)}, not ${JSON.stringify(this.values)}`;
    await until(() => JSON.stringify(this.values) === JSON.stringify(values), said);
  }

  /** Waits until a timer is set, and lets it fall due. */
  async pass(ms: number): Promise<void> {
    await until(() => this.clock.pending > 0, 'it will look again');
    this.clock.advance(ms);
  }
}

t.test('what is there at first is told, and every change as it comes', async (t) => {
  const volume = new AnnotationVolume(folderFor(t));
  volume.write({ other: 'x' });
  const watched = new Watched(t, volume.folder);
  await watched.has([undefined]);
  volume.write({ other: 'x', 'tidegate.dev/drain': 'true' });
  await watched.has([undefined, 'true']);
  volume.write({ 'tidegate.dev/drain': 'keep' });
  await watched.has([undefined, 'true', 'keep']);
  volume.write({});
  await watched.has([undefined, 'true', 'keep', undefined]);
  t.equal(watched.clock.now(), 0, 'without a look of its own');
  t.equal(watched.clock.holding, 0, 'and nothing keeps the process');
  t.same(watched.errors, []);
});

t.test('where nothing is heard it looks by itself', async (t) => {
  const folder = folderFor(t);
  const watched = new Watched(t, folder);
  // What is written elsewhere makes no sound here.
  const elsewhere = join(folderFor(t), 'annotations');
  writeFileSync(elsewhere, 'tidegate.dev/drain="true"');
  symlinkSync(elsewhere, join(folder, 'annotations'));
  await watched.has(['true']);
  writeFileSync(elsewhere, 'tidegate.dev/drain="false"');
  await watched.pass(LOOK_MS);
  await watched.has(['true', 'false']);
});

t.test('a file that is gone for a moment is there', async (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'annotations');
  writeFileSync(file, 'tidegate.dev/drain="true"');
  const watched = new Watched(t, folder);
  await watched.has(['true']);
  renameSync(file, `${file}.x`);
  renameSync(`${file}.x`, file);
  const looks = watched.looks;
  await until(async () => {
    await watched.pass(LOOK_MS);
    return watched.looks > looks + 1;
  }, 'it has looked');
  t.same(watched.values, ['true']);
  unlinkSync(file);
  await until(async () => {
    await watched.pass(GONE_CONFIRM_MS);
    return watched.values.length > 1;
  }, 'it is gone');
  await watched.has(['true', undefined]);
});

t.test('what cannot be read changes nothing', async (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'annotations');
  writeFileSync(file, 'tidegate.dev/drain="true"');
  const watched = new Watched(t, folder);
  await watched.has(['true']);
  unlinkSync(file);
  mkdirSync(file);
  await until(async () => {
    await watched.pass(LOOK_MS);
    return watched.errors.length > 0;
  }, 'it has failed');
  t.equal(watched.errors[0], 'EISDIR');
  rmSync(file, { recursive: true });
  writeFileSync(file, 'tidegate.dev/drain="keep"');
  await until(async () => {
    await watched.pass(LOOK_MS);
    return watched.values.includes('keep');
  }, 'it is read again');
});

t.test('after its end it tells nothing', async (t) => {
  const volume = new AnnotationVolume(folderFor(t));
  volume.write({});
  const watched = new Watched(t, volume.folder);
  await watched.has([undefined]);
  await until(() => watched.clock.pending === 1, 'it will look again');
  watched.podInfo.stop();
  t.equal(watched.clock.pending, 0);
  volume.write({ 'tidegate.dev/drain': 'true' });
  watched.clock.advance(10 * LOOK_MS);
  t.same(watched.values, [undefined]);
});
