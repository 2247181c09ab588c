/**
 * Is the app there? Asked as seldom as will do: when somebody wants to know, and during a drain,
 * when a dead app means that there is nothing left to wait for. Otherwise the traffic tells.
 */
import { get } from 'node:http';
import { connect } from 'node:net';
import type { Clock, Timer } from './clock.js';

export interface AppHealthSettings {
  readonly app: { readonly host: string; readonly port: number };
  /** Answers 2xx when the app is ready; undefined: taking a connection is enough. */
  readonly appHealthPath: string | undefined;
}

export interface AppHealthListener {
  /** It answered for the first time. */
  seen(): void;
  /** Its port refused: nothing listens there. */
  refused(): void;
}

/** How often it is asked while somebody has to know, and how long an answer may take. */
export const LOOK_MS = 1_000;
export const ANSWER_MS_MAX = 1_000;

type Outcome = 'up' | 'down' | 'refused';

export class AppHealth {
  /** As last known. */
  up = false;
  private outcome: Outcome = 'down';
  private readonly settings: AppHealthSettings;
  private readonly clock: Clock;
  private readonly listener: AppHealthListener;
  private seen = false;
  private watching = false;
  private timer: Timer | undefined;
  private asking: Promise<boolean> | undefined;
  /** Clock time of the last answer to a question of ours. */
  private askedMs = -Infinity;

  constructor(settings: AppHealthSettings, clock: Clock, listener: AppHealthListener) {
    this.settings = settings;
    this.clock = clock;
    this.listener = listener;
  }

  /** A client's dial has told whether the app takes connections. */
  dialled(up: boolean): void {
    if (this.settings.appHealthPath === undefined) this.settle(up ? 'up' : 'down');
  }

  /** Asks every second from now on: a drain has begun. */
  watch(): void {
    this.watching = true;
    this.look();
  }

  unwatch(): void {
    this.watching = false;
  }

  stop(): void {
    this.watching = false;
    this.timer?.cancel();
  }

  /** As known a second ago at most. */
  recent(): Promise<boolean> {
    return this.clock.now() < this.askedMs + LOOK_MS ? Promise.resolve(this.up) : this.check();
  }

  /** Asks now; several who ask at once share the answer. */
  check(): Promise<boolean> {
    this.asking ??= this.ask().then((outcome) => {
      this.asking = undefined;
      this.askedMs = this.clock.now();
      this.settle(outcome);
      return this.up;
    });
    return this.asking;
  }

  /** Asks now whether its port refuses: nothing listens there. */
  async refuses(): Promise<boolean> {
    await this.check();
    return this.outcome === 'refused';
  }

  private look(): void {
    this.timer?.cancel();
    void this.check().then(() => {
      this.timer?.cancel();
      if (this.watching) this.timer = this.clock.after(LOOK_MS, () => this.look());
    });
  }

  private settle(outcome: Outcome): void {
    this.outcome = outcome;
    this.up = outcome === 'up';
    if (this.up && !this.seen) {
      this.seen = true;
      this.listener.seen();
    }
    if (outcome === 'refused') this.listener.refused();
  }

  private ask(): Promise<Outcome> {
    const { app, appHealthPath } = this.settings;
    return appHealthPath === undefined ? this.dial(app) : this.request(app, appHealthPath);
  }

  private dial(app: AppHealthSettings['app']): Promise<Outcome> {
    return new Promise((resolve) => {
      const socket = connect({ host: app.host, port: app.port });
      const late = this.clock.after(ANSWER_MS_MAX, () => finish('down'));
      const finish = (outcome: Outcome): void => {
        late.cancel();
        socket.destroy();
        resolve(outcome);
      };
      socket.on('connect', () => finish('up'));
      socket.on('error', (error) => finish(outcomeOf(error)));
    });
  }

  private request(app: AppHealthSettings['app'], path: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const asked = get({ ...app, path, agent: false, headers: { 'user-agent': 'tidegate' } });
      const late = this.clock.after(ANSWER_MS_MAX, () => finish('down'));
      const finish = (outcome: Outcome): void => {
        late.cancel();
        asked.destroy();
        resolve(outcome);
      };
      asked.on('response', ({ statusCode = 0 }) => {
        finish(statusCode >= 200 && statusCode < 300 ? 'up' : 'down');
      });
      asked.on('error', (error) => finish(outcomeOf(error)));
    });
  }
}

function outcomeOf(error: NodeJS.ErrnoException): Outcome {
  return error.code === 'ECONNREFUSED' ? 'refused' : 'down';
}
