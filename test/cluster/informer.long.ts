/**
 * An informer at a real API server: each change is told, once and in order, also those that happen
 * while the server is killed and starts again; and watches end there as it is taken for granted.
 */
import type { Test } from 'tap';
import { until } from '../peers/until.js';
import { testOnCluster } from './cluster.js';
import type { Command, Told, Watched } from './informer-program.js';
import { Namespace } from './namespace.js';
import { type OnNode, onNode } from './on-node.js';
import { accountWith } from './outside.js';

const PROGRAM = new URL('informer-program.ts', import.meta.url);
const MAPS = 30;
const DOWN_S = 5;
const GOES_ON_MS_MAX = 30_000;

/** What there is by what was told; what was told twice, or of nobody, is in `wrongs`. */
function replayed(changes: readonly string[]): { items: string[]; wrongs: string[] } {
  const versions = new Map<string, string>();
  const wrongs = changes.filter((change) => {
    const [type, uid, version] = change.split(' ');
    const known = versions.get(uid);
    if (type === 'gone') versions.delete(uid);
    else versions.set(uid, version);
    return (known === undefined) !== (type === 'added') || known === version;
  });
  return { items: [...versions].map((one) => one.join(' ')).sort(), wrongs };
}

/** Makes changes, and resolves with what was told when all is known, and how long that took. */
async function isTold(
  t: Test,
  program: OnNode<Command>,
  name: string,
): Promise<Told & { readonly tookMs: number }> {
  const there = (await program.ask({ do: 'change', name, maps: MAPS })) as string[];
  const fromMs = performance.now();
  let told: Told | undefined;
  const isAll = async (): Promise<boolean> => {
    told = (await program.ask({ do: 'told' })) as Told;
    return told.kept.join() === there.join();
  };
  await until(isAll, () => `${name} are told: ${JSON.stringify(told)}`, GOES_ON_MS_MAX);
  const { changes, ...more } = told as unknown as Told;
  t.same(
    replayed(changes),
    { items: there, wrongs: [] },
    `${name}: what was told comes to the same`,
  );
  return { changes, ...more, tookMs: Math.round(performance.now() - fromMs) };
}

testOnCluster(
  'an informer knows what there is, whatever the API server goes through',
  async (t, cluster) => {
    const namespace = await Namespace.create(t, cluster);
    const program = await onNode<Command>(t, cluster, PROGRAM);
    await program.ask({ do: 'inform', namespace: namespace.name });
    const first = await isTold(t, program, 'first');
    // Made, changed, and two in three deleted, and half of those made again.
    const [made, changed, gone] = [MAPS + MAPS / 3, MAPS, (MAPS * 2) / 3];
    const count = (type: string): number =>
      first.changes.filter((change) => change.startsWith(`${type} `)).length;
    t.ok(
      count('added') >= made && count('added') <= made + 2,
      'each that is made, and what was there',
    );
    t.same([count('changed'), count('gone')], [changed, gone]);
    t.same(first.restarts, []);
    t.comment(`all is told ${first.tookMs} ms after the last change`);

    await cluster.kit?.restartApiServer(DOWN_S);
    const second = await isTold(t, program, 'second');
    t.ok(second.restarts.length > 0);
    t.ok(second.tookMs < GOES_ON_MS_MAX, `it goes on ${second.tookMs} ms after the server is back`);
    t.comment(`restarts: ${second.restarts.join()}; faults: ${second.faults.join('; ')}`);

    const ended = (await program.ask({ do: 'watch', from: '' })) as Watched;
    t.equal(ended.words, '');
    t.ok(ended.types.includes('BOOKMARK'), `before its end a bookmark: ${ended.types.join()}`);
    const old = (await program.ask({ do: 'watch', from: '1' })) as Watched;
    t.match(old, { isExpired: true, words: /answers 410 to watch on configmaps in namespace / });
    const kubeconfig = await accountWith(t, namespace, 'lister', ['list'], 'configmaps');
    const refused = (await program.ask({ do: 'watch', kubeconfig, from: '' })) as Watched;
    const account = `system:serviceaccount:${namespace.name}:lister`;
    const right = `it takes the verb watch on configmaps in namespace ${namespace.name}`;
    t.match(refused.words, `does not let ${account} do that: ${right}`);
  },
  { own: true },
);
