/**
 * A tidegate that is to be drained, with a budget that is given in seconds and a file for its
 * termination message; and what that message says when it has ended.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { folderFor } from '../../peers/running.js';
import { type Exit, startTidegate, type Tidegate } from '../../peers/tidegate.js';
import { within } from '../../peers/until.js';
import { LoopWatch } from './crowd.js';

/** What is taken off the deadline's grace period. */
const SHARE_MS = 500;
const SETTLE_MS = 200;

export interface Drained {
  readonly tidegate: Tidegate;
  /** Asked once it has ended, if it was to be watched. */
  readonly loop: LoopWatch;
  /** Resolves when it has ended by itself. */
  ended(timeoutMs?: number): Promise<Exit>;
  /** The termination message. */
  message(): Readonly<Record<string, unknown>>;
}

export interface DrainedOptions {
  readonly port: number;
  readonly deadlineS: number;
  /** How long it settles; short unless told. */
  readonly settleMs?: number;
  readonly flags?: readonly string[];
  /** Its event loop is watched. */
  readonly watched?: boolean;
}

export async function startDrained(
  t: Test,
  { port, deadlineS, settleMs = SETTLE_MS, flags = [], watched = false }: DrainedOptions,
): Promise<Drained> {
  const folder = folderFor(t);
  const file = join(folder, 'termination-log');
  writeFileSync(file, '');
  const loop = new LoopWatch(join(folder, 'loop'));
  const budget = [
    `--grace-period=${deadlineS + (2 * SHARE_MS) / 1_000}s`,
    `--app-shutdown=${SHARE_MS}ms`,
    `--margin=${SHARE_MS}ms`,
    `--settle-min=${settleMs}ms`,
    `--settle-quiet=${SETTLE_MS}ms`,
    `--termination-message-path=${file}`,
  ];
  const tidegate = await startTidegate({
    app: { port },
    flags: [...budget, ...flags],
    nodeFlags: watched ? loop.flags : [],
  });
  t.teardown(() => tidegate.kill('SIGKILL'));
  return {
    tidegate,
    loop,
    ended: (timeoutMs = 30_000) => within(tidegate.exited, 'it ends', timeoutMs),
    message: () => JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>,
  };
}
