/**
 * The tools that charts are held to, as `build` of this folder leaves them. A test that needs one is
 * skipped by name where it is missing, and fails there if nothing may be left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { mayBeSkipped } from '../peers/programs.js';

export interface Tools {
  /** By the major version: what users have. */
  readonly helm: Readonly<Record<3 | 4, string>>;
  readonly kubeconform: string;
  /** One that finds pods through an API server, which Debian's cannot. */
  readonly prometheus: string;
  /** A folder of the Prometheus operator's CustomResourceDefinitions. */
  readonly crds: string;
  /** What kubeconform is given as its location of schemas: Kubernetes' and those of `crds`. */
  readonly schemas: string;
}

const PLACES = ['helm3', 'helm4', 'kubeconform', 'prometheus', 'crds', 'schemas'];
export const tools: Tools | undefined = findTools();
const MISSING = 'misses helm and the like: test/charts/build makes them';

/** A test that runs only where the tools are; its body gets them. */
export function testWithTools(title: string, body: (t: Test, tools: Tools) => Promise<void>): void {
  // A hundred renderings take their time on a busy machine; each program that is run has a limit of its own.
  if (tools !== undefined) void t.test(title, { timeout: 0 }, (t) => body(t, tools));
  else if (mayBeSkipped()) void t.test(`${title} (${MISSING})`, { skip: true }, () => undefined);
  else t.fail(`${title}: ${MISSING}`);
}

/** Undefined if any of them is missing. */
function findTools(): Tools | undefined {
  const all = places();
  if (!all.every((path) => existsSync(path))) return undefined;
  const [helm3, helm4, kubeconform, prometheus, crds, schemas] = all;
  return {
    helm: { 3: helm3, 4: helm4 },
    kubeconform,
    prometheus,
    crds,
    schemas: join(schemas, '{{.ResourceKind}}{{.KindSuffix}}.json'),
  };
}

/** As the build script has them. */
function places(): string[] {
  const environment = fileURLToPath(new URL('env.sh', import.meta.url));
  const print = `. "$0" && printf '%s\\n' ${PLACES.map((name) => `"$${name}"`).join(' ')}`;
  const { stdout } = spawnSync('bash', ['-c', print, environment], { encoding: 'utf8' });
  return stdout.trimEnd().split('\n');
}
