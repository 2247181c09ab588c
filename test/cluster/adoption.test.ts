/**
 * tidegate comes and goes with a `helm upgrade` and nothing else: the Service finds the port by its name,
 * `http`, in old pods and new. The counter-example is a Service that names numbers: while both kinds of
 * pods are there, either number is wrong for one of them.
 */
import { upgradedUnderLoad } from './adoptions.js';
import { type Report, REQUEST_LANES } from '../peers/load/contract.js';
import { testWithHelm } from './release.js';

const PORT_OF_APP = 3_000;
const PORT_OF_TIDEGATE = 8_080;

function refused({ requests }: Report): number {
  const counts = REQUEST_LANES.map((lane) => requests[lane].failures.refused ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

testWithHelm('an upgrade that brings tidegate, and one that takes it away', async (t, c, helm) => {
  t.jobs = 2;
  const byName = t.test('by a named port lose nothing', { buffered: true }, async (t) => {
    const targetPort = 'http';
    const [adopted, removed] = await upgradedUnderLoad(t, c, helm[3], [
      { enabled: false, targetPort },
      { enabled: true, targetPort },
      { enabled: false, targetPort },
    ]);
    t.equal(adopted.failed, 0, 'nothing fails while it comes');
    t.equal(removed.failed, 0, 'nor while it goes');
  });
  const byNumber = t.test(
    'by a numbered port are refused requests',
    { buffered: true },
    async (t) => {
      const [adopted] = await upgradedUnderLoad(t, c, helm[3], [
        { enabled: false, targetPort: PORT_OF_APP },
        { enabled: true, targetPort: PORT_OF_TIDEGATE },
      ]);
      t.ok(refused(adopted) > 0, `${refused(adopted)} requests are refused`);
    },
  );
  await Promise.all([byName, byNumber]);
});
