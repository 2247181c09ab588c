/**
 * An informer on a cluster in memory, and all that it has told.
 */
import type { Test } from 'tap';
import { PODS, type Scope } from '../../src/kubernetes/api.js';
import { type Change, Informer, type Known } from '../../src/kubernetes/informer.js';
import type { Stored } from '../peers/fake-objects.js';
import { until } from '../peers/until.js';
import { type Here, start } from './fake-api.js';

export interface Item extends Known {
  readonly version: string;
  readonly note: string | undefined;
}

export interface Informed extends Here {
  readonly informer: Informer<Item>;
  readonly changes: Change<Item>[];
  readonly restarts: string[];
  readonly faults: unknown[];
}

export function readItem(object: unknown): Item {
  const { metadata } = object as Stored;
  const { uid, namespace, name, labels = {}, annotations } = metadata;
  const note = annotations?.['note'];
  return { uid, namespace, name, labels, note, version: metadata.resourceVersion };
}

/** Not started yet. */
export async function inform(
  t: Test,
  read: (object: unknown) => Item | undefined = readItem,
  scope: Scope = { namespace: 'web' },
): Promise<Informed> {
  const here = await start(t);
  const { api, clock } = here;
  const changes: Change<Item>[] = [];
  const restarts: string[] = [];
  const faults: unknown[] = [];
  const informer = new Informer<Item>({
    ...{ api, clock, read, scope },
    resource: PODS,
    random: () => 0.5,
    restarted: (why, { plural }) => restarts.push(`${why} ${plural}`),
    failed: (error) => faults.push(error),
  });
  informer.onChange((change) => changes.push(change));
  t.teardown(() => informer.stop());
  return { ...here, informer, changes, restarts, faults };
}

/** Started, and watching. */
export async function informed(
  t: Test,
  ...more: Parameters<typeof inform> extends [Test, ...infer M] ? M : never
): Promise<Informed> {
  const here = await inform(t, ...more);
  here.informer.start();
  await watching(here);
  return here;
}

export async function watching({ fake }: Here, times = 1): Promise<void> {
  await until(() => fake.watches.watched.length === times, 'it watches');
}

export function putPod({ fake }: Here, name: string, more: object = {}): Stored {
  const before = fake.objects.find('Pod', 'web', name)?.metadata;
  const metadata = {
    ...(before === undefined ? {} : { uid: before.uid }),
    name,
    ...{ namespace: 'web' },
    ...more,
  };
  return fake.objects.put({ kind: 'Pod', metadata });
}

/** `added a`, `changed a`, `gone a` */
export const told = ({ changes }: Informed): string[] =>
  changes.map((change) => {
    const { name } = change.type === 'gone' ? change.last : change.now;
    return `${change.type} ${name}`;
  });

export const names = ({ informer }: Informed): string[] =>
  [...informer.items()].map(({ name }) => name).sort();
