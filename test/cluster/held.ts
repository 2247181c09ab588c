/**
 * Clients in the cluster that hold one event stream each, from a pod of their own: what is still in
 * use when a pod is deleted. They tell when they were let go, and how: with the stream's own end, by
 * a FIN without it, or by a reset; or that they left themselves, having been asked to.
 */
import type { Test } from 'tap';
import { start } from '../peers/running.js';
import { until } from '../peers/until.js';
import { environment } from './cluster.js';
import { NODE } from './manifest.js';
import type { Namespace } from './namespace.js';

const OPEN_MS_MAX = 30_000;
const LAST_CHUNK = '0\\r\\n\\r\\n';

export interface Ending {
  readonly how: 'whole' | 'fin' | 'reset' | 'left';
  /** The time of day, in milliseconds. */
  readonly atMs: number;
}

export interface Held {
  /** By target; those that are still open are not in it. */
  readonly endings: ReadonlyMap<string, Ending>;
  /** The clients close all that are still open. */
  leave(): void;
}

/** Runs in the pod `load`: prints a line of JSON when a stream is open, and when it has ended. */
const HOLDER = `
  import { connect } from 'node:net';
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  for (const target of process.argv.slice(1)) {
    const [host, port] = target.split(':');
    const socket = connect(Number(port), host);
    let tail = '';
    let isOpen = false;
    let how = 'reset';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      if (!isOpen) say({ target, is: 'open' });
      isOpen = true;
      tail = (tail + text).slice(-5);
    });
    socket.on('end', () => (how = tail === '${LAST_CHUNK}' ? 'whole' : 'fin'));
    socket.on('error', () => undefined);
    process.stdin.on('data', () => {
      if (socket.destroyed) return;
      how = 'left';
      socket.destroy();
    });
    socket.on('close', () => say({ target, is: how, atMs: Date.now() }));
    socket.write('GET /stream?everyMs=500 HTTP/1.1\\r\\nHost: ' + target + '\\r\\n\\r\\n');
  }
`;

const scriptFor = (targets: readonly string[]): readonly string[] => [
  '--input-type=module',
  '-e',
  HOLDER,
  '--',
  ...targets,
];

/** Opens a stream to each target (HOST:PORT) from the pod `load`; resolves once all are open. */
export async function hold(
  t: Test,
  namespace: Namespace,
  targets: readonly string[],
): Promise<Held> {
  const exec = ['exec', '-i', 'load', '--', NODE, ...scriptFor(targets)];
  const [program, ...args] = namespace.command(...exec);
  const child = start(program, args, { env: environment() });
  t.teardown(() => child.kill('SIGKILL'));
  const open = new Set<string>();
  const endings = new Map<string, Ending>();
  let complaint = '';
  let rest = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { target, is, atMs } = JSON.parse(line) as Line;
      if (is === 'open') open.add(target);
      else endings.set(target, { how: is, atMs });
    }
  });
  const isOpen = (): boolean => targets.every((target) => open.has(target));
  await until(
    isOpen,
    () => `${targets.length} streams, ${open.size} open ${complaint}`,
    OPEN_MS_MAX,
  );
  return { endings, leave: () => void child.stdin.write('leave\n') };
}

type Line =
  | { readonly target: string; readonly is: 'open'; readonly atMs?: undefined }
  | { readonly target: string; readonly is: Ending['how']; readonly atMs: number };

/** Resolves with how the stream to `target` ended. */
export async function ending(held: Held, target: string, timeoutMs: number): Promise<Ending> {
  await until(() => held.endings.has(target), `the stream of ${target} ends`, timeoutMs);
  return held.endings.get(target) as Ending;
}

/**
 * The same from a pod of its own, `holder`, that outlives the kubelet, as nothing does that is
 * executed in a container; the endings are read from its log when they are asked for.
 */
export async function holdApart(
  namespace: Namespace,
  target: string,
): Promise<{ ending: (timeoutMs: number) => Promise<Ending> }> {
  await namespace.runs('holder', scriptFor([target]));
  const said = async (what: (line: Line) => boolean): Promise<Line | undefined> => {
    // It cannot be read while there is no kubelet.
    const log = await namespace.kubectl(['logs', 'holder']).catch(() => '');
    const lines = log.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Line).find(what);
  };
  let line: Line | undefined;
  const isOpen = async (): Promise<boolean> =>
    (await said(({ is }) => is === 'open')) !== undefined;
  await until(isOpen, `the stream of ${target} is open`, OPEN_MS_MAX);
  const hasEnded = async (): Promise<boolean> =>
    (line = await said(({ is }) => is !== 'open')) !== undefined;
  return {
    ending: async (timeoutMs) => {
      await until(hasEnded, `the stream of ${target} ends`, timeoutMs);
      const { is, atMs } = line as Line & { is: Ending['how'] };
      return { how: is, atMs };
    },
  };
}
