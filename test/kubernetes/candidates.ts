/**
 * Candidates for one Lease, each with a way of its own to the same API in memory.
 */
import { Leadership } from '../../src/kubernetes/lease.js';
import { HandClock } from '../peers/clock.js';
import type { Stored } from '../peers/fake-objects.js';
import { type Fate, type Made, MemoryApi, passes } from './memory-api.js';

export interface Candidate {
  readonly leadership: Leadership;
  readonly api: MemoryApi;
  readonly heard: boolean[];
  readonly faults: string[];
}

export class Stage {
  readonly clock = new HandClock();
  readonly first = new MemoryApi(this.clock);

  candidate(identity: string): Candidate {
    const api = new MemoryApi(this.clock, this.first.objects);
    const heard: boolean[] = [];
    const faults: string[] = [];
    const leadership = new Leadership({
      ...{ api, clock: this.clock, namespace: 'web', name: 'tidegate', identity },
      changed: (isLeader) => heard.push(isLeader),
      failed: (error) => faults.push((error as Error).message),
      random: () => 0.5,
    });
    return { leadership, api, heard, faults };
  }

  started(identity: string): Candidate {
    const candidate = this.candidate(identity);
    candidate.leadership.start();
    return candidate;
  }

  get lease(): Stored | undefined {
    return this.first.objects.find('Lease', 'web', 'tidegate');
  }

  get spec(): Readonly<Record<string, unknown>> {
    return (this.lease?.['spec'] ?? {}) as Readonly<Record<string, unknown>>;
  }

  edit(merge: object): void {
    this.first.objects.patch('Lease', 'web', 'tidegate', merge);
  }

  passes(ms: number): Promise<void> {
    return passes(this.clock, ms);
  }
}

export const writes = ({ api }: Candidate): readonly Made[] =>
  api.calls.filter(({ verb }) => verb !== 'get');

export const only =
  (verb: Made['verb'], fate: Fate) =>
  (call: Made): Fate =>
    call.verb === verb ? fate : {};
