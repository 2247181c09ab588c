/**
 * README's "Five minutes", typed as it is written: from a plain chart to a pod that drains. kubectl and
 * Helm are told the test's namespace, and Helm the test's image; the rest is what any reader has.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { blocksOfWalkthrough, make, parseDiff, workplaceFor } from '../charts/walkthrough.js';
import { Namespace } from './namespace.js';
import { imageValues } from './example.js';
import { testWithHelm } from './release.js';
import { Terminal } from './terminal.js';

/** What is to be seen behind each block for the shell, before the next is typed. */
const SEEN = [
  [/STATUS: deployed\s+REVISION: 1/, /successfully rolled out/],
  [/STATUS: deployed\s+REVISION: 2/, /(successfully rolled out[^]*){2}/],
  [/data: Welcome\./],
  [/"web-\w+-\w+" deleted/],
  [/^sse +1 +0 /m],
  // A pod that is gone already is not waited for, and nothing said of it.
  [/"ended":"finished".*"cut":0.*drained/, /"web" uninstalled/],
] as const;

testWithHelm('from a plain chart to a drained pod', async (t, cluster, helm) => {
  const namespace = await Namespace.create(t, cluster);
  const cwd = workplaceFor(t);
  const terminal = await Terminal.open(t, cluster, cwd, programsOf(namespace, helm[4], cwd));
  let typed = 0;
  for (const { language, text } of blocksOfWalkthrough()) {
    if (language === 'diff') make(parseDiff(text), cwd);
    else if (language === 'text') await isShown(t, terminal, text);
    else {
      await terminal.type(text);
      for (const seen of SEEN[typed++]) await terminal.shows(seen);
    }
  }
  t.equal(typed, SEEN.length, 'all blocks are typed');
});

/** Each line of what README shows, whatever its numbers are; `…` stands for more. */
async function isShown(t: Test, terminal: Terminal, text: string): Promise<void> {
  for (const line of text.trimEnd().split('\n')) {
    const literal = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const shown = literal
      .replace(/(\d+[hms])+|\d+/g, (number) => (/\d$/.test(number) ? '\\d+' : '(\\d+[hms])+'))
      .replace(/ +/g, ' +')
      .replace(/…/g, '.*');
    await terminal.shows(new RegExp(shown));
    t.pass(`shows ${line}`);
  }
}

/** A folder of programs by the names that README uses. */
function programsOf({ cluster, name }: Namespace, helm: string, folder: string): string {
  const [programs, values] = [join(folder, 'programs'), join(folder, 'image.json')];
  const tidegate = { image: imageValues(cluster.image) };
  writeFileSync(values, JSON.stringify({ image: cluster.image, tidegate }));
  mkdirSync(programs);
  const write = (program: string, script: string): void =>
    writeFileSync(join(programs, program), `#!/usr/bin/env bash\n${script}\n`, { mode: 0o755 });
  write('kubectl', `PATH="\${PATH#*:}" exec kubectl --namespace ${name} "$@"`);
  write(
    'helm',
    `case "$1" in install | upgrade) set -- "$@" --values '${values}' ;; esac\n` +
      // Whoever runs the tests keeps their own settings and repositories.
      `export HELM_CACHE_HOME='${programs}' HELM_CONFIG_HOME='${programs}' HELM_DATA_HOME='${programs}'\n` +
      `exec '${helm}' --namespace ${name} "$@"`,
  );
  return programs;
}
