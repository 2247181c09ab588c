/**
 * Selectors and labels, as the API server and the endpoints controller match them.
 */
import t from 'tap';
import { selectorMatches, serviceSelects } from '../../src/kubernetes/labels.js';

const LABELS = { app: 'web', colour: 'abc', empty: '' };

t.test('a Service selects what has all its labels, and without any it selects nothing', (t) => {
  t.equal(serviceSelects({ app: 'web' }, LABELS), true);
  t.equal(serviceSelects({ app: 'web', colour: 'abc', empty: '' }, LABELS), true);
  t.equal(serviceSelects({ app: 'web', colour: 'abd' }, LABELS), false);
  t.equal(serviceSelects({ app: 'web', more: '' }, LABELS), false, 'empty is not missing');
  t.equal(serviceSelects({}, LABELS), false);
  t.equal(serviceSelects({ toString: 'x' }, LABELS), false);
  t.end();
});

t.test('a Deployment’s selector is labels and expressions, all of them', (t) => {
  const one = (key: string, operator: string, values: string[] = []): boolean =>
    selectorMatches({ matchExpressions: [{ key, operator, values }] }, LABELS);
  t.equal(selectorMatches({}, LABELS), true);
  t.equal(selectorMatches({ matchLabels: { app: 'web' } }, LABELS), true);
  t.equal(selectorMatches({ matchLabels: { app: 'x' } }, LABELS), false);
  t.equal(one('app', 'In', ['x', 'web']), true);
  t.equal(one('app', 'In', ['x']), false);
  t.equal(one('gone', 'In', ['']), false);
  t.equal(one('app', 'NotIn', ['web']), false);
  t.equal(one('gone', 'NotIn', ['web']), true);
  t.equal(one('empty', 'Exists'), true);
  t.equal(one('constructor', 'Exists'), false);
  t.equal(one('empty', 'DoesNotExist'), false);
  t.equal(one('constructor', 'DoesNotExist'), true);
  t.equal(one('app', 'Near', ['web']), false, 'an operator that is not known matches nothing');
  const expressions = [{ key: 'app', operator: 'In', values: ['web'] }];
  const both = { matchLabels: { colour: 'x' }, matchExpressions: expressions };
  t.equal(selectorMatches(both, LABELS), false);
  t.end();
});
