/**
 * What a command of this machine takes: how long, and how much memory at its most, as the kernel counts
 * it for its process.
 */
import { readFileSync } from 'node:fs';
import { outputOf, start } from '../peers/running.js';
import { within } from '../peers/until.js';
import { type Command, environment } from './cluster.js';

const COMMAND_MS_MAX = 120_000;
const LOOK_MS = 20;

export interface Measured {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
  readonly peakMiB: number;
}

/** Runs it to its end. Only what becomes its own program, like `in`, is measured whole. */
export async function measured([program, ...args]: Command): Promise<Measured> {
  const fromMs = performance.now();
  const child = start(program, args, { env: environment() });
  const output = outputOf(child);
  let peakMiB = 0;
  const look = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child.pid))), LOOK_MS);
  try {
    const code = await within(output.ended, `${program} ends`, COMMAND_MS_MAX);
    const { stdout, stderr } = output;
    return { code, stdout, stderr, tookMs: performance.now() - fromMs, peakMiB };
  } finally {
    clearInterval(look);
    child.kill('SIGKILL');
  }
}

/** 0 if it is gone. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
