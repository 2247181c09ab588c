/**
 * Switches on a cluster made up, done as the command line does them, with what they have told.
 */
import type { Test } from 'tap';
import type { Clock } from '../../src/clock.js';
import { Refusal } from '../../src/rainbow/refusal.js';
import {
  planPromote,
  planRollback,
  type Switch,
  type SwitchAsked,
} from '../../src/rainbow/switch.js';
import { doSwitch } from '../../src/rainbow/switching.js';
import { HurriedClock } from '../peers/hurried-clock.js';
import { type RainbowGroup, startRainbowGroup } from '../peers/rainbow-group.js';

const PLAIN: SwitchAsked = { services: [], force: false };

export class Switched {
  readonly group: RainbowGroup;
  readonly told: string[] = [];
  clock: Clock = new HurriedClock(Infinity);

  constructor(group: RainbowGroup) {
    this.group = group;
  }

  async promote(colour: string, asked = PLAIN): Promise<Switch> {
    return planPromote(colour, await this.group.look([]), asked);
  }

  async rollback(colour?: string): Promise<Switch> {
    return planRollback(colour, await this.group.look([]), PLAIN);
  }

  async do(wanted: Switch, dryRun = false): Promise<void> {
    const { api, look } = this.group;
    const tell = (sentence: string): void => void this.told.push(sentence);
    await doSwitch(wanted, { api, look, clock: this.clock, timeoutMs: 60_000, dryRun, tell });
  }
}

/** `old` is live and older than `new`. */
export async function two(t: Test): Promise<Switched> {
  const group = await startRainbowGroup(t);
  group.old('old', 30);
  group.old('new', 1);
  group.select('web', 'old');
  return new Switched(group);
}

/** Also of a rejection that is none of these. */
export async function refused(t: Test, deed: Promise<unknown>, words: RegExp): Promise<void> {
  const error = await deed.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  t.ok(error instanceof Refusal, String(error));
  t.match((error as Error | undefined)?.message, words);
}
