/**
 * Replicas that tell Events, each with a way of its own to the same API in memory.
 */
import { Events, type Occurrence, type Telling } from '../../src/kubernetes/events.js';
import { HandClock } from '../peers/clock.js';
import type { Stored } from '../peers/fake-objects.js';
import { MemoryApi, passes } from './memory-api.js';

export class Stage {
  readonly clock = new HandClock();
  readonly api = new MemoryApi(this.clock);

  get kept(): readonly Stored[] {
    return this.api.objects.list('Event');
  }

  passes(ms: number): Promise<void> {
    return passes(this.clock, ms);
  }

  replica(): Replica {
    return new Replica(this);
  }
}

export class Replica {
  mayTell = true;
  readonly told: Telling[] = [];
  readonly errors: unknown[] = [];
  readonly api: MemoryApi;
  readonly events: Events;

  constructor({ clock, api }: Stage) {
    this.api = new MemoryApi(clock, api.objects);
    this.events = new Events({
      ...{ api: this.api, clock },
      may: () => this.mayTell,
      told: (telling, _, error) => {
        this.told.push(telling);
        this.errors.push(error);
      },
    });
  }

  tell(key: string, change: Partial<Occurrence> = {}): void {
    this.events.tell({ ...DRAINED, message: `${key} is over`, key, ...change });
  }
}

export const isCount = ({ message }: Stored): boolean => /^\(combined/.test(String(message));

export const WEB = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'web',
  name: 'web',
  uid: 'u1',
};
export const DRAINED: Occurrence = {
  regarding: WEB,
  type: 'Normal',
  reason: 'Drained',
  message: 'pod web-1 drained in 12s',
  key: 'web-1',
};
