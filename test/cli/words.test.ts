/**
 * The words of a command line, before anybody asks what they mean.
 */
import t from 'tap';
import { optionsOf } from '../../src/cli/options.js';
import { readWords } from '../../src/cli/words.js';
import type { SettingFault } from '../../src/errors.js';

interface Reading {
  readonly given: Readonly<Record<string, string>>;
  readonly faults: readonly string[];
}

function read(...argv: string[]): Reading {
  const faults: SettingFault[] = [];
  const given = readWords('drain', new Map(optionsOf('drain')), argv, faults);
  return {
    given: Object.fromEntries(
      [...given].map(([key, { source, value }]) => [key, `${source} ${value}`.trim()]),
    ),
    faults: faults.map(({ key, value, reason }) => `${key} "${value}" ${reason}`),
  };
}

t.test('a value stands behind a space or an equals sign', (t) => {
  const given = { reason: '--reason a b', tokenFile: '--token-file x' };
  t.same(read('--reason', 'a b', '--token-file=x'), { given, faults: [] });
  t.same(read('--reason=a=b').given, { reason: '--reason a=b' });
  t.same(read('--reason', '-').given, { reason: '--reason -' });
  t.end();
});

t.test('a letter has its value in the same word or in the next', (t) => {
  for (const argv of [['-o', 'json'], ['-ojson'], ['-o=json']]) {
    t.same(read(...argv), { given: { output: '-o json' }, faults: [] });
  }
  t.end();
});

t.test('letters of switches share a word', (t) => {
  const given = { watch: '-w', help: '-h', output: '-o json' };
  t.same(read('-who', 'json'), { given, faults: [] });
  t.end();
});

t.test('an option takes no other option for its value, unless it is attached', (t) => {
  t.same(read('--reason', '--wait', '-o', '-w').given, {
    reason: '--reason',
    wait: '--wait',
    output: '-o',
    watch: '-w',
  });
  t.same(read('--reason=--wait').given, { reason: '--reason --wait' });
  t.end();
});

t.test('an unknown option is a fault, and takes its value with it', (t) => {
  t.same(read('--tmeout', '5s', '--x=1', '--y', '-z', '1', '-v2', '--'), {
    given: {},
    faults: [
      '--tmeout "5s" is no option of drain',
      '--x "1" is no option of drain',
      '--y "" is no option of drain',
      '-z "1" is no option of drain',
      '-v "2" is no option of drain',
      '-- "" is no option of drain',
    ],
  });
  t.end();
});

t.test('a switch with a value, an option given twice and a stray word are faults', (t) => {
  const { faults } = read('--wait=1', '-w', '--watch', 'now', '--reason', 'a', '--reason=b', '-');
  t.same(faults, [
    '--wait "1" takes no value',
    '--watch "" is given twice',
    'now "" is not expected here',
    '--reason "b" is given twice',
    '- "" is not expected here',
  ]);
  t.end();
});

t.test('a token given twice is not repeated', (t) => {
  t.same(read('--token', 'one', '--token', 'two').faults, ['--token "***" is given twice']);
  t.end();
});
