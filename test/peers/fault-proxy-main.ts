/**
 * The fault proxy as a program, for where a test's own process does not reach the API server. It
 * takes the access of KUBECONFIG, is told by lines of JSON what to do, and tells by lines what was
 * asked. It ends with its input.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/clock.js';
import { findAccess } from '../../src/kubernetes/access.js';
import { type Fault, startFaultProxy } from './fault-proxy.js';

export interface Told {
  /** Null: nothing goes wrong any more. */
  readonly fault?: Fault | null;
  readonly release?: true;
}

export interface Tells {
  readonly port?: number;
  /** What was told has been done. */
  readonly done?: true;
  readonly call?: string;
  readonly held?: boolean;
}

const say = (line: Tells): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const access = findAccess(
  { kubeconfig: process.env['KUBECONFIG'], context: undefined },
  {
    variables: process.env,
    readText: (path) => readFileSync(path, 'utf8'),
    clock: systemClock,
    isInteractive: false,
  },
);
const proxy = await startFaultProxy({ teardown: () => undefined }, access);
proxy.onCall = (call, held) => say({ call, held });
say({ port: proxy.port });
for await (const line of createInterface({ input: process.stdin })) {
  const { fault, release } = JSON.parse(line) as Told;
  if (fault !== undefined) proxy.set(fault ?? undefined);
  if (release) proxy.release();
  say({ done: true });
}
process.exit(0);
