/**
 * Whoever installs a chart with tidegate is warned of a grace period that is allowed and yet may not be
 * granted. Seen in the example's notes.
 */
import { chartFor, renderNotes } from './render.js';
import { testWithTools } from './tools.js';

const AUTOSCALER = /Warning: gracePeriod is (\S+)\. A cluster autoscaler/;
const UPGRADES = /Above 3600s/;

testWithTools('a grace period above 10 minutes, or an hour, is warned of', async (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate-example');
  const notes = (program: string, tidegate: object): Promise<string> =>
    renderNotes(program, chart, { tidegate });
  for (const program of Object.values(helm)) {
    for (const gracePeriod of [600, '10m']) {
      t.notMatch(await notes(program, { gracePeriod }), /Warning/, `${gracePeriod}`);
    }
    for (const gracePeriod of [601, '1h']) {
      const text = await notes(program, { gracePeriod });
      t.equal(AUTOSCALER.exec(text)?.[1], gracePeriod === 601 ? '601s' : '1h');
      t.notMatch(text, UPGRADES);
    }
    const long = await notes(program, { gracePeriod: '61m' });
    t.match(long, AUTOSCALER);
    t.match(long, UPGRADES);
    t.notMatch(await notes(program, { gracePeriod: '61m', enabled: false }), /Warning/);
  }
});

testWithTools('an admin port that a NetworkPolicy may not know is warned of', async (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate-example');
  for (const program of Object.values(helm)) {
    const notes = await renderNotes(program, chart, { tidegate: { admin: 9999, gracePeriod: 601 } });
    t.match(notes, /\nWarning: gracePeriod .*\nWarning: the admin port is 9999\. .*adminPort/s);
  }
});

testWithTools("a cluster that finds no native sidecar's port by name is warned of", async (t, { helm }) => {
  const chart = chartFor(t, 'charts/tidegate-example');
  for (const program of Object.values(helm)) {
    const notes = (kubeVersion: string): Promise<string> =>
      renderNotes(program, chart, { tidegate: { listen: 8081 } }, { kubeVersion });
    const warning = /\nWarning: Kubernetes v1.31.4 does not find .*targetPort: 8081\.\n/s;
    t.match(await notes('v1.31.4'), warning);
    t.notMatch(await notes('v1.32.0'), 'Warning');
  }
});
