/**
 * A pod as the API server told it, state by state, up to the last one before it was gone: there the
 * exit codes of its containers are, and their termination messages.
 */
import type { Test } from 'tap';
import { start } from '../peers/running.js';
import { until } from '../peers/until.js';
import { environment } from './cluster.js';
import type { Namespace, Pod } from './namespace.js';

export interface Watched {
  /** Oldest first. */
  readonly states: readonly Pod[];
}

/** Watches a pod for as long as the test runs. */
export function watch(t: Test, namespace: Namespace, pod: string): Promise<Watched> {
  return watching(t, namespace, [pod]);
}

/** The same for all pods of a selector, in one list. */
export function watchAll(t: Test, namespace: Namespace, selector: string): Promise<Watched> {
  return watching(t, namespace, ['-l', selector]);
}

async function watching(t: Test, namespace: Namespace, which: readonly string[]): Promise<Watched> {
  const [program, ...args] = namespace.command('get', 'pod', ...which, '--watch', '-o', 'json');
  const child = start(program, args, { env: environment() });
  t.teardown(() => child.kill('SIGKILL'));
  const states: Pod[] = [];
  let rest = '';
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    // Objects follow one another, each over many lines, the last of which is a brace alone.
    const objects = (rest + chunk.toString()).split(/(?<=^})\n/m);
    rest = objects.pop() ?? '';
    for (const text of objects) states.push(JSON.parse(text) as Pod);
  });
  await until(
    () => states.length > 0,
    () => `${which.join(' ')} is watched ${complaint}`,
  );
  return { states };
}
