/**
 * Objects of a cluster by its API server's HTTP calls: lists by page, merge patches, deletes that
 * hold only for the object that was meant. Nothing is kept from one call to the next.
 */
import type { Answer, Limits } from '../bounded-call.js';
import type { Api, Listed, Preconditions, Resource, Scope, Writing } from './api.js';
import { type ApiClient, apiStatus, type Ask, LIMITS } from './client.js';
import {
  inDoubt,
  isExpired,
  isTooMuch,
  isUndecided,
  KubernetesError,
  missingRight,
  RefusedError,
} from './fault.js';
import { repeated } from './repeats.js';

/** Pods of 20 KB make 5 MB; where they are larger, pages become smaller. */
const PAGE_ITEMS = 250;
const PAGE_SHRINKS = 5;
const PAGE_LIMITS: Limits = { ...LIMITS, answerBytes: 16 * 1_048_576 };

/** A patch that holds for another object is refused as if it wanted to change the uid. */
const OTHER_UID = /\bmetadata\.uid: Invalid value/;

/** What is done to what, for paths and for people. */
interface Deed {
  readonly verb: 'list' | 'get' | 'create' | 'patch' | 'delete';
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name?: string;
  /** Nothing of it is kept. */
  readonly isDry?: boolean | undefined;
  /** It is not made again. */
  readonly isOnce?: boolean | undefined;
}

interface Page {
  readonly items: readonly unknown[];
  /** Where the next one begins; empty: there is none. */
  readonly next: string;
  readonly atMs: number;
}

/** What is undefined or empty is not asked. */
type Query = Readonly<Record<string, string | undefined>>;

export class KubernetesApi implements Api {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  async list<T>(
    resource: Resource,
    scope: Scope,
    read: (object: unknown) => T,
  ): Promise<Listed<T>> {
    try {
      return await this.pages(resource, scope, read);
    } catch (error) {
      // What was read is of a moment that the rest cannot be had of any more.
      if (isExpired(error)) return await this.pages(resource, scope, read);
      throw error;
    }
  }

  private async pages<T>(
    resource: Resource,
    { namespace, labelSelector }: Scope,
    read: (object: unknown) => T,
  ): Promise<Listed<T>> {
    const deed: Deed = { verb: 'list', resource, namespace };
    const items: T[] = [];
    let atMs: number | undefined;
    let limit = PAGE_ITEMS;
    let next = '';
    do {
      const asked = { labelSelector, limit: String(limit), continue: next };
      const page = await this.page(deed, asked).catch((error: unknown) => {
        if (!isTooMuch(error) || limit === 1) throw error;
        return undefined;
      });
      if (page === undefined) {
        limit = Math.ceil(limit / PAGE_SHRINKS);
        continue;
      }
      atMs ??= page.atMs;
      for (const item of page.items) items.push(read(item));
      next = page.next;
    } while (atMs === undefined || next !== '');
    return { items, atMs };
  }

  private async page(deed: Deed, query: Query): Promise<Page> {
    const path = pathOf(deed, query);
    const answer = await this.done(deed, { method: 'GET', path, limits: PAGE_LIMITS });
    const { items, metadata } = this.parsed(answer);
    if (!Array.isArray(items)) throw this.strange('a list without items');
    // Ages are counted by its clock alone: it is one for all who look.
    if (answer.atMs === undefined) throw this.strange('no Date, by which ages are counted');
    const { continue: next } = (metadata ?? {}) as { readonly continue?: unknown };
    const { atMs } = answer;
    return { items: items as readonly unknown[], next: typeof next === 'string' ? next : '', atMs };
  }

  async get(resource: Resource, namespace: string, name: string): Promise<unknown> {
    const deed: Deed = { verb: 'get', resource, namespace, name };
    const answer = await this.asked({ method: 'GET', path: pathOf(deed) });
    // A kind that is not known here at all is answered without a Status.
    if (answer.status === 404 && apiStatus(answer)?.reason === 'NotFound') return undefined;
    return this.parsed(this.accepted(deed, answer));
  }

