/**
 * The screen of a group, and the rights that it takes, as README.md tells of them.
 */
import t from 'tap';
import { VERBS } from '../../../src/cli/rainbow/options.js';
import { readDocument } from '../../documents.js';
import { busy } from '../../peers/rainbow-stage.js';
import { HOUR, NOW, startTown } from './terminal.js';

const README = readDocument('README.md');
const section = (title: string): string =>
  new RegExp(`\\n## ${title}\\n([^]*?)\\n## `).exec(README)?.[1] ?? '';
const MINUTE = 60_000;

t.test('the screen in README.md is one that is shown', async (t) => {
  const town = await startTown(t);
  const samples = [40, 30, 20, 10].map((active, at) => ({
    atMs: NOW - (10 - at) * 30 * MINUTE,
    active,
  }));
  town.wasLive(5 * HOUR, { samples });
  town.stage.says.set('shop-3f9c2ab-1-0', busy(5));
  const creationTimestamp = new Date(NOW - 1.5 * HOUR).toISOString();
  town.stage.colour('77d01e4', { metadata: { creationTimestamp } });
  const [first, last] = [NOW - 2 * HOUR, NOW - HOUR];
  const fewer = [
    { atMs: first, active: 20 },
    { atMs: last, active: 0 },
  ];
  town.wasLive(2 * HOUR, { samples: fewer }, '77d01e4');
  const { out } = await town.run('status shop');
  const [, told = ''] = /```text\n([^]*?)```/.exec(section('Rainbow deploys')) ?? [];
  // Its pods would have to tell how old their connections became.
  const shown = out.replace(/^ {2}no estimate.*\n/gm, '').replace(/^Group .*\n\n/, '');
  t.equal(told, shown);
});

t.test('the rights in README.md are those that are taken', async (t) => {
  const rows = [
    ...section('Rights for rainbow deploys').matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm),
  ];
  const told = new Map(VERBS.map((verb) => [verb, new Set<string>()]));
  for (const [, right, resources, verbs] of rows) {
    for (const [, resource] of resources.matchAll(/`([^`]+)`/g)) {
      for (const verb of VERBS) {
        if (verbs === 'all of them' || verbs.includes(`\`${verb}\``)) {
          told.get(verb)?.add(`${right} ${resource}`);
        }
      }
    }
  }
  const town = await startTown(t);
  const taken = new Set<string>();
  const annotations = { 'tidegate.dev/drain': 'true' };
  town.fake.objects.patch('Pod', 'web', 'shop-3f9c2ab-1-0', { metadata: { annotations } });
  for (const line of [
    ...['list', 'status shop', 'wait shop 3f9c2ab', 'deploy shop ff00aa1 --image app:2'],
    ...['promote shop 3f9c2ab --yes', 'rollback shop --yes'],
    ...Array<string>(4).fill('cleanup shop --yes --keep 0'),
  ]) {
    town.fake.calls.length = 0;
    t.equal((await town.run(line)).code, 0, line);
    const [verb] = line.split(' ') as (typeof VERBS)[number][];
    for (const { verb: right, resource } of town.fake.calls) {
      taken.add(`${right} ${resource}`);
      t.ok(told.get(verb)?.has(`${right} ${resource}`), `${line}: ${right} ${resource}`);
    }
    town.passes(30 * HOUR);
  }
  const all = [...told.values()].flatMap((rights) => [...rights]);
  t.same([...taken].sort(), [...new Set(all)].sort());
});
