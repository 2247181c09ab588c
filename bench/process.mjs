// Child processes of the bench: started pinned to a core, watched through /proc, ended by pid.
// CPU and memory are those of the whole tree below a pid (nginx has a master and a worker), all threads.
// Must never leave a child or a temporary file behind: the exit handler ends what is still registered.

import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const STARTED_WITHIN_MS = 15_000;
const ENDED_WITHIN_MS = 5_000;
const STDERR_KEPT_BYTES = 4_096;
const TICK_NS = 1e7;

const running = new Set();
const directories = new Set();

process.on('exit', () => {
  for (const child of running) for (const pid of treeOf(child.pid)) signal(pid, 'SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A directory that every user may enter (nginx changes its own) and that goes with the bench. */
export function temporaryDirectory() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tidegate-bench-'));
  chmodSync(directory, 0o755);
  directories.add(directory);
  return directory;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts `command` on one core. The result knows its pid, how it died, and how to be ended. */
export function startPinned(core, command, { cwd } = {}) {
  const child = spawn('taskset', ['-c', String(core), ...command], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  const state = { pid: child.pid, command, died: undefined, stderr: '', onDeath: undefined };
  child.stderr.on('data', (chunk) => {
    state.stderr = (state.stderr + chunk).slice(-STDERR_KEPT_BYTES);
  });
  const gone = new Promise((resolve) => {
    const onGone = (why) => {
      if (state.died !== undefined) return;
      state.died = String(why);
      running.delete(child);
      resolve();
    };
    child.on('error', onGone);
    child.on('exit', (code, by) => onGone(by ?? `exit code ${code}`));
  });
  if (child.pid !== undefined) running.add(child);
  state.end = () => endTree(state, gone);
  return state;
}

async function endTree(state, gone) {
  if (state.died !== undefined) return;
  const pids = treeOf(state.pid);
  signal(state.pid, 'SIGTERM');
  let timer;
  const tooLong = new Promise((resolve) => {
    timer = setTimeout(resolve, ENDED_WITHIN_MS, true);
  });
  if (await Promise.race([gone, tooLong])) {
    for (const pid of pids) signal(pid, 'SIGKILL');
    await gone;
  }
  clearTimeout(timer);
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone by itself.
  }
}

/** A port of `host` that is free now; every run has addresses of its own, so nobody else takes it. */
export function freePort(host) {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Resolves with the time of the first connection that is accepted; rejects if the child died. */
export async function listening(child, { host, port }) {
  const deadline = performance.now() + STARTED_WITHIN_MS;
  while (performance.now() < deadline) {
    if (child.died !== undefined) break;
    if (await accepts(host, port)) return performance.now();
    await sleep(1);
  }
  const what = child.command.join(' ');
  throw new Error(`not listening (${child.died ?? 'too slow'}): ${what}\n${child.stderr}`);
}

function accepts(host, port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** The pid and all its descendants. */
export function treeOf(pid) {
  const found = [pid];
  for (let next = 0; next < found.length; next += 1) {
    const file = `/proc/${found[next]}/task/${found[next]}/children`;
    found.push(...readProc(file).split(' ').filter(Boolean).map(Number));
  }
  return found;
}

/** CPU time used so far by the tree: nanoseconds of every live thread, or ticks where those are missing. */
export function cpuNs(pid) {
  return treeOf(pid).reduce((sum, one) => sum + (schedNs(one) || tickNs(one)), 0);
}

function schedNs(pid) {
  const tasks = `/proc/${pid}/task`;
  let sum = 0;
  for (const tid of listProc(tasks)) {
    sum += Number.parseInt(readProc(`${tasks}/${tid}/schedstat`), 10) || 0;
  }
  return sum;
}

function tickNs(pid) {
  // proc(5): utime and stime are the 12th and 13th field behind the name in brackets.
  const fields = readProc(`/proc/${pid}/stat`).split(') ').at(-1).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_NS;
}

/** CPU time that both cores have been busy with, in nanoseconds: anybody's. */
export function machineBusyNs() {
  // proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
  const ticks = readProc('/proc/stat').split('\n')[0].split(/ +/).slice(1, 9).map(Number);
  const [user, nice, system, , , irq, softirq, steal] = ticks;
  return (user + nice + system + irq + softirq + steal) * TICK_NS;
}

/** Resident memory of the tree in KB; pages that master and worker share count twice. */
export function residentKb(pid) {
  return treeOf(pid).reduce((sum, one) => {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${one}/status`));
    return sum + Number(line?.[1] ?? 0);
  }, 0);
}

function readProc(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function listProc(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
