/**
 * Holds a lease while a program runs: takes it first, renews it, and lets go of it at the end. The
 * program's own end is never touched: whatever becomes of the lease, it runs on.
 */
import type { Clock, Timer } from '../clock.js';
import type { AdminPort, LeaseAsked } from './admin-port.js';
import { AskError } from './ask.js';

/** As a shell has it for a program that is not there, or cannot be started. */
export const EXIT_NOT_FOUND = 127;
export const EXIT_NOT_STARTED = 126;
/** What a shell adds to the number of the signal that ended a program. */
export const EXIT_SIGNAL = 128;
/** A lease is renewed so often in its time: one call may fail. */
const RENEWALS = 3;

/** A program that was started. */
export interface Program {
  /** Its exit code, or the number of its signal behind EXIT_SIGNAL; rejects if it never ran. */
  readonly ended: Promise<number>;
  signal(name: NodeJS.Signals): void;
}

/** Programs, and the signals that are meant for them. */
export interface Programs {
  start(words: readonly string[]): Program;
  /** Calls `act` at each signal that asks for the end; `code` is what its end would exit with. */
  onSignal(act: (name: NodeJS.Signals, code: number) => void): void;
}

export interface Holding {
  readonly port: AdminPort;
  readonly clock: Clock;
  readonly programs: Programs;
  readonly complain: (sentence: string) => void;
}

/** Runs `words` under the lease; returns the exit code. Rejects with an AskError without a lease. */
export async function holdWhile(
  words: readonly string[],
  lease: LeaseAsked,
  around: Holding,
): Promise<number> {
  let early: number | undefined;
  let program: Program | undefined;
  around.programs.onSignal((name, code) => {
    if (program === undefined) early = code;
    else program.signal(name);
  });
  const held = new HeldLease(lease, around);
  await held.take();
  try {
    if (early !== undefined) return early;
    program = around.programs.start(words);
    return await program.ended;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    around.complain(`${words[0]} cannot be started: ${message}`);
    return code === 'ENOENT' ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
  } finally {
    await held.letGo();
  }
}

class HeldLease {
  private readonly asked: LeaseAsked;
  private readonly around: Holding;
  private id: string | undefined;
  private everyMs = 0;
  private timer: Timer | undefined;
  private renewing: Promise<void> = Promise.resolve();
  private isOver = false;
  private hasFailed = false;

  constructor(asked: LeaseAsked, around: Holding) {
    this.asked = asked;
    this.around = around;
  }

  async take(): Promise<void> {
    const { id, ttlSeconds } = await this.around.port.takeLease(this.asked);
    this.id = id;
    this.everyMs = (ttlSeconds * 1_000) / RENEWALS;
    this.again();
  }

  async letGo(): Promise<void> {
    this.isOver = true;
    this.timer?.cancel();
    await this.renewing;
    if (this.id === undefined) return;
    const fault = await this.attempt(() => this.around.port.letGoOfLease(this.id ?? ''));
    if (fault !== undefined) this.around.complain(`the lease stays until it expires: ${fault}`);
  }

  private again(): void {
    if (this.isOver) return;
    this.timer = this.around.clock.after(this.everyMs, () => {
      this.renewing = this.renew().finally(() => this.again());
    });
  }

  /** One that is gone, because it was not renewed in time, is taken anew. */
  private async renew(): Promise<void> {
    const { port, complain } = this.around;
    const fault = await this.attempt(async () => {
      if (this.id !== undefined && (await port.renewLease(this.id))) return;
      this.id = undefined;
      if (!this.isOver) this.id = (await port.takeLease(this.asked)).id;
    });
    if (fault !== undefined && !this.hasFailed) {
      complain(`the lease is not renewed: ${fault}; the program runs on, trying again`);
    }
    if (fault === undefined && this.hasFailed) complain('the lease is held again');
    this.hasFailed = fault !== undefined;
  }

  /** What was wrong with it, if it could not be done. */
  private async attempt(act: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await act();
      return undefined;
    } catch (error) {
      if (error instanceof AskError) return error.message;
      throw error;
    }
  }
}
