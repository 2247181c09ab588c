/**
 * The chart's alerts over lives of pods: what Prometheus' own promtool, given the rules as helm renders
 * them, says is firing at which minute.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { stringify } from 'yaml';
import { testWith } from '../peers/programs.js';
import { folderFor, run } from '../peers/running.js';
import { type Life, type Series, SCRAPES_PER_MINUTE } from './lives.js';
import { chartFor, render, type Values } from './render.js';
import { testWithTools, tools } from './tools.js';

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a rule file has: the spec of a PrometheusRule. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** What fires, by alert and pod or colour, at a minute. */
export type Firing = readonly [minute: number, alerts: readonly string[]];

export interface Case {
  readonly lives: readonly (Life | Series)[];
  readonly firing: readonly Firing[];
  /** What of a rule this case is for: with that replaced, something else would fire. */
  readonly without?: readonly [part: string, instead: string];
}

/** By the sentence that each one shows. */
export type Cases = Readonly<Record<string, Case>>;

/** Who is meant: a pod, or all pods of a colour, a group of colours, or what the controller does. */
const FIRING = ['action', 'resource', 'group', 'colour', 'pod'].reduce(
  (alerts, label) => `label_replace(${alerts}, "who", "$1", "${label}", "(.+)")`,
  'ALERTS{alertstate="firing"}',
);

export async function rulesOf(
  t: Test,
  helm: string,
  rule: Values = {},
  others: Values = {},
): Promise<RuleFile> {
  const values = { prometheusRule: { enabled: true, ...rule }, ...others };
  const { objects } = await render(helm, chartFor(t, 'charts/tidegate'), values);
  const rules = objects.filter(({ kind }) => kind === 'PrometheusRule');
  if (rules.length !== 1) throw new Error(`${rules.length} of ${objects.length} objects`);
  return rules[0]['spec'] as RuleFile;
}

/** A test that runs only where helm and promtool are. */
export function testAlerts(
  title: string,
  body: (t: Test, promtool: string, helm: string) => Promise<void>,
): void {
  if (tools === undefined) return testWithTools(title, () => Promise.resolve());
  const helm = tools.helm[3];
  testWith(['promtool'], title, (t, { promtool }) => body(t, promtool, helm));
}

/** Each of these, with the rules that these values render. */
export function testCases(values: Values, cases: Cases, others: Values = {}): void {
  let rules: Promise<RuleFile> | undefined;
  for (const [title, one] of Object.entries(cases)) {
    testAlerts(title, async (test, promtool, helm) => {
      await firesAs(test, promtool, await (rules ??= rulesOf(t, helm, values, others)), one);
    });
  }
}

/** Fails with promtool's own words where something else fires. */
async function firesAs(
  t: Test,
  promtool: string,
  rules: RuleFile,
  { lives, firing, without }: Case,
): Promise<void> {
  const test = {
    input_series: lives.flatMap((life) => ('values' in life ? life : life.series)),
    promql_expr_test: firing.map(([minute, alerts]) => ({
      expr: `count by (alertname, who) (${FIRING})`,
      eval_time: `${minute * 60}s`,
      exp_samples: alerts.map((alert) => ({ labels: labelsOf(alert), value: 1 })),
    })),
  };
  const { code, stdout, stderr } = await promtoolTest(t, promtool, rules, test);
  t.equal(code, 0, `as told: ${stdout}${stderr}`);
  if (without === undefined) return;
  const other = await promtoolTest(t, promtool, changed(rules, ...without), test);
  const said = other.stdout + other.stderr;
  t.match(said, /FAILED:\s+expr: [^]*got:/, `not so without ${without[0]}: ${said}`);
}

/** The alerts of which a rule has this part, with it replaced; throws if there is none. */
function changed({ groups }: RuleFile, part: string, instead: string): RuleFile {
  const all = groups.flatMap(({ rules }) => rules);
  const meant = all.filter(({ expr }) => expr.includes(part)).map(({ alert }) => alert);
  if (meant.length === 0) throw new Error(`no rule has ${part}`);
  const rules = all
    .filter(({ alert }) => meant.includes(alert))
    .map((rule) => ({ ...rule, expr: rule.expr.replaceAll(part, instead) }));
  return { groups: [{ name: 'changed', rules }] };
}

/** `promtool test rules` with one test. */
export async function promtoolTest(
  t: Test,
  promtool: string,
  rules: RuleFile,
  test: Readonly<Record<string, unknown>>,
): ReturnType<typeof run> {
  const folder = folderFor(t);
  const interval = `${60 / SCRAPES_PER_MINUTE}s`;
  writeFileSync(join(folder, 'rules.yaml'), stringify(rules));
  const file = join(folder, 'test.yaml');
  const tests = [{ interval, ...test }];
  writeFileSync(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: interval, tests }));
  return run(promtool, ['test', 'rules', file], { timeoutMs: 60_000 });
}

function labelsOf(alert: string): string {
  const [name, who] = alert.split(' ');
  return who === undefined
    ? `{alertname="Tidegate${name}"}`
    : `{alertname="Tidegate${name}",who="${who}"}`;
}
