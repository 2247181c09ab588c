/**
 * With both Helms: an upgrade that brings tidegate and one that takes it away; and the recipe for
 * clusters before Kubernetes 1.32, where a Service does not find the port of a native sidecar by its
 * name. It takes the classic one, or two steps each way: pods with tidegate, to which the Service sends
 * as before, then the Service. Such a Service has numbers, which mean the same on any Kubernetes.
 */
import { classicChart } from '../charts/walkthrough.js';
import { type Side, upgradedUnderLoad } from './adoptions.js';
import { testWithHelm } from './release.js';

/** Long enough for a settling that outlasts the balancers. */
const GRACE_S = 60;
const NAMED: readonly Side[] = [
  { enabled: false, targetPort: 'http' },
  { enabled: true, targetPort: 'http' },
  { enabled: false, targetPort: 'http' },
];
const TWO_STEPS: readonly Side[] = [
  { enabled: false, targetPort: 3_000 },
  { enabled: true, targetPort: 3_000, graceS: GRACE_S },
  { enabled: true, targetPort: 8_080, graceS: GRACE_S },
  { enabled: true, targetPort: 3_000, graceS: GRACE_S },
  { enabled: false, targetPort: 3_000 },
];

testWithHelm('the classic one comes and goes by name, on any Kubernetes', async (t, c, helm) => {
  const reports = await upgradedUnderLoad(t, c, helm[4], NAMED, classicChart(t));
  reports.forEach(({ failed }, at) => t.equal(failed, 0, stageOf(at, NAMED)));
});

for (const major of [3, 4] as const) {
  for (const [title, sides] of Object.entries({ 'by name': NAMED, 'in two steps': TWO_STEPS })) {
    testWithHelm(
      `helm ${major}: ${title} it comes and goes without an error`,
      async (t, c, helm) => {
        const reports = await upgradedUnderLoad(t, c, helm[major], sides);
        reports.forEach(({ failed }, at) => t.equal(failed, 0, stageOf(at, sides)));
      },
    );
  }
}

function stageOf(at: number, { length }: readonly Side[]): string {
  return at + 1 < length ? `nothing fails by upgrade ${at + 1}` : 'nor to the end';
}
