/**
 * Groups on paper that have a live colour, and an old one that goes as soon as nobody uses it: what a
 * controller has to do, at the moment that a test chooses, and whether it was done once and not twice.
 */
import type { Test } from 'tap';
import type { Audit, Call } from './audited.js';
import { polled } from './controllers.js';
import type { Namespace } from './namespace.js';
import { type Paper, paperService, putOnPaper } from './paper.js';
import { type StandIn, telling } from './stand-in.js';

const HOUR_MS = 3_600_000;
/** Kubernetes' own controllers are slow where much is made and deleted beside this. */
const DONE_MS_MAX = 180_000;
/** Values of `controller` with which what is safe goes at once. */
export const AT_ONCE = {
  rainbow: {
    ...{ enabled: true, every: '5s', keep: 0, minAge: '0s', drainedFor: '0s', deleteAfter: '0s' },
    ...{ maxAge: 'off', lightlyUsed: 'off' },
  },
};
const BUSY = telling({ safe: false, reason: 'active', active: 5 });
const SAFE = telling({ safe: true });

export class OldColours {
  readonly namespace: Namespace;
  private readonly standIn: StandIn;
  private readonly groups: readonly string[];
  private readonly ports: readonly number[];

  private constructor(
    namespace: Namespace,
    standIn: StandIn,
    groups: readonly string[],
    ports: readonly number[],
  ) {
    this.namespace = namespace;
    this.standIn = standIn;
    this.groups = groups;
    this.ports = ports;
  }

  /** So many groups, whose names begin so; all of their colours are used. */
  static async create(
    namespace: Namespace,
    standIn: StandIn,
    prefix: string,
    count: number,
  ): Promise<OldColours> {
    const live = await standIn.open(BUSY);
    const names = Array.from({ length: count }, (_, at) => `${prefix}${at}`);
    const ports = await Promise.all(names.map(() => standIn.open(BUSY)));
    const memory = { wasLive: true, lostTrafficMs: Date.now() - HOUR_MS };
    const papers = names.flatMap((group, at): Paper[] => [
      { group, colour: 'live', port: live },
      { group, colour: 'old', port: ports[at], memory },
    ]);
    await namespace.apply(...names.map((group) => paperService(group, 'live')));
    await putOnPaper(namespace, standIn, papers);
    return new OldColours(namespace, standIn, names, ports);
  }

  /** Nobody uses the old ones any more. */
  async areLeft(): Promise<void> {
    await Promise.all(this.ports.map((port) => this.standIn.says(port, SAFE)));
  }

  /** Resolves once all of the old ones are deleted. */
  async areGone(timeoutMs = DONE_MS_MAX): Promise<void> {
    let left: readonly string[] = [];
    const asked = async (): Promise<boolean> => {
      const all = await this.namespace.kubectl(['get', 'deployments', '-o', 'name']);
      left = this.groups.filter((group) => all.includes(`/${group}-old\n`));
      return left.length === 0;
    };
    await polled(asked, () => `the old colours of ${left.join(', ')} are deleted`, timeoutMs);
  }

  /** What was written of each of the old ones. */
  private writes(audit: Audit): readonly (readonly Call[])[] {
    const writes = audit.writes().filter(({ resource }) => resource === 'deployments');
    return this.groups.map((group) => writes.filter(({ name }) => name === `${group}-old`));
  }

  /** When the last of the old ones was scaled to zero, in milliseconds of the day; NaN if one is not. */
  zeroedMs(audit: Audit): number {
    return Math.max(...this.writes(audit).map((own) => own.find(isZero)?.atMs ?? NaN));
  }

  /** Each of the old ones went to zero once, and was deleted once; nothing else is told or marked twice. */
  wentOnce(t: Test, audit: Audit): void {
    const seen = this.writes(audit).map((own, at) => {
      const deletes = own.filter(({ verb }) => verb === 'delete');
      return [this.groups[at], own.filter(isZero).length, deletes.length];
    });
    t.same(
      seen,
      this.groups.map((group) => [group, 1, 1]),
      'each went to zero once, and was deleted once',
    );
    t.same(twice(audit.writes()), [], 'no pod was marked twice with the same, no Event told twice');
  }

  /** Of the pod of each, which was there and is gone without a goodbye, there is one Event. */
  async deathsAreToldOnce(t: Test): Promise<void> {
    let seen: readonly Told[] = [];
    const of = (group: string): readonly Told[] =>
      seen.filter(({ involvedObject }) => involvedObject.name.startsWith(`${group}-old`));
    const asked = async (): Promise<boolean> => {
      const text = await this.namespace.kubectl(['get', 'events', '-o', 'json']);
      const { items } = JSON.parse(text) as { readonly items: readonly Told[] };
      seen = items.filter(({ reason }) => reason === 'DiedWithoutGoodbye');
      return this.groups.every((group) => of(group).length > 0);
    };
    const missing = (): string => this.groups.filter((group) => of(group).length === 0).join(', ');
    await polled(asked, () => `a death of each group is told, not of ${missing()}`, DONE_MS_MAX);
    t.same(
      this.groups.map((group) => [group, ...of(group).map(({ count }) => count ?? 1)]),
      this.groups.map((group) => [group, 1]),
      'each death is told, and once',
    );
  }
}

interface Told {
  readonly reason: string;
  readonly count?: number;
  readonly involvedObject: { readonly name: string };
}

function isZero({ body }: Call): boolean {
  const { spec } = (body ?? {}) as { readonly spec?: { readonly replicas?: number } };
  return spec?.replicas === 0;
}

/** Writes that repeat what was written to the same object before. */
function twice(writes: readonly Call[]): readonly string[] {
  const last = new Map<string, string>();
  return writes.flatMap(({ resource, name, body, by }) => {
    if (resource !== 'pods' && resource !== 'events') return [];
    const { metadata = {} } = body as { readonly metadata?: object };
    const text = JSON.stringify({ ...metadata, resourceVersion: '' });
    const isRepeated = last.get(name) === text;
    last.set(name, text);
    return isRepeated ? [`${by}: ${resource} ${name} ${text}`] : [];
  });
}
