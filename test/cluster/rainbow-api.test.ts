/**
 * What the clean-up of colours leans on is so at a real API server: a delete and a patch hold only
 * for the object that was meant, a dry run keeps nothing, a right that is missing is named.
 */
import { fileURLToPath } from 'node:url';
import { bundleOf } from '../peers/load/bundle.js';
import { run } from '../peers/running.js';
import { NODE } from '../peers/tidegate.js';
import type { Story } from './api-story.js';
import { environment, testOnCluster } from './cluster.js';
import { Namespace } from './namespace.js';
import { accountWith } from './outside.js';

const STORY_MS_MAX = 60_000;
const PROGRAM = fileURLToPath(new URL('api-story.ts', import.meta.url));

testOnCluster('objects are changed as what they were, or not at all', async (t, cluster) => {
  const namespace = await Namespace.create(t, cluster);
  const reader = await accountWith(t, namespace, 'reader', ['get'], 'pods');
  const [first, ...args] = cluster.reaching(NODE, await bundleOf(PROGRAM), namespace.name, reader);
  const ran = await run(first, args, { env: environment(), timeoutMs: STORY_MS_MAX });
  t.equal(ran.code, 0, ran.stderr);
  const story = JSON.parse(ran.stdout) as Story;
  for (const step of ['made dry', 'made', 'still there']) {
    t.match(story[step], { value: { metadata: { name: 'story' } } }, step);
  }
  for (const step of ['not there', 'gone']) t.equal(story[step].value, undefined, step);
  for (const step of ['changed dry', 'changed']) {
    t.match(story[step], { value: { data: { word: 'second' } } }, step);
  }
  t.match(story['made twice'], { refused: 'AlreadyExists' });
  for (const step of ['as another', 'as it was', 'deleted as it was', 'deleted as another']) {
    t.match(story[step], { refused: 'Conflict' }, step);
  }
  t.same(Object.keys(story['deleted dry']), [], 'it is not done, and not refused');
  const [writer] = managersOf(story['made'].value);
  t.equal(writer, 'tidegate');
  t.match(story['listed'], { value: { items: ['one'] } });
  const right = `it takes the verb list on pods in namespace ${namespace.name}`;
  const account = `system:serviceaccount:${namespace.name}:reader`;
  t.match(story['without the right'], {
    refused: 'Forbidden',
    words: `does not let ${account} do that: ${right}`,
  });
});

function managersOf(object: unknown): readonly string[] {
  interface Managed {
    readonly metadata: { readonly managedFields: readonly { readonly manager: string }[] };
  }
  return (object as Managed).metadata.managedFields.map(({ manager }) => manager);
}
