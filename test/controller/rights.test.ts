/**
 * The rights of the controller: each once, each with what stands still without it, and told in the
 * README as they are in the code.
 */
import t from 'tap';
import { resourceOf, RIGHTS, withoutRight } from '../../src/controller/rights.js';
import { layOut, readDocument, type Table } from '../documents.js';

const FOR = {
  always: 'always',
  writing: 'unless `dryRun`',
  counting: 'metrics of colours',
  rainbow: '`rainbow`',
  proxy: '`ask=proxy`',
};

/** Those that cost the same without them are one row. */
function table(): Table {
  const rows = new Map<string, { verbs: Set<string>; resources: Set<string>; rest: string[] }>();
  for (const right of RIGHTS) {
    const { verb, needs, where, without } = right;
    const taken = needs.map((need) => FOR[need]).join(', ');
    const place = where === 'own' ? `${taken}; in its own namespace` : taken;
    const same = right.verb === 'watch' ? `watch ${taken}` : `${place} ${without}`;
    const row = rows.get(same) ?? {
      verbs: new Set(),
      resources: new Set(),
      rest: [place, without],
    };
    row.verbs.add(`\`${verb}\``);
    row.resources.add(`\`${resourceOf(right)}\``);
    rows.set(same, row);
  }
  return [
    ['Verb', 'Resource', 'For', 'Without it'],
    ...[...rows.values()].map(({ verbs, resources, rest }) => [
      ...[[...verbs].join(', '), [...resources].join(', ')],
      ...rest,
    ]),
  ];
}

t.test('the README has the rights as they are in the code', (t) => {
  const rights = layOut(table());
  t.ok(readDocument('README.md').includes(rights), `README.md needs this table:\n${rights}`);
  t.end();
});

t.test('each right is there once, and it is said what stands still without it', (t) => {
  const names = RIGHTS.map((right) => `${right.verb} ${resourceOf(right)}`);
  t.same(names, [...new Set(names)]);
  t.match(withoutRight('delete', 'deployments.apps'), 'no colour is deleted');
  t.equal(withoutRight('delete', 'pods'), undefined);
  t.end();
});
