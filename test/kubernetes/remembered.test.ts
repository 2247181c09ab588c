/**
 * What is remembered has a limit, and it is the oldest that is forgotten.
 */
import t from 'tap';
import { remember } from '../../src/kubernetes/remembered.js';

t.test('of 10,000 and more the oldest are forgotten', (t) => {
  const map = new Map<string, number>();
  for (let at = 0; at < 10_100; at++) remember(map, `key-${at}`, at);
  t.equal(map.size, 10_000);
  t.equal(map.has('key-99'), false);
  t.equal(map.get('key-100'), 100);
  remember(map, 'key-100', 1);
  t.equal(map.size, 10_000, 'nothing has to go for what was there');
  t.equal(map.get('key-100'), 1);
  t.end();
});
