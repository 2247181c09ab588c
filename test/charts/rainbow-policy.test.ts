/**
 * What the chart's values want of a clean-up is what the command reads of them: the same defaults, the
 * same forms, and whatever the command would refuse at its first run is refused before it is installed.
 */
import t from 'tap';
import { parse } from 'yaml';
import { type GivenPolicy, parsePolicy, POLICY, POLICY_KEYS } from '../../src/rainbow/policy.js';
import { codeIn, readDocument, tableBelow } from '../documents.js';
import { chartFor, refusal, render, type Values } from './render.js';
import { testWithTools } from './tools.js';

const CHART = 'charts/tidegate';
const README = readDocument(`${CHART}/README.md`);

t.test('its policy is the one that the command has by default, and its README tells it', (t) => {
  const { rainbow } = parse(readDocument(`${CHART}/values.yaml`)) as { readonly rainbow: Values };
  const own = Object.fromEntries(POLICY_KEYS.map((key) => [key, String(rainbow[key])]));
  t.same(own, Object.fromEntries(POLICY_KEYS.map((key) => [key, POLICY[key].default])));
  const [, ...rows] = tableBelow(README, 'Old colours');
  const told = rows.flatMap(([, , cell]) => codeIn(cell));
  t.same(told.sort(), POLICY_KEYS.map((key) => `rainbow.${key}: ${own[key]}`).sort());
  t.end();
});

/** One of each kind; those of `minAge` stand for all durations. */
const TRIED: readonly GivenPolicy[] = [
  ...['0', '1', '1000', '1001', '-1'].map((keep) => ({ keep })),
  ...['0', '0s', '1.5h', '1h30m', '500ms', '30', '1.5', '30m1h', '1d', '', 'off', '1h1h', '48h1ms'].map(
    (minAge) => ({ minAge, maxAge: '48h' }),
  ),
  ...['87600h', '87600h1s'].map((deleteAfter) => ({ deleteAfter })),
  ...['off', '1h', '59m', '59m60s', '3599999ms', 'never'].map((maxAge) => ({ maxAge })),
  ...['off', '0%/0', '0.5%/1h', '100%/1m', '100.1%/1m', '1%', '1/30m', '1%/30', '%/30m', '1%/1h/1h', '1%/'].map(
    (lightlyUsed) => ({ lightlyUsed }),
  ),
];

testWithTools('what the command takes it takes, and what that refuses it refuses', async (t, { helm }) => {
  const chart = chartFor(t, CHART);
  const outcome = (make: () => unknown): Promise<string> =>
    Promise.resolve().then(make).then(() => 'taken', () => 'refused');
  for (const given of TRIED) {
    const { keep, ...others } = given;
    const rainbow = { enabled: true, ...others, ...(keep === undefined ? {} : { keep: Number(keep) }) };
    // The chart says all that it has, and leaves nothing to a default.
    const whole = Object.fromEntries(POLICY_KEYS.map((key) => [key, given[key] ?? POLICY[key].default]));
    const byCommand = await outcome(() => parsePolicy(whole));
    t.equal(await outcome(() => render(helm[4], chart, { rainbow })), byCommand, JSON.stringify(given));
  }
});

testWithTools('what the command would refuse is refused with a sentence', async (t, { helm }) => {
  const wrong: readonly [Values, RegExp][] = [
    [{ minAge: 60 }, /tidegate: rainbow\.minAge 60 needs a unit: ms, s, m or h, as in 60m/],
    [{ drainedFor: '10 m' }, /tidegate: rainbow\.drainedFor 10 m is not a duration like/],
    [{ deleteAfter: '' }, /tidegate: rainbow\.deleteAfter "" is not a duration like/],
    [{ maxAge: '2d' }, /tidegate: rainbow\.maxAge 2d is not a duration like/],
    [{ lightlyUsed: '30m' }, /tidegate: rainbow\.lightlyUsed 30m is not a share and a duration like 1%\/30m, or off/],
    [{ lightlyUsed: '1%/30' }, /tidegate: rainbow\.lightlyUsed 1%\/30 needs a unit/],
    [{ minAge: '72h' }, /tidegate: rainbow\.maxAge 48h is less than rainbow\.minAge 72h, before which nothing is done/],
    [{ keep: -1 }, /keep/],
    [{ ask: 'kindly' }, /ask/],
    [{ dryRun: 'yes' }, /dryRun/],
    [{ prometheus: 'prometheus:9090' }, /prometheus/],
    [{ namespaces: ['web', 'web'] }, /namespaces/],
    [{ groups: ['web,chat'] }, /groups/],
    [{ minAge: null }, /minAge/],
  ];
  for (const program of Object.values(helm)) {
    const chart = chartFor(t, CHART);
    for (const [values, said] of wrong) {
      t.match(await refusal(program, chart, { rainbow: { enabled: true, ...values } }), said);
    }
  }
});
