/**
 * A chart that nobody here may change gets tidegate by its values, as the example's README has them, and
 * loses it again: the app makes room on its port, so nothing fails, whatever the Service's port is called.
 */
import { parse } from 'yaml';
import { chartFor } from '../charts/render.js';
import { readDocument } from '../documents.js';
import { until } from '../peers/until.js';
import { type Container, NODE, PROGRAMS, PROGRAMS_MAP, set } from './manifest.js';
import { Namespace } from './namespace.js';
import { COMING_AND_GOING } from './adoptions.js';
import { Release, testWithHelm } from './release.js';
import { replaced } from './rollout.js';
import { tell } from './telling.js';

const GRACE_S = 20;
const UP_MS_MAX = 30_000;
const PODS = 'app=web';

interface Values {
  readonly env: readonly object[];
  readonly volumes: readonly object[];
  readonly initContainers: readonly Container[];
}

/** The README's, with this image and a shorter grace. */
function readValues(image: string): Values {
  const [, block] = /^```yaml\n(terminationGracePeriodSeconds:.*?)^```$/ms.exec(
    readDocument('charts/tidegate-example/README.md'),
  ) as unknown as [string, string];
  const values = parse(block) as Values;
  const [sidecar] = values.initContainers;
  sidecar.image = image;
  set(sidecar, 'TIDEGATE_GRACE_PERIOD', `${GRACE_S}s`);
  return values;
}

testWithHelm(
  'values alone add tidegate to a foreign chart, and take it away',
  async (t, c, helm) => {
    const namespace = await Namespace.create(t, c);
    const release = new Release(namespace, helm[4], chartFor(t, 'test/charts/foreign'));
    const volume = { name: PROGRAMS_MAP, configMap: { name: PROGRAMS_MAP } };
    const app = {
      image: c.image,
      command: [NODE, `${PROGRAMS}/app.mjs`],
      volumes: [volume],
      volumeMounts: [{ name: PROGRAMS_MAP, mountPath: PROGRAMS, readOnly: true }],
    };
    // What the usual checklist has for an app that is alone.
    const alone = { ...app, lifecycle: { preStop: { sleep: { seconds: 10 } } } };
    const { volumes, ...more } = readValues(c.image);
    const behind = { ...app, ...more, volumes: [volume, ...volumes] };
    await release.install(alone);
    const driver = await namespace.load(t);
    await driver.start(await namespace.serves('web'), COMING_AND_GOING);
    const isUnderWay = async (): Promise<boolean> => {
      const { requests } = await driver.report();
      return Object.keys(COMING_AND_GOING).every(
        (lane) => requests[lane as keyof typeof COMING_AND_GOING].ok > 0,
      );
    };
    await until(isUnderWay, 'the load is under way', UP_MS_MAX);
    await replaced(namespace, PODS, () =>
      release.upgrade({ ...behind, terminationGracePeriodSeconds: GRACE_S }),
    );
    t.equal((await driver.report()).failed, 0, 'nothing failed while it came');
    await replaced(namespace, PODS, () => release.upgrade(alone));
    const report = await driver.stop();
    tell(t, report);
    t.equal(report.failed, 0, 'nor while it went');
  },
);
