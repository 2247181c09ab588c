/**
 * The cluster that a test runs on: the kit of this folder where it is built and the machine allows
 * it, or a cluster of the user's, by KUBECONFIG and TIDEGATE_TEST_CLUSTER_IMAGE, the name of an
 * image of tidegate that its nodes can have. Without either a test is skipped, by name. An image that
 * is in the kit's cluster already is named by TIDEGATE_TEST_KIT_IMAGE.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { until } from '../peers/until.js';
import { inPath, mayBeSkipped } from '../peers/programs.js';
import { folderFor, type Ran, run } from '../peers/running.js';
import { BUNDLE, NODE } from '../peers/tidegate.js';

const KIT_PROGRAMS = [
  ...['containerd', 'ctr', 'runc', 'iptables', 'conntrack'],
  ...['ip', 'nsenter', 'openssl', 'curl', 'buildah'],
];
const CNI_BRIDGE = '/usr/lib/cni/bridge';
/** One that is kept is not taken down because it is slow to answer. */
const KEPT_UP_MS_MAX = 120_000;
const KIT_IMAGE = 'localhost/tidegate:test';
const SCRIPT_MS_MAX = 300_000;
const KUBECTL_MS_MAX = 60_000;
/** Of a whole file of tests, instead of the runner's own limit. */
const FILE_MS_MAX = 1_800_000;

/** A line of a command, to be spawned. */
export type Command = readonly [program: string, ...args: string[]];

export interface Cluster {
  /** Of tidegate; its Node runs the tests' own programs too. */
  readonly image: string;
  /** What only the kit can do. Undefined on somebody else's cluster. */
  readonly kit?: {
    readonly restartKubelet: (downS: number) => Promise<void>;
    /** Kills it, and resolves once it answers again. */
    readonly restartApiServer: (downS: number) => Promise<void>;
    /** Where the API server writes what accounts of pods do (audit.yaml), a line of JSON each. */
    readonly auditLog: string;
    /** Of containers, the processes of this machine that they are. */
    readonly pidsOf: (containerIds: readonly string[]) => Promise<readonly number[]>;
  };
  /** A command line of kubectl. */
  command(...args: readonly string[]): Command;
  /** A command line of any program that speaks to the cluster as its administrator, like Helm. */
  reaching(...command: Command): Command;
  /** A command line of the built tidegate, for people and scripts outside of pods. */
  tidegate(...args: readonly string[]): Command;
}

type Where = 'kit' | 'user' | { readonly missing: string };

/**
 * A test that needs a cluster; with `kit`, only the one of this folder will do, with `own`, only one of it
 * that nobody else uses, for all tests of this file.
 */
export function testOnCluster(
  title: string,
  body: (t: Test, cluster: Cluster) => Promise<void>,
  { own = false, kit = own }: { readonly kit?: boolean; readonly own?: boolean } = {},
): void {
  const where = whereFrom(process.env);
  const missing = typeof where === 'object' ? where.missing : undefined;
  const reason = kit && where === 'user' ? "needs the kit's own node" : missing;
  if (own) apart(process.env);
  if (reason === undefined) {
    t.setTimeout(FILE_MS_MAX);
    void t.test(title, { timeout: 0 }, async (t) => body(t, await opened()));
  } else if (mayBeSkipped() || where === 'user') {
    void t.test(`${title} (${reason})`, { skip: true }, () => undefined);
  } else t.fail(`${title}: ${reason}`);
}

/** Everything that this process starts is of a cluster of its own, from now on. */
function apart(env: NodeJS.ProcessEnv): void {
  delete env['TIDEGATE_TEST_KIT_IMAGE'];
  env['TIDEGATE_TEST_CLUSTER_STATE'] = `${tmpdir()}/tidegate-cluster-${process.pid}`;
  env['TIDEGATE_TEST_CLUSTER_NETNS'] = `tidegate-node-${process.pid}`;
}

function whereFrom(env: NodeJS.ProcessEnv): Where {
  if (env['KUBECONFIG'] !== undefined && env['TIDEGATE_TEST_CLUSTER_IMAGE'] !== undefined) {
    return inPath('kubectl') === undefined ? { missing: 'misses kubectl' } : 'user';
  }
  const missing = missingForKit();
  return missing === undefined ? 'kit' : { missing: `no cluster: ${missing}` };
}

