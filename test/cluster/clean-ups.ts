/**
 * Runs of the clean-up as the chart's CronJob has them, at once and not when they are due: the Job
 * that Kubernetes would make of it, or one that differs in who runs it and what it is told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../peers/until.js';
import type { Namespace } from './namespace.js';

const ENDED_MS_MAX = 180_000;
const POLL_MS = 300;
/** Never while a test lasts. */
export const NEVER = '0 0 29 2 *';

export interface Ended {
  readonly isComplete: boolean;
  readonly said: string;
  /** What its pod's status has of that, where it failed. */
  readonly message: string;
}

export interface Different {
  /** The ServiceAccount. */
  readonly account?: string;
  /** In place of those that begin the same (`--ask=…`), or behind the others. */
  readonly args?: readonly string[];
}

interface JobSpec {
  readonly template: {
    readonly spec: {
      serviceAccountName: string;
      readonly containers: readonly { args: string[] }[];
    };
  };
}

interface CronJob {
  readonly spec: { readonly jobTemplate: { readonly spec: JobSpec } };
}

interface Job {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}

/** Has a Job run, as the chart's notes say how, and resolves when it has ended. */
export async function cleanUp(namespace: Namespace, cronJob: string, name: string): Promise<Ended> {
  await namespace.kubectl(['create', 'job', `--from=cronjob/${cronJob}`, name]);
  return ended(namespace, name);
}

/** The same with a Job that differs. */
export async function cleanUpOtherwise(
  namespace: Namespace,
  cronJob: string,
  name: string,
  { account, args = [] }: Different,
): Promise<Ended> {
  const text = await namespace.kubectl(['get', 'cronjob', cronJob, '-o', 'json']);
  const { spec } = (JSON.parse(text) as CronJob).spec.jobTemplate;
  const pod = spec.template.spec;
  if (account !== undefined) pod.serviceAccountName = account;
  const [container] = pod.containers;
  const keyOf = (arg: string): string => arg.split('=')[0];
  const replaced = args.map(keyOf);
  container.args = [...container.args.filter((arg) => !replaced.includes(keyOf(arg))), ...args];
  await namespace.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec });
  return ended(namespace, name);
}

async function ended(namespace: Namespace, name: string): Promise<Ended> {
  let conditions: readonly { readonly type: string; readonly status: string }[] = [];
  const is = (wanted: string): boolean =>
    conditions.some(({ type, status }) => type === wanted && status === 'True');
  const asked = async (): Promise<boolean> => {
    const job = JSON.parse(await namespace.kubectl(['get', 'job', name, '-o', 'json'])) as Job;
    conditions = job.status?.conditions ?? [];
    if (is('Complete') || is('Failed')) return true;
    await sleep(POLL_MS);
    return false;
  };
  await until(asked, `the Job ${name} has ended`, ENDED_MS_MAX);
  const said = await namespace.kubectl(['logs', `job/${name}`]);
  const [pod] = await namespace.pods(`job-name=${name}`);
  const message = pod.status.containerStatuses?.[0].state.terminated?.message ?? '';
  return { isComplete: is('Complete'), said, message };
}

/** An image's name as the chart has it in values. */
export function imageValues(image: string): Readonly<Record<string, string>> {
  const [name, digest] = image.split('@');
  if (digest !== undefined) return { repository: name, digest };
  const at = name.lastIndexOf(':');
  return { repository: name.slice(0, at), tag: name.slice(at + 1) };
}
