/**
 * A rainbow group on a cluster, whose colours are the manifest `native` with the labels that it
 * takes, and the command that looks after it, run as people and scripts run it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { GivenPolicy, PolicyKey } from '../../src/rainbow/policy.js';
import { flagOf } from '../../src/settings/setting.js';
import { run } from '../peers/running.js';
import { until } from '../peers/until.js';
import { type Cluster, type Command, environment } from './cluster.js';
import { manifest, mountPodInfo } from './manifest.js';
import { Namespace, type Pod } from './namespace.js';

const COMMAND_MS_MAX = 240_000;
const CLEAN_MS_MAX = 120_000;
const POLL_MS = 500;
/** Of the pods; a drain that is recalled must not have come to its close window. */
const GRACE_S = 120;
/** Safe as soon as they are quiet. */
const SETTINGS = {
  TIDEGATE_QUIET_FOR: '1s',
  TIDEGATE_SETTLE_MIN: '1s',
  TIDEGATE_SETTLE_QUIET: '1s',
  TIDEGATE_CLOSE_WINDOW: '5s',
};
export const GROUP = 'web';
/** The exit code of a command that did not do what it was asked for, for a reason. */
export const STOPPED = 3;
/** A policy that cleans up whatever is not used, and asks nobody to leave. */
const AT_ONCE = {
  ...{ keep: '0', minAge: '0s', drainedFor: '0s', deleteAfter: '0s' },
  ...{ maxAge: 'off', lightlyUsed: 'off' },
} as const satisfies Readonly<Record<PolicyKey, string>>;

/** The flags of such a clean-up; those given here are others. */
export function cleaning(given: GivenPolicy = {}): readonly string[] {
  return Object.entries({ ...AT_ONCE, ...given }).map(([key, value]) => `${flagOf(key)}=${value}`);
}

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Deployment, as far as tests ask. */
export interface Coloured {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  };
}

export class Rainbow {
  readonly namespace: Namespace;

  constructor(namespace: Namespace) {
    this.namespace = namespace;
  }

  /** With one colour, which is live. */
  static async create(
    t: Test,
    cluster: Cluster,
    colour: string,
    replicas: number,
  ): Promise<Rainbow> {
    const rainbow = new Rainbow(await Namespace.create(t, cluster));
    const { namespace } = rainbow;
    await namespace.apply(...objectsOf(cluster, colour, replicas));
    await namespace.rolledOut(`${GROUP}-${colour}`);
    return rainbow;
  }

  /** A colour more, as a pipeline applies it; its pods are ready. */
  async brings(colour: string, replicas: number): Promise<void> {
    const [, deployment] = objectsOf(this.namespace.cluster, colour, replicas);
    await this.namespace.apply(deployment);
    await this.namespace.rolledOut(`${GROUP}-${colour}`);
  }

  /** Moves the Service by hand, as anybody may who knows nothing of tidegate. */
  async moves(colour: string): Promise<void> {
    const patch = { spec: { selector: { app: GROUP, 'tidegate.dev/colour': colour } } };
    await this.namespace.kubectl(['patch', 'service', GROUP, '--patch', JSON.stringify(patch)]);
  }

  /** The line of `tidegate rainbow VERB …` in its namespace. */
  command(...args: readonly string[]): Command {
    const { cluster, name } = this.namespace;
    return cluster.tidegate('rainbow', ...args, `--namespace=${name}`);
  }

  /** Runs it to its end. */
  async run(...args: readonly string[]): Promise<Said> {
    const [program, ...rest] = this.command(...args);
    const ran = await run(program, rest, { env: environment(), timeoutMs: COMMAND_MS_MAX });
    return { code: ran.code, stdout: utf8(ran.stdout), stderr: utf8(ran.stderr) };
  }

  /** The same, with nothing to complain about; what it printed. */
  async does(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code === 0) return stdout;
    throw new Error(`rainbow ${args.join(' ')}: exit code ${code}: ${stderr}${stdout}`);
  }

  /** Cleans up again and again, as the CronJob does, until something holds. */
  async cleansUntil(
    holds: () => Promise<boolean>,
    what: string,
    policy = cleaning(),
  ): Promise<void> {
    let said = '';
    const asked = async (): Promise<boolean> => {
      const { code, ...texts } = await this.run('cleanup', GROUP, '--yes', ...policy);
      said = texts.stderr + texts.stdout;
      // What has changed between its plan and its deed is left to the next one.
      if (code !== 0 && code !== STOPPED) throw new Error(`exit code ${code}: ${said}`);
      if (await holds()) return true;
      await sleep(POLL_MS);
      return false;
    };
    await until(asked, () => `${what}: ${said}`, CLEAN_MS_MAX);
  }

  /** Undefined if there is none of this colour. */
  async deployment(colour: string): Promise<Coloured | undefined> {
    return (await this.deployments()).find((deployment) => colourOf(deployment) === colour);
  }

  async deployments(): Promise<readonly Coloured[]> {
    const which = ['deployments', '-l', `tidegate.dev/rainbow=${GROUP}`, '-o', 'json'];
    const text = await this.namespace.kubectl(['get', ...which]);
    return (JSON.parse(text) as { items: readonly Coloured[] }).items;
  }

  async colours(): Promise<readonly string[]> {
    return (await this.deployments()).map(colourOf).sort();
  }

  /** What is remembered of a colour. */
  async memory(colour: string): Promise<Readonly<Record<string, unknown>>> {
    const { annotations = {} } = (await this.deployment(colour))?.metadata ?? {};
    const text = annotations['tidegate.dev/rainbow-state'] ?? '{}';
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Whether a pod is asked to drain. */
  async drain(pod: string): Promise<string | undefined> {
    return (await this.namespace.pod(pod))?.metadata.annotations?.['tidegate.dev/drain'];
  }

  pods(colour: string): Promise<readonly Pod[]> {
    return this.namespace.pods(`tidegate.dev/colour=${colour}`);
  }

  /** What its Service selects. */
  async live(): Promise<string> {
    const path = '{.spec.selector.tidegate\\.dev/colour}';
    return this.namespace.kubectl(['get', 'service', GROUP, '-o', `jsonpath=${path}`]);
  }
}

function objectsOf(cluster: Cluster, colour: string, replicas: number): readonly object[] {
  const changes = { replicas, graceS: GRACE_S, manner: 'closes', settings: SETTINGS } as const;
  const made = manifest(cluster, 'native', changes);
  mountPodInfo(made);
  const { service, deployment } = made;
  const labels = { app: GROUP, 'tidegate.dev/colour': colour };
  service.spec.selector = labels;
  deployment.spec.selector = { matchLabels: labels };
  deployment.spec.template.metadata.labels = labels;
  const metadata = { name: `${GROUP}-${colour}`, labels: { 'tidegate.dev/rainbow': GROUP } };
  return [service, { ...deployment, metadata }];
}

function colourOf({ spec }: Coloured): string {
  return spec.template.metadata.labels['tidegate.dev/colour'];
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
