/**
 * Event streams that curl reads from a pod that goes: in each form, and in each way of going, curl
 * takes them for answers that are whole.
 */
import { testWith } from '../peers/programs.js';
import { type Output, outputOf, start } from '../peers/running.js';
import { until, within } from '../peers/until.js';
import { Pod, WAYS } from './farewell/pod.js';
import { FORMS, isToldGoodbye } from './farewell/streams.js';

const TIME_MAX = ['--max-time', '10'];

for (const way of WAYS) {
  testWith(['curl'], `event streams that curl reads end whole ${way}`, async (t, { curl }) => {
    const pod = await Pod.start(t, { way });
    const readers = FORMS.map((form): Output => {
      const child = start(curl, [
        '-sSN',
        ...TIME_MAX,
        `http://${pod.authority}/events?form=${form}`,
      ]);
      return outputOf(child);
    });
    const isTold = ({ stdout }: Output): boolean => stdout.length > 500;
    await until(() => readers.every(isTold), 'each is told of events');
    await pod.goes();
    for (const [at, form] of FORMS.entries()) {
      t.equal(await within(readers[at].ended, `${form}: it ends`), 0, `${form}: it is whole`);
      isToldGoodbye(t, way, form, readers[at].stdout);
    }
    await pod.isGone();
  });
}
