/**
 * A pod that will go: an app, and in front of it a tidegate whose drain takes four seconds and
 * passes through each phase; an answer that the app holds back keeps it from ending sooner.
 */
import { type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import type { Test } from 'tap';
import type { Tidegate } from '../../peers/tidegate.js';
import { until, within } from '../../peers/until.js';
import { type Drained, startDrained } from '../crowd/drained.js';
import { type EventLog, GuestApp } from './guest-app.js';

/** Settling takes a fifth of it, the close window is its last quarter. */
export const DEADLINE_S = 4;
const SETTLE_MS = 800;
export const IDLE_FAREWELL_MS = 300;
/** Within this time of a SIGTERM that means now, it is gone. */
const NOW_MS_MAX = 1_500;
const CLEAN = { code: 0, signal: null };

/** The ways of a pod that goes. */
export const WAYS = [
  'in the close window',
  'by a native SIGTERM',
  'by a second SIGTERM',
  'when the app dies in the drain',
] as const;
export type Way = (typeof WAYS)[number];

export interface PodOptions {
  readonly way?: Way;
  readonly log?: EventLog;
}

export class Pod {
  readonly app: GuestApp;
  readonly tidegate: Tidegate;
  private readonly drained: Drained;
  private readonly t: Test;
  readonly way: Way;
  private askedMs = 0;

  private constructor(t: Test, app: GuestApp, drained: Drained, way: Way) {
    this.t = t;
    this.app = app;
    this.drained = drained;
    this.tidegate = drained.tidegate;
    this.way = way;
  }

  static async start(t: Test, { way = WAYS[0], log }: PodOptions = {}): Promise<Pod> {
    const app = await GuestApp.open(t, log);
    const sidecar = way === 'by a native SIGTERM' ? 'native' : 'classic';
    const flags = [`--sidecar=${sidecar}`, `--idle-farewell=${IDLE_FAREWELL_MS}ms`];
    const times = { deadlineS: DEADLINE_S, settleMs: SETTLE_MS };
    const drained = await startDrained(t, { port: app.port, flags, ...times });
    return new Pod(t, app, drained, way);
  }

  get port(): number {
    return this.tidegate.listen.port;
  }

  get authority(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Asks for what the app answers when it is released; resolves once it is asked. */
  async hold(): Promise<() => Promise<IncomingMessage>> {
    const asked = request({ host: '127.0.0.1', port: this.port, path: '/held', agent: false });
    const answered = once(asked.end(), 'response') as Promise<[IncomingMessage]>;
    // Of interest to who asks for it alone.
    answered.catch(() => undefined);
    await this.app.holds();
    return async () => {
      this.app.release();
      const [answer] = await within(answered, 'what was held back is answered');
      await once(answer.resume(), 'end');
      return answer;
    };
  }

  /** SIGTERM: a drain, or with a native sidecar the end. */
  terminate(): void {
    this.askedMs = performance.now();
    this.tidegate.kill('SIGTERM');
  }

  /** Goes in its way. */
  async goes(): Promise<void> {
    this.terminate();
    if (this.way === 'by a second SIGTERM') {
      await this.isIn('settling');
      this.terminate();
    } else if (this.way === 'when the app dies in the drain') {
      await this.isIn('draining');
      await this.app.die();
    }
  }

  /** Waits until its drain has come to this phase. */
  async isIn(phase: 'settling' | 'draining' | 'closing'): Promise<void> {
    const isThere = async (): Promise<boolean> =>
      (await this.tidegate.metrics()).value('tidegate_phase', { phase }) === 1;
    await until(isThere, `it is ${phase}`, DEADLINE_S * 1_000);
  }

  /** Waits until it is gone, which it has to be in time, with nothing cut and nothing to warn of. */
  async isGone(): Promise<void> {
    const { t, drained, tidegate } = this;
    t.same(await drained.ended(), CLEAN, 'tidegate ends as it should');
    const tookMs = performance.now() - this.askedMs;
    if (this.way.endsWith('SIGTERM'))
      t.ok(tookMs < NOW_MS_MAX, `it is gone ${Math.round(tookMs)} ms after`);
    const loud = tidegate.lines.filter(({ level }) => level !== 'info');
    t.same([...loud, ...tidegate.output], [], 'it has nothing to warn of');
    t.match(drained.message(), { cut: 0 }, 'nothing is cut');
    t.same(this.app.errors, [], 'nor has the app');
  }
}