function missingForKit(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'no network namespaces here';
  const { bin } = placesOfKit();
  const isBuilt = ['kube-apiserver', 'kubelet', 'etcd', 'pause'].every((name) =>
    existsSync(`${bin}/${name}`),
  );
  if (!isBuilt) return 'test/cluster/build has not been run';
  const absent = KIT_PROGRAMS.filter((name) => inPath(name) === undefined);
  if (!existsSync(CNI_BRIDGE)) absent.push(CNI_BRIDGE);
  return absent.length === 0 ? undefined : `misses ${absent.join(', ')}`;
}

/** Where env.sh keeps things. */
function placesOfKit(): { readonly bin: string; readonly state: string } {
  const print = '. "$0" && printf "%s\\n%s" "$bin" "$state"';
  const { stdout } = spawnSync('bash', ['-c', print, script('env.sh')], { encoding: 'utf8' });
  const [bin, state] = stdout.split('\n');
  return { bin, state };
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

let opening: Promise<Cluster> | undefined;

/** One cluster for all tests of a file: the one that is up, or one that lives as long as they do. */
function opened(): Promise<Cluster> {
  return (opening ??= open());
}

async function open(): Promise<Cluster> {
  if (whereFrom(process.env) === 'user') {
    const image = process.env['TIDEGATE_TEST_CLUSTER_IMAGE'] ?? '';
    return {
      image,
      command: (...args) => ['kubectl', ...args],
      reaching: (...command) => command,
      tidegate: (...args) => [NODE, BUNDLE, ...args],
    };
  }
  return {
    image: await startedWithImage(process.env['TIDEGATE_TEST_KIT_IMAGE']),
    kit: {
      restartKubelet: async (downS) => {
        await ask(script('kubelet-restart'), String(downS));
      },
      restartApiServer: async (downS) => {
        await ask(script('apiserver-restart'), String(downS));
      },
      auditLog: `${placesOfKit().state}/log/audit.log`,
      pidsOf: async (ids) => {
        const lines = await ask(script('pid'), ...ids);
        return lines.trim().split('\n').map(Number);
      },
    },
    command: (...args) => [script('in'), 'kubectl', ...args],
    reaching: (...command) => [script('in'), ...command],
    tidegate: (...args) => [script('in'), NODE, BUNDLE, ...args],
  };
}

/** Starts the kit with the image, unless somebody keeps one up that has it: its name is `given`. */
async function startedWithImage(given: string | undefined): Promise<string> {
  if (given !== undefined) {
    await until(isUp, `the cluster that has ${given} is up`, KEPT_UP_MS_MAX);
    return given;
  }
  if (!(await isUp())) {
    t.teardown(() => ask(script('down')));
    await ask(script('down'));
    await ask(script('up'));
  }
  await ask(script('image'), await imageStore(), KIT_IMAGE);
  return KIT_IMAGE;
}

/** What is there may also be what is left of a cluster that somebody has killed. */
async function isUp(): Promise<boolean> {
  if (!existsSync(`${placesOfKit().state}/pids`)) return false;
  const kubectl = ['kubectl', '--request-timeout=10s', 'get', '--raw', '/readyz'];
  const how = { env: environment(), timeoutMs: KUBECTL_MS_MAX };
  const { code } = await run(script('in'), kubectl, how);
  return code === 0;
}

/** The storage that has the image: what was built for all tests, or what is built here. */
async function imageStore(): Promise<string> {
  const prepared = process.env['TIDEGATE_TEST_IMAGE'];
  if (prepared !== undefined) return prepared;
  const store = folderFor(t);
  await ask(fileURLToPath(new URL('../image/build', import.meta.url)), store, NODE);
  return store;
}

async function ask(program: string, ...args: readonly string[]): Promise<string> {
  const env = environment();
  return outcome([program, ...args], await run(program, args, { env, timeoutMs: SCRIPT_MS_MAX }));
}

/** Runs kubectl, and answers what it printed; what fails is thrown with what it complained of. */
export async function kubectl(
  cluster: Cluster,
  args: readonly string[],
  { input = '', timeoutMs = KUBECTL_MS_MAX } = {},
): Promise<string> {
  const [program, ...rest] = cluster.command(...args);
  const env = environment();
  return outcome(['kubectl', ...args], await run(program, rest, { env, input, timeoutMs }));
}

/** This process's own, without what the test runner means for its tests alone. */
export function environment(): Readonly<Record<string, string>> {
  const env = { ...process.env } as Record<string, string>;
  delete env['NODE_OPTIONS'];
  return env;
}

function outcome(line: readonly string[], { code, stdout, stderr }: Ran): string {
  if (code === 0) return stdout;
  throw new Error(
    `${line.join(' ')}: exit code ${code}: ${(stderr + stdout).trim().slice(-2_000)}`,
  );
}
