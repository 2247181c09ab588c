/**
 * Runs on the node and asks the API server as the rooms do: one object is made,
 * changed, and deleted, each as it should be and as it should not. Prints what came of each.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/clock.js';
import { findAccess } from '../../src/kubernetes/access.js';
import { PODS, type Preconditions, type Resource, type Writing } from '../../src/kubernetes/api.js';
import { ApiClient } from '../../src/kubernetes/client.js';
import { RefusedError } from '../../src/kubernetes/fault.js';
import { KubernetesApi } from '../../src/kubernetes/objects.js';

/** What came of a call: its value, or the word of the API server for why not. */
export interface Came {
  readonly value?: unknown;
  readonly refused?: string;
  readonly words?: string;
}

export type Story = Readonly<Record<string, Came>>;

const [, , namespace, reader] = process.argv;
/** Nobody else writes to one. */
const MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps' };
const MAP = { metadata: { name: 'story', labels: { app: 'story' } }, data: { word: 'first' } };
const DRY: Writing = { dryRun: true };

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

const story: Record<string, Came> = {};

async function tell(name: string, call: Promise<unknown>): Promise<void> {
  story[name] = await call.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      return { refused: error.reason, words: error.message };
    },
  );
}

const api = apiBy(process.env['KUBECONFIG']);
const merge = (word: string, metadata: object = {}): object => ({ metadata, data: { word } });
const patch = (body: object, writing?: Writing): Promise<unknown> =>
  api.patch(MAPS, namespace, 'story', body, writing);
const remove = (only: Preconditions, writing?: Writing): Promise<unknown> =>
  api.remove(MAPS, namespace, 'story', only, writing);
const read = (): Promise<unknown> => api.get(MAPS, namespace, 'story');

async function seen(): Promise<Preconditions> {
  const { metadata } = (await read()) as { readonly metadata: Preconditions };
  const { uid, resourceVersion } = metadata;
  return { uid, resourceVersion };
}

await tell('made dry', api.create(MAPS, namespace, MAP, DRY));
await tell('not there', read());
await tell('made', api.create(MAPS, namespace, MAP));
await tell('made twice', api.create(MAPS, namespace, MAP));
const first = await seen();
const NOBODY = '00000000-0000-4000-8000-000000000000';
await tell('changed dry', patch(merge('second', first), DRY));
await tell('as another', patch(merge('second', { uid: NOBODY })));
await tell('changed', patch(merge('second')));
await tell('as it was', patch(merge('third', first)));
await tell('deleted as it was', remove(first));
const now = await seen();
await tell('deleted as another', remove({ ...now, uid: NOBODY }));
await tell('deleted dry', remove(now, DRY));
await tell('still there', read());
const only = { namespace, labelSelector: 'app in (story)' };
await tell(
  'listed',
  api.list(MAPS, only, () => 'one'),
);
await tell('deleted', remove(await seen()));
await tell('gone', read());
await tell(
  'without the right',
  apiBy(reader).list(PODS, { namespace }, () => 'one'),
);
process.stdout.write(JSON.stringify(story));
