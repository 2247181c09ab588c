/** Where a word still stands in an object, as words of its own and as places that people find. */
import t from 'tap';
import { mentions, placesWords, wordsAt } from '../../src/rainbow/mentions.js';

t.test('a word is found where it stands as a word of its own', (t) => {
  t.same(wordsAt('abc web-abc abcd ABC', 'abc'), [0, 8, 17]);
  t.same(wordsAt('', 'abc'), []);
  t.end();
});

t.test('places name what stands in a list by its own name', (t) => {
  const spec = {
    containers: [{ name: 'app', env: [{ name: 'COLOUR', value: 'abc' }], args: ['--of=abc'] }],
    volumes: [{ configMap: { name: 'web-abc' } }, { replicas: 1 }],
  };
  const places = mentions({ spec }, 'abc');
  t.equal(
    placesWords(places),
    'spec.containers[app].env[COLOUR].value, spec.containers[app].args[0],' +
      ' spec.volumes[0].configMap.name',
  );
  t.same(mentions({ spec }, 'def'), []);
  t.equal(placesWords(['.a', '.b', '.c', '.d', '.e', '.f']), 'a, b, c, d, e and 1 more');
  t.end();
});
