/**
 * `rainbow` of the built program, by the name that kubectl finds it by, too.
 */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startFakeCluster } from '../peers/fake-cluster.js';
import { RainbowStage } from '../peers/rainbow-stage.js';
import { folderFor, run } from '../peers/running.js';
import { BUNDLE, NODE } from '../peers/tidegate.js';

t.test('kubectl tidegate rainbow shows a group, and never starts a sidecar', async (t) => {
  const fake = await startFakeCluster(t);
  const stage = new RainbowStage(fake);
  stage.routes('shop', stage.colour('3f9c2ab').pods);
  stage.service('shop', { 'tidegate.dev/colour': '3f9c2ab' });
  const folder = folderFor(t);
  const plugin = join(folder, 'kubectl-tidegate');
  symlinkSync(BUNDLE, plugin);
  const env = { KUBECONFIG: join(folder, 'config') };
  writeFileSync(env.KUBECONFIG, fake.kubeconfig);
  t.match(await run(NODE, [plugin, 'rainbow', 'status', 'shop'], { env }), {
    code: 0,
    stderr: '',
    stdout: /\n3f9c2ab +shop-3f9c2ab +2\/2 +2\/2 +0 .* live\n {2}keep: Service shop selects it\n$/,
  });
  const kubectl = (...words: readonly string[]): ReturnType<typeof run> =>
    run(NODE, [plugin, ...words], { env });
  t.match(await kubectl(), { code: 2, stderr: /^Usage: tidegate rainbow VERB/ });
  t.match(await kubectl('--help'), { code: 0, stdout: /^Usage: tidegate rainbow VERB/ });
  t.match(await kubectl('start'), { code: 2, stderr: /^VERB "start": is not one of list, / });
  for (const words of [['list'], ['-n', 'web', 'rainbow', 'list']]) {
    t.match(await kubectl(...words), { code: 0, stderr: '', stdout: / 3f9c2ab +shop-3f9c2ab / });
  }
  t.match(await kubectl('--version'), { code: 0, stdout: /^tidegate \d/ });
});
