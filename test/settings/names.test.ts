/**
 * Lists of names: what is read, what is refused, and how that is said.
 */
import t from 'tap';
import { NAME_BYTES_MAX, NAMES_MAX, parseNames } from '../../src/settings/names.js';

t.test('names stand between commas, with or without blanks around them', (t) => {
  t.same(parseNames('one'), ['one']);
  t.same(parseNames('one,Two/2, a third ,~'), ['one', 'Two/2', 'a third', '~']);
  t.end();
});

t.test('as many and as long as the limits say are read', (t) => {
  const names = Array.from({ length: NAMES_MAX }, () => 'x'.repeat(NAME_BYTES_MAX));
  t.equal(parseNames(names.join(',')).length, NAMES_MAX);
  t.end();
});

const REFUSED: Readonly<Record<string, string>> = {
  '': 'has an empty name',
  'a,': 'has an empty name',
  ',a': 'has an empty name',
  'a, ,b': 'has an empty name',
  'a\u0000b': 'has a name that is not printable ASCII',
  'a\tb': 'has a name that is not printable ASCII',
  café: 'has a name that is not printable ASCII',
  [`a,${'x'.repeat(NAME_BYTES_MAX + 1)}`]: 'has a name of more than 128 bytes',
  ['a,'.repeat(NAMES_MAX) + 'a']: 'has more than 64 names',
};

for (const [text, message] of Object.entries(REFUSED)) {
  t.test(`${JSON.stringify(text).slice(0, 20)} ${message}`, (t) => {
    t.throws(() => parseNames(text), { code: 'ERR_VALUE', message });
    t.end();
  });
}
