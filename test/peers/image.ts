/**
 * The image, and containers that run it: podman reads the image's own configuration and runc makes
 * the container, as a node of a cluster would. The image is the one in the storage that
 * TIDEGATE_TEST_IMAGE names, or is built for the test, with the Node that runs the bundle.
 */
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Programs } from './programs.js';
import { folderFor, outputOf, type Output, type Ran, run, start } from './running.js';
import { NODE } from './tidegate.js';

/** What it takes to build and to run it. */
export const IMAGE_PROGRAMS = ['buildah', 'podman', 'runc'] as const;
export type ImagePrograms = Programs<(typeof IMAGE_PROGRAMS)[number]>;

export const IMAGE = 'localhost/tidegate';
/** What it was built on. */
export const IMAGE_BASE = 'localhost/tidegate-runtime';

const BUILD = fileURLToPath(new URL('../image/build', import.meta.url));
const BUILD_MS_MAX = 300_000;
const STOP_S_MAX = 20;
/** As hard as Kubernetes' restricted profile asks for, and a root nobody may write to. */
const HARDENED: readonly string[] = [
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=all',
  '--security-opt=no-new-privileges',
];

/** Enough for a test; podman's own are above what even root may set everywhere. */
const LIMITS: readonly string[] = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024'];

/** Of an image's configuration, what a node acts upon. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly StopSignal?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface Container extends Output {
  /** Its process, seen from here. */
  pid(): Promise<number>;
  /** Runs a program in it, without a shell. */
  exec(...command: readonly string[]): Promise<Ran>;
  /** Sends the image's own stop signal; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export class Images {
  private readonly t: Test;
  private readonly podman: string;
  private readonly flags: readonly string[];
  private containers = 0;

  private constructor(t: Test, podman: string, store: string) {
    this.t = t;
    this.podman = podman;
    this.flags = [
      ...[`--root=${store}/root`, `--runroot=${store}/run`, '--storage-driver=vfs'],
      ...['--runtime=runc', '--cgroup-manager=cgroupfs', '--events-backend=none'],
    ];
  }

  static async prepare(t: Test, { podman }: ImagePrograms): Promise<Images> {
    const prepared = process.env['TIDEGATE_TEST_IMAGE'];
    if (prepared !== undefined) return new Images(t, podman, prepared);
    const store = folderFor(t);
    const env = { ...process.env } as Record<string, string>;
    const built = await run(BUILD, [store, NODE], { env, timeoutMs: BUILD_MS_MAX });
    if (built.code !== 0) throw new Error(`${built.stdout}${built.stderr}`);
    return new Images(t, podman, store);
  }

  async config(): Promise<ImageConfig> {
    const [{ Config }] = JSON.parse(await this.ask('image', 'inspect', IMAGE)) as [
      { Config: ImageConfig },
    ];
    return Config;
  }

  /** Does `body` with the folder that has all files of an image. */
  async mounted<T>(image: string, body: (folder: string) => T): Promise<T> {
    const folder = (await this.ask('image', 'mount', image)).trim();
    try {
      return body(folder);
    } finally {
      await this.ask('image', 'umount', image);
    }
  }

  /** Runs the image with these arguments, gone with the test. */
  run(...args: readonly string[]): Container {
    const name = `tidegate-test-${process.pid}-${this.containers++}`;
    const around = ['--rm', `--name=${name}`, '--network=host', ...HARDENED, ...LIMITS];
    const child = start(this.podman, [...this.flags, 'run', ...around, IMAGE, ...args]);
    const output = outputOf(child);
    this.t.teardown(() => this.podmanRun('rm', '--force', '--time=0', name));
    return Object.assign(output, {
      pid: async () => Number(await this.ask('inspect', '--format={{.State.Pid}}', name)),
      exec: (...command: readonly string[]) => this.podmanRun('exec', name, ...command),
      stop: async () => {
        await this.ask('stop', `--time=${STOP_S_MAX}`, name);
        return output.ended;
      },
    });
  }

  private podmanRun(...args: readonly string[]): Promise<Ran> {
    return run(this.podman, [...this.flags, ...args]);
  }

  private async ask(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.podmanRun(...args);
    if (code !== 0) throw new Error(`podman ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
