/**
 * What the containers of a pod log, line by line, from their start to the pod's end. The tests' app
 * and tidegate log lines of JSON with the time in them, to the millisecond; others are left out.
 */
import type { Test } from 'tap';
import { start } from '../peers/running.js';
import { environment } from './cluster.js';
import type { Namespace } from './namespace.js';

export interface LogLine {
  readonly container: string;
  readonly msg: string;
  /** The time of day, in milliseconds. */
  readonly atMs: number;
}

/** Grows as long as the test runs; a container that is restarted is followed to its first end. */
export function followLogs(t: Test, namespace: Namespace, pod: string): readonly LogLine[] {
  const all = ['--all-containers', '--prefix', '--ignore-errors', '--follow'];
  const [program, ...args] = namespace.command('logs', pod, ...all);
  const child = start(program, args, { env: environment() });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: LogLine[] = [];
  let rest = '';
  child.stderr.resume();
  child.stdout.on('data', (chunk: Buffer) => {
    const whole = (rest + chunk.toString()).split('\n');
    rest = whole.pop() ?? '';
    for (const text of whole) {
      const line = lineFrom(text);
      if (line !== undefined) lines.push(line);
    }
  });
  return lines;
}

/** `[pod/NAME/CONTAINER] {...}` */
function lineFrom(text: string): LogLine | undefined {
  const [, container = '', json = ''] = /^\[pod\/[^/]+\/([^\]]+)\] (\{.*\})$/.exec(text) ?? [];
  if (json === '') return undefined;
  const { time, msg } = JSON.parse(json) as { time: string; msg: string };
  return { container, msg, atMs: Date.parse(time) };
}
