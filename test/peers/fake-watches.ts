/**
 * Watches of the objects that a fake cluster keeps: the changes since a resource version and each
 * one after it, as the API server tells them to whoever selects by label, with bookmarks and ends.
 * What is too old is forgotten, and a test may cut, end, silence and outdate whatever is open.
 */
import type { ServerResponse } from 'node:http';
import { type Call, kindOfCall, status } from './fake-calls.js';
import type { FakeObjects, Noted, Stored } from './fake-objects.js';
import { parseSelector } from './label-selector.js';

/** More often than the real one, which does so every minute. */
const BOOKMARK_MS = 10_000;

interface Watch {
  readonly call: Call;
  readonly kind: string;
  readonly response: ServerResponse;
  readonly selects: (labels: Readonly<Record<string, string>>) => boolean;
  isSilent: boolean;
}

export class FakeWatches {
  private readonly objects: FakeObjects;
  private readonly open = new Set<Watch>();
  /** What is told goes out in pieces of so many bytes; 0: whole. */
  pieceBytes = 0;

  constructor(objects: FakeObjects) {
    this.objects = objects;
    objects.noted.add((noted) => {
      for (const watch of this.open) this.tell(watch, noted);
    });
  }

  /** Those that are open: `pods` for each. */
  get watched(): string[] {
    return [...this.open].map(({ call }) => call.resource);
  }

  /** Says nothing more on those that are open; new ones are told of everything again. */
  silence(): void {
    for (const watch of this.open) watch.isSilent = true;
  }

  /** In the middle of whatever it says. */
  cut(): void {
    for (const { response } of this.open) response.socket?.resetAndDestroy();
  }

  /** As at the end of their time. */
  end(): void {
    for (const { response } of this.open) response.end();
  }

  /** Those that are open have fallen too far behind. */
  outdate(): void {
    for (const watch of this.open) this.refuse(watch);
  }

  bookmark(): void {
    for (const watch of this.open) this.sayBookmark(watch);
  }

  /** Begins what `call` asks for. */
  begin(call: Call, response: ServerResponse): void {
    const { query } = call;
    const selects = parseSelector(query.get('labelSelector') ?? '');
    const watch: Watch = { call, kind: kindOfCall(call), response, selects, isSilent: false };
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const since = Number(query.get('resourceVersion') ?? '0');
    if (since === 0) this.tellAll(watch);
    else if (since < this.objects.oldest) return this.refuse(watch);
    else for (const noted of this.objects.since(since)) this.tell(watch, noted);
    this.open.add(watch);
    const bookmarks = setInterval(() => this.sayBookmark(watch), BOOKMARK_MS).unref();
    const seconds = Number(query.get('timeoutSeconds') ?? '1800');
    const timeout = setTimeout(() => response.end(), seconds * 1_000).unref();
    response.on('close', () => {
      this.open.delete(watch);
      clearInterval(bookmarks);
      clearTimeout(timeout);
    });
  }

  private tellAll(watch: Watch): void {
    const { namespace, query } = watch.call;
    const within = namespace === '' ? undefined : namespace;
    const all = this.objects.list(watch.kind, within, query.get('labelSelector') ?? '');
    for (const object of all) this.say(watch, 'ADDED', object);
  }

  private tell(watch: Watch, { kind, object, before, version }: Noted): void {
    const { namespace } = watch.call;
    const any = object ?? before;
    if (kind !== watch.kind || any === undefined) return;
    if (namespace !== '' && any.metadata.namespace !== namespace) return;
    const is = object !== undefined && watch.selects(object.metadata.labels ?? {});
    const was = before !== undefined && watch.selects(before.metadata.labels ?? {});
    if (is) return this.say(watch, was ? 'MODIFIED' : 'ADDED', object);
    if (!was) return;
    // As it was, but with the version of what has happened to it.
    const metadata = { ...before.metadata, resourceVersion: String(version) };
    this.say(watch, 'DELETED', { ...before, metadata });
  }

  private sayBookmark(watch: Watch): void {
    if (watch.call.query.get('allowWatchBookmarks') !== 'true') return;
    const { resourceVersion } = this.objects;
    this.say(watch, 'BOOKMARK', { kind: watch.kind, metadata: { resourceVersion } });
  }

  private refuse(watch: Watch): void {
    const message = `too old resource version: ${watch.call.query.get('resourceVersion')} (${this.objects.oldest})`;
    this.say(watch, 'ERROR', status(410, 'Expired', message).body as object);
    watch.response.end();
  }

  private say({ response, isSilent }: Watch, type: string, object: Stored | object): void {
    if (isSilent || response.writableEnded || response.destroyed) return;
    const line = Buffer.from(`${JSON.stringify({ type, object })}\n`);
    const step = this.pieceBytes === 0 ? line.length : this.pieceBytes;
    for (let at = 0; at < line.length; at += step) response.write(line.subarray(at, at + step));
  }
}
