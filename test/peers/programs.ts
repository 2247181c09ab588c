/**
 * The programs that tests talk to and nobody here wrote. A test names those it needs; on a machine
 * without one it is skipped under a name that says what is missing, and where TIDEGATE_TEST_ALL is
 * 1 it fails instead: there nothing may be left out.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

/** Each program, and the Debian package that brings it. */
const PACKAGES = {
  busybox: 'busybox',
  buildah: 'buildah',
  chromium: 'chromium',
  curl: 'curl',
  'nc.openbsd': 'netcat-openbsd',
  ncat: 'ncat',
  nginx: 'nginx-light',
  openssl: 'openssl',
  podman: 'podman',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  python3: 'python3',
  'python3 -m websockets': 'python3-websockets',
  'redis-cli': 'redis-tools',
  'redis-server': 'redis-server',
  runc: 'runc',
  script: 'bsdutils',
  socat: 'socat',
  wget: 'wget',
} as const;
export type ProgramName = keyof typeof PACKAGES;

/** The paths of the programs a test has asked for. */
export type Programs<Name extends ProgramName> = Readonly<Record<Name, string>>;

const PYTHON = 'python3';
const SYSTEM_PYTHON = '/usr/bin/python3';
/** Where servers are; not in everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

const found = new Map<ProgramName, string | undefined>();

/** A test that runs only where all of `names` are installed; its body gets their paths. */
export function testWith<const Name extends ProgramName>(
  names: readonly Name[],
  title: string,
  body: (t: Test, programs: Programs<Name>) => Promise<void>,
): void {
  const missing = names.filter((name) => locate(name) === undefined);
  if (missing.length === 0) {
    const paths = Object.fromEntries(names.map((name) => [name, locate(name)]));
    void t.test(title, (t) => body(t, paths as Programs<Name>));
    return;
  }
  const reason = missing.map(whatIsMissing).join(', ');
  if (mayBeSkipped()) void t.test(`${title} (${reason})`, { skip: true }, () => undefined);
  else t.fail(`${title}: ${reason}`);
}

/** What is said of a program that is not there. */
export function whatIsMissing(name: ProgramName): string {
  return `misses ${name} (Debian package ${PACKAGES[name]})`;
}

/** False where a missing program is a failure. */
export function mayBeSkipped(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['TIDEGATE_TEST_ALL'] !== '1';
}

/** The path of a program, or undefined; each is looked for once. */
function locate(name: ProgramName): string | undefined {
  if (!found.has(name)) {
    found.set(name, name === 'python3 -m websockets' ? pythonWith('websockets') : inPath(name));
  }
  return found.get(name);
}

/** The Python that has this module: the first in PATH need not be the one that packages serve. */
function pythonWith(module: string): string | undefined {
  return [inPath(PYTHON), SYSTEM_PYTHON].find(
    (python) => python !== undefined && spawnSync(python, ['-c', `import ${module}`]).status === 0,
  );
}

/** Where a shell would find it, or where the system's servers are. */
export function inPath(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  const folders = [...path.split(':').filter((folder) => folder !== ''), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
