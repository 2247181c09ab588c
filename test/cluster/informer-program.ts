/**
 * Runs on the node, and keeps the ConfigMaps of a namespace by an informer while it makes, changes and
 * deletes them itself; says what it was told, what it keeps, and what there is.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/clock.js';
import { findAccess } from '../../src/kubernetes/access.js';
import type { Preconditions, Resource } from '../../src/kubernetes/api.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { isExpired } from '../../src/kubernetes/fault.js';
import { type Change, Informer, type Known } from '../../src/kubernetes/informer.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';
import { until } from '../peers/until.js';
import type { Answered } from './on-node.js';

export type Command =
  /** Answered once it has listed them. */
  | { readonly do: 'inform'; readonly namespace: string }
  /** So many maps are made, changed, deleted, and one in two made again; answered with what there is. */
  | { readonly do: 'change'; readonly name: string; readonly maps: number }
  | { readonly do: 'told' }
  /** One watch, to its end, by that kubeconfig. */
  | { readonly do: 'watch'; readonly kubeconfig?: string; readonly from: string };

export interface Told {
  /** `added UID VERSION`, in order. */
  readonly changes: readonly string[];
  /** `UID VERSION`, sorted. */
  readonly kept: readonly string[];
  readonly restarts: readonly string[];
  readonly faults: readonly string[];
}

export interface Watched {
  readonly types: readonly string[];
  readonly isExpired: boolean;
  readonly words: string;
}

interface Kept extends Known {
  readonly version: string;
}

const MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps' };
const WATCH_S = 6;
const api = apiBy(process.env['KUBECONFIG']);
const changes: string[] = [];
const restarts: string[] = [];
const faults: string[] = [];
let namespace = '';
let informer: Informer<Kept> | undefined;

function apiBy(kubeconfig: string | undefined): KubernetesApi {
  const outside = {
    variables: process.env,
    readText: (path: string) => readFileSync(path, 'utf8'),
    clock: systemClock,
    isInteractive: false,
  };
  const access = findAccess({ kubeconfig, context: undefined }, outside);
  return new KubernetesApi(new ApiClient(access, systemClock));
}

function read(object: unknown): Kept {
  const { metadata } = object as { readonly metadata: Known & { resourceVersion: string } };
  const { uid, name, resourceVersion: version } = metadata;
  return { uid, namespace, name, labels: {}, version };
}

function wordsOf(change: Change<Kept>): string {
  const { uid, version } = change.type === 'gone' ? change.last : change.now;
  return `${change.type} ${uid} ${version}`;
}

const sorted = (all: Iterable<Kept>): string[] =>
  [...all].map(({ uid, version }) => `${uid} ${version}`).sort();

async function inform(): Promise<void> {
  const made = new Informer<Kept>({
    ...{ api, clock: systemClock, random: Math.random, read },
    resource: MAPS,
    scope: { namespace },
    restarted: (why) => restarts.push(why),
    failed: (error) => faults.push(String(error)),
  });
  made.onChange((change) => changes.push(wordsOf(change)));
  made.start();
  informer = made;
  await until(() => made.isSynced, 'it has listed them');
}

async function change(name: string, maps: number): Promise<string[]> {
  const one = async (at: number): Promise<void> => {
    const metadata = { name: `${name}-${at}` };
    const made = (await api.create(MAPS, namespace, { metadata })) as { metadata: Preconditions };
    const { uid } = made.metadata;
    const data = { size: '😀'.repeat(1_000) };
    const merged = await api.patch(MAPS, namespace, metadata.name, { metadata: { uid }, data });
    if (at % 3 === 0) return;
    const { resourceVersion } = (merged as { metadata: Preconditions }).metadata;
    await api.remove(MAPS, namespace, metadata.name, { uid, resourceVersion });
    if (at % 3 === 1) await api.create(MAPS, namespace, { metadata });
  };
  await Promise.all(Array.from({ length: maps }, (_, at) => one(at)));
  return sorted((await api.list(MAPS, { namespace }, read)).items);
}

async function watch(kubeconfig: string | undefined, from: string): Promise<Watched> {
  const types: string[] = [];
  const asked = kubeconfig === undefined ? api : apiBy(kubeconfig);
  const scope = { namespace, timeoutSeconds: WATCH_S };
  const { signal } = new AbortController();
  const error: unknown = await asked
    .watch(MAPS, scope, from, ({ type }) => types.push(type), signal)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { types, isExpired: isExpired(error), words: error instanceof Error ? error.message : '' };
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'inform':
      namespace = command.namespace;
      return inform();
    case 'change':
      return change(command.name, command.maps);
    case 'told':
      return { changes, kept: sorted(informer?.items() ?? []), restarts, faults } satisfies Told;
    case 'watch':
      return watch(command.kubeconfig, command.from);
  }
}

function answer(answered: Answered): void {
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}

createInterface(process.stdin)
  .on('line', (line) => {
    const { id, ...command } = JSON.parse(line) as Command & { readonly id: number };
    obey(command).then(
      (value) => answer({ id, value }),
      (fault: unknown) => answer({ id, fault: String(fault) }),
    );
  })
  .on('close', () => process.exit(0));
