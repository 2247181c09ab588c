/**
 * What the dashboard's panels show of lives of pods, as Prometheus' promtool reckons it: endings once,
 * namespaces and clusters apart, and faults only where there is one.
 */
import t, { type Test } from 'tap';
import { readDocument } from '../documents.js';
import { testWith } from '../peers/programs.js';
import { promtoolTest } from './alerts.js';
import { Life, type Series } from './lives.js';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}
/** What a panel shows: by labels, at a minute. */
interface Shown {
  readonly panel: string;
  readonly lives: readonly (Life | Series)[];
  readonly minute: number;
  readonly shows: Readonly<Record<string, number>>;
  /** What is made of the panel's expression, where it is `x`. */
  readonly of?: string;
}

const { panels, templating } = JSON.parse(
  readDocument('charts/tidegate/dashboards/tidegate.json'),
) as Dashboard;

function queryOf(title: string): string {
  const expr = panels.find((panel) => panel.title === title)?.targets?.[0].expr;
  if (expr === undefined) throw new Error(`no panel ${title}`);
  const asked = templating.list.reduce((text, { name }) => text.replaceAll(`$${name}`, '.*'), expr);
  return asked.replaceAll('$__rate_interval', '1m');
}

const SERVING = { phase: 'serving', active: { websocket: 5 } } as const;
const EAST = { pod: 'a', cluster: 'east' };
const WEST = { pod: 'a', cluster: 'west' };
/** The same app and colour somewhere, of which connections go or come. */
const held = (namespace: string, values: string): Series => ({
  series: `tidegate_connections{job="tidegate",namespace="${namespace}",pod="a",app="chat",colour="blue",kind="websocket",state="active"}`,
  values,
});

const CASES: Readonly<Record<string, Shown>> = {
  'an ending is drawn once, whatever the scrapes': {
    panel: 'Endings in drains by outcome',
    lives: [new Life('a').until(5).until(20, { phase: 'drained', cut: 10 })],
    minute: 15,
    of: 'round(sum_over_time((x)[14m:15s]) * 15) > 0',
    shows: { '{outcome="cut"}': 10 },
  },
  'a colour that burns down is predicted, though it grows in another namespace': {
    panel: 'Predicted time to zero',
    lives: [held('prod', '1000-1x100'), held('stage', '10+2x100')],
    minute: 20,
    shows: { '{namespace="prod",app="chat",colour="blue"}': 13_800 },
  },
  'colours of two namespaces are two lines': {
    panel: 'Connections by colour',
    lives: [held('prod', '7x100'), held('stage', '3x100')],
    minute: 10,
    shows: {
      '{namespace="prod",app="chat",colour="blue"}': 7,
      '{namespace="stage",app="chat",colour="blue"}': 3,
    },
  },
  'pods of one name in two clusters are counted once each': {
    panel: 'Connections by phase',
    lives: [
      new Life(EAST).until(20, SERVING),
      new Life(WEST).until(20, { phase: 'draining', active: { websocket: 2 } }),
    ],
    minute: 10,
    shows: { '{phase="serving"}': 5, '{phase="draining"}': 2 },
  },
  'what another job scrapes of the same pod is not counted again': {
    panel: 'Connections by phase',
    lives: [new Life('a').until(20, SERVING), new Life({ pod: 'a', job: 'pods' }).until(20, SERVING)],
    minute: 10,
    shows: { '{phase="serving"}': 5 },
  },
  'a worker without a port does not miss its app; one whose app has gone does': {
    panel: 'Serving without their app',
    lives: [
      new Life('worker').until(20, { appUp: 0 }),
      new Life('a').until(5).until(20, { appUp: 0 }),
      new Life('b').until(20),
    ],
    minute: 10,
    shows: { '{}': 1 },
  },
  'a classic sidecar that has drained is not missed; one that does not answer is': {
    panel: 'Not scraped',
    lives: [
      new Life('gone').until(5, { phase: 'drained' }).hangsUntil(20),
      new Life('hangs').until(5).hangsUntil(20),
    ],
    minute: 10,
    shows: { '{}': 1 },
  },
};

async function isShown(t: Test, promtool: string, { panel, lives, minute, shows, of }: Shown): Promise<void> {
  const query = queryOf(panel);
  const input_series = lives.flatMap((life) => ('values' in life ? life : life.series));
  const exp_samples = Object.entries(shows).map(([labels, value]) => ({ labels, value }));
  const expr = of?.replace('(x)', `(${query})`) ?? `(${query}) > 0`;
  const rules = { groups: [] };
  const test = { input_series, promql_expr_test: [{ expr, eval_time: `${minute}m`, exp_samples }] };
  const { code, stdout, stderr } = await promtoolTest(t, promtool, rules, test);
  t.equal(code, 0, stdout + stderr);
}

for (const [title, shown] of Object.entries(CASES)) {
  testWith(['promtool'], title, (t, { promtool }) => isShown(t, promtool, shown));
}

t.test('legends tell namespaces apart wherever apps are told apart', (t) => {
  const text = readDocument('charts/tidegate/dashboards/tidegate.json');
  t.notMatch(text, /"legendFormat": "\{\{app\}\}/);
  t.notMatch(text, /by \(app\b/);
  t.end();
});
