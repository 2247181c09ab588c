/**
 * Objects of a cluster by its API server's HTTP calls: lists by page, merge patches, deletes that
 * hold only for the object that was meant. Nothing is kept from one call to the next.
 */
import type { Answer, Limits } from '../bounded-call.js';
import type {
  Listed,
  ListScope,
  Preconditions,
  Resource,
  WatchApi,
  WatchEvent,
  WatchScope,
  Writing,
} from './api.js';
import { type ApiClient, apiStatus, type Ask, LIMITS } from './client.js';
import { type Deed, dryRun, pathOf, type Query, refused } from './deed.js';
import { inDoubt, isExpired, isTooMuch, isUndecided, KubernetesError } from './fault.js';
import { repeated } from './repeats.js';

/** Pods of 20 KB make 5 MB; where they are larger, pages become smaller. */
const PAGE_ITEMS = 250;
const PAGE_SHRINKS = 5;
const PAGE_LIMITS: Limits = { ...LIMITS, answerBytes: 16 * 1_048_576 };

interface Page {
  readonly items: readonly unknown[];
  /** Where the next one begins; empty: there is none. */
  readonly next: string;
  readonly resourceVersion: string;
  readonly atMs: number;
}

export class KubernetesApi implements WatchApi {
  private readonly client: ApiClient;

  constructor(client: ApiClient) {
    this.client = client;
  }

  async list<T>(
    resource: Resource,
    scope: ListScope,
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
    { namespace, labelSelector, pageItems = PAGE_ITEMS }: ListScope,
    read: (object: unknown) => T,
  ): Promise<Listed<T>> {
    const deed: Deed = { verb: 'list', resource, namespace };
    const items: T[] = [];
    let first: Page | undefined;
    let limit = pageItems;
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
      first ??= page;
      for (const item of page.items) items.push(read(item));
      next = page.next;
    } while (first === undefined || next !== '');
    // All pages are of the moment of the first.
    return { items, resourceVersion: first.resourceVersion, atMs: first.atMs };
  }

  private async page(deed: Deed, query: Query): Promise<Page> {
    const path = pathOf(deed, query);
    const answer = await this.done(deed, { method: 'GET', path, limits: PAGE_LIMITS });
    const { items, metadata } = this.parsed(answer);
    if (!Array.isArray(items)) throw this.strange('a list without items');
    // Ages are counted by its clock alone: it is one for all who look.
    if (answer.atMs === undefined) throw this.strange('no Date, by which ages are counted');
    const { continue: next, resourceVersion } = fieldsOf(metadata);
    return {
      items: items as readonly unknown[],
      next: textOf(next),
      resourceVersion: textOf(resourceVersion),
      atMs: answer.atMs,
    };
  }

  async watch(
    resource: Resource,
    { namespace, labelSelector, timeoutSeconds }: WatchScope,
    resourceVersion: string,
    hear: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const deed: Deed = { verb: 'watch', resource, namespace };
    const path = pathOf(deed, {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion,
      labelSelector,
      timeoutSeconds: timeoutSeconds === undefined ? undefined : String(timeoutSeconds),
    });
    const hearLine = (line: string): void => hear(this.event(deed, line));
    const answer = await this.client.follow(path, hearLine, signal);
    if (answer !== undefined) this.accepted(deed, answer);
  }

  private event(deed: Deed, line: string): WatchEvent {
    const { type, object } = this.parsed({ body: line });
    if (type === 'ERROR') {
      const { code, reason, message } = fieldsOf(object);
      const status = { reason: textOf(reason), message: textOf(message) };
      const known = typeof code === 'number' ? code : 500;
      throw refused(this.client.server, deed, { ...status, code: known });
    }
    const resourceVersion = textOf(fieldsOf(fieldsOf(object)['metadata'])['resourceVersion']);
    if (!isTold(type) || resourceVersion === '') throw this.strange('a change that is none');
    return { type, object, resourceVersion };
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
    throw refused(this.client.server, deed, { code: answer.status, reason, message });
  }

  private parsed({ body }: Pick<Answer, 'body'>): Readonly<Record<string, unknown>> {
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

function isTold(type: unknown): type is WatchEvent['type'] {
  return type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
