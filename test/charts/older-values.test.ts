/**
 * `helm upgrade --reuse-values` takes a release's values and none of the chart's own: those of a release
 * from before the controller have nothing of it. All that was there goes on, and what would need more is
 * refused in a sentence that says what to do.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse, stringify } from 'yaml';
import { readDocument } from '../documents.js';
import { chartFor, refusal, render, renderNotes, type Values } from './render.js';
import { testWithTools } from './tools.js';

const README = 'charts/tidegate/README.md';
const ALL_ON: Values = Object.fromEntries(
  ['podMonitor', 'prometheusRule', 'dashboard', 'networkPolicy', 'rainbow'].map((part) => [part, { enabled: true }]),
);

/** The chart, with the values of one that knew no controller as its own. */
function before(t: Test): { readonly chart: string; readonly controller: Values } {
  const chart = chartFor(t, 'charts/tidegate');
  const file = join(chart, 'values.yaml');
  const { controller, ...older } = parse(readFileSync(file, 'utf8')) as Values;
  writeFileSync(file, stringify(older));
  return { chart, controller: controller as Values };
}

testWithTools('values from before there was a controller render what they rendered', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const { chart } = before(t);
    const now = chartFor(t, 'charts/tidegate');
    t.equal((await render(program, chart, ALL_ON)).text, (await render(program, now, ALL_ON)).text);
    t.equal(await renderNotes(program, chart, ALL_ON), await renderNotes(program, now, ALL_ON));
  }
});

testWithTools('a controller that is asked for with such values is refused by name of what is missing', async (t, { helm }) => {
  for (const program of Object.values(helm)) {
    const said = await refusal(program, before(t).chart, { controller: { enabled: true } });
    t.match(said, 'controller.replicas has no value: with --reuse-values a release keeps the values of');
    t.match(said, '--reset-then-reuse-values');
  }
});

testWithTools('whichever of its values is missing is named', async (t, { helm }) => {
  const { chart, controller } = before(t);
  const keys = Object.keys(controller).filter((key) => key !== 'enabled');
  t.ok(keys.length > 20);
  for (const key of keys) await isNamed(key, without(controller, key));
  for (const outer of ['rainbow', 'image']) {
    const values = controller[outer] as Values;
    for (const key of Object.keys(values)) {
      await isNamed(`${outer}.${key}`, { ...controller, [outer]: without(values, key) });
    }
  }

  async function isNamed(path: string, values: Values): Promise<void> {
    const said = await refusal(helm[3], chart, { controller: { ...values, enabled: true } });
    t.match(said, `controller.${path} has no value`);
  }
});

function without(values: Values, left: string): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== left));
}

t.test('the commands of its README change what they name and leave the rest to the chart', (t) => {
  const commands = readDocument(README).match(/^helm upgrade .*$/gm) ?? [];
  t.ok(commands.length > 0);
  for (const command of commands) t.match(command, '--reset-then-reuse-values');
  t.notMatch(readDocument(README), / --reuse-values /);
  t.end();
});
