/**
 * `tidegate rainbow` in this process, before a cluster in memory: what is printed, what is
 * complained, and the exit code. Nobody sits before it unless a test says what they type.
 */
import type { Surroundings } from '../../../src/cli/command.js';
import { runRainbow } from '../../../src/cli/rainbow/command.js';
import { systemClock } from '../../../src/clock.js';
import type { FakeCluster } from '../../peers/fake-cluster.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function runLine(
  fake: FakeCluster,
  line: string,
  around: Partial<Surroundings> = {},
): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runRainbow(line.split(' '), {
    clock: systemClock,
    variables: { KUBECONFIG: '/config' },
    readText: () => fake.kubeconfig,
    print: (text) => (out += text),
    complain: (text) => (err += text),
    programs: { start: notHere, onSignal: notHere },
    isTerminal: false,
    isColourful: false,
    rows: () => 24,
    isInteractive: false,
    readLine: notHere,
    ...around,
  });
  return { code, out, err };
}

function notHere(): never {
  throw new Error('not here');
}