  async create(
    resource: Resource,
    namespace: string,
    object: object,
    { dryRun: isDry }: Writing = {},
  ): Promise<unknown> {
    const deed: Deed = { verb: 'create', resource, namespace, isDry };
    const path = pathOf(deed, dryRun(deed));
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(object);
    return this.parsed(await this.done(deed, { method: 'POST', path, headers, body }));
  }

  async patch(
    resource: Resource,
    namespace: string,
    name: string,
    merge: object,
    { dryRun: isDry, isOnce }: Writing = {},
  ): Promise<unknown> {
    const deed: Deed = { verb: 'patch', resource, namespace, name, isDry, isOnce };
    const path = pathOf(deed, dryRun(deed));
    const headers = { 'content-type': 'application/merge-patch+json' };
    const body = JSON.stringify(merge);
    return this.parsed(await this.done(deed, { method: 'PATCH', path, headers, body }));
  }

  async remove(
    resource: Resource,
    namespace: string,
    name: string,
    { uid, resourceVersion }: Preconditions,
    { dryRun: isDry, isOnce }: Writing = {},
  ): Promise<void> {
    const deed: Deed = { verb: 'delete', resource, namespace, name, isDry, isOnce };
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid, resourceVersion },
      // Where there is a body, what the query says does not count.
      ...(isDry === true ? { dryRun: ['All'] } : {}),
    });
    await this.done(deed, { method: 'DELETE', path: pathOf(deed), headers, body });
  }

  private async done(deed: Deed, ask: Ask): Promise<Answer> {
    try {
      const { client } = this;
      const answer = deed.isOnce === true ? await client.ask(ask) : await this.asked(ask);
      return this.accepted(deed, answer);
    } catch (error) {
      const isKept = ask.method !== 'GET' && deed.isDry !== true;
      throw isKept && isUndecided(error) ? inDoubt(error) : error;
    }
  }

  private asked(ask: Ask): Promise<Answer> {
    const { client } = this;
    return repeated(() => client.ask(ask), ask.method === 'GET', client.clock);
  }

  /** Throws a RefusedError for whatever is no success. */
  private accepted(deed: Deed, answer: Answer): Answer {
    if (answer.status >= 200 && answer.status < 300) return answer;
    const { reason = '', message = '' } = apiStatus(answer) ?? {};
    if (deed.verb === 'patch' && answer.status === 422 && OTHER_UID.test(message)) {
      const none = `${deed.name}, ${wordsOf(deed)}, is another one by now`;
      throw new RefusedError(none, 409, 'Conflict');
    }
    throw new RefusedError(
      this.refusal(deed, answer.status, reason, message),
      answer.status,
      reason,
    );
  }

  private refusal(deed: Deed, code: number, reason: string, message: string): string {
    const { server } = this.client;
    const right = `${deed.verb} on ${wordsOf(deed)}`;
    if (code === 403) {
      const words = missingRight(server, message, right);
      if (words !== undefined) return words;
    }
    const what = deed.name === undefined ? right : `${deed.verb} of ${deed.name}, ${wordsOf(deed)}`;
    if (code === 404 && reason === '') {
      const { group, version } = deed.resource;
      const kind = group === '' ? version : `${group}/${version}`;
      return `the API server at ${server} does not know ${wordsOf(deed)} (${kind})`;
    }
    const words = message === '' ? '' : `: ${message}`;
    return `the API server at ${server} answers ${code} to ${what}${words}`;
  }

  private parsed({ body }: Answer): Readonly<Record<string, unknown>> {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      throw this.strange('something else than JSON');
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
    throw this.strange('something else than an object');
  }

  private strange(what: string): KubernetesError {
    return new KubernetesError(`the API server at ${this.client.server} answers with ${what}`);
  }
}

/** `deployments.apps in namespace web` */
function wordsOf({ resource, namespace }: Deed): string {
  const { group, plural } = resource;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  return `${group === '' ? plural : `${plural}.${group}`} ${where}`;
}

function dryRun({ isDry }: Deed): Query {
  return isDry === true ? { dryRun: 'All' } : {};
}

function pathOf({ resource, namespace, name }: Deed, query: Query = {}): string {
  const { group, version, plural } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const asked = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value = '']) => `${key}=${encodeURIComponent(value)}`);
  const search = asked.length === 0 ? '' : `?${asked.join('&')}`;
  return `${root}${within}/${plural}${one}${search}`;
}
