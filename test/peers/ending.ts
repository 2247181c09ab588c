/**
 * A drain whose process ends by signals, without a process: the real controller and triggers over
 * staged traffic, and an app whose port a test opens and closes.
 */
import type { DrainSettings } from '../../src/drain/controller.js';
import { Ending, type EndingSettings } from '../../src/drain/triggers.js';
import { StagedDrain } from './drain.js';

/** What promises that follow from each other take. */
const TURNS = 5;
/** A drain whose process ends by signals, as the sidecar joins them. */
export class StagedEnding extends StagedDrain {
  readonly ending: Ending;
  isOver = false;
  /** The app's port, as whoever asks finds it: `silent` gives no answer at all. */
  port: 'open' | 'refuses' | 'silent' = 'open';

  constructor(settings: Partial<EndingSettings> = {}, drain: Partial<DrainSettings> = {}) {
    super(drain);
    const all: EndingSettings = { sidecar: 'classic', lingerMs: 0, ...settings };
    const app = { refuses: () => this.refuses() };
    this.ending = new Ending(this.drain, this.waits, app, this.clock, all);
    void this.ending.ended.then(() => (this.isOver = true));
  }

  protected override drained(): void {
    this.ending.drained();
  }

  /** Lets time pass, and promises come to what they come to. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
  }

  private refuses(): Promise<boolean> {
    if (this.port === 'silent') return new Promise(() => undefined);
    if (this.port === 'refuses') this.drain.appRefuses();
    return Promise.resolve(this.port === 'refuses');
  }
}
