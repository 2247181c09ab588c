/**
 * The help of `tidegate rainbow` and its verbs.
 */
import t from 'tap';
import {
  allOptions,
  optionsOf,
  rainbowHelp,
  VERB_TEXTS,
  verbHelp,
  VERBS,
} from '../../../src/cli/rainbow/options.js';
import { POLICY, POLICY_KEYS } from '../../../src/rainbow/policy.js';
import { flagOf } from '../../../src/settings/setting.js';
import { layOut, readDocument, tableBelow } from '../../documents.js';

t.test('the help names every verb, in 80 columns', (t) => {
  const help = rainbowHelp();
  for (const verb of VERBS) t.match(help, `\n  ${`${verb} ${VERB_TEXTS[verb].places}`.trim()}\n`);
  t.ok(help.split('\n').every((line) => line.length <= 80));
  t.end();
});

t.test('the help of a verb names the options that it has, in 80 columns', (t) => {
  for (const verb of VERBS) {
    const lines = verbHelp(verb).split('\n');
    const flags = lines.flatMap((line) => /^  (?:-\w, )?(--[a-z-]+)/.exec(line)?.[1] ?? []);
    t.same(
      flags,
      optionsOf(verb).map(([key]) => flagOf(key)),
    );
    t.ok(
      lines.every((line) => line.length <= 80),
      verb,
    );
  }
  t.end();
});

t.test('the policy is that of the table, with its defaults', (t) => {
  const help = verbHelp('cleanup').replace(/\s+/g, ' ');
  for (const key of POLICY_KEYS) {
    const { form, default: standard, sentence } = POLICY[key];
    t.ok(help.includes(`${flagOf(key)} ${form} ${sentence} Default: ${standard}.`), key);
  }
  t.end();
});

t.test('no letter and no name means two options', (t) => {
  const letters = allOptions().flatMap(([, { letter }]) => letter ?? []);
  t.equal(new Set(letters).size, letters.length);
  const keys = allOptions().map(([key]) => key);
  t.equal(new Set(keys).size, keys.length);
  t.end();
});

t.test("README's table of the policy is that of the code", (t) => {
  const rows = POLICY_KEYS.map((key) => {
    const { form, default: standard, sentence } = POLICY[key];
    return [`\`${flagOf(key)} ${form.replaceAll('|', '\\|')}\``, `\`${standard}\``, sentence];
  });
  const told = tableBelow(readDocument('README.md'), 'Rainbow deploys');
  const wanted = [['Flag of `cleanup` and `status`', 'Default', 'What it is'], ...rows];
  t.same(told, wanted, `README.md needs this table:\n${layOut(wanted)}`);
  t.end();
});
