// `npm run bench -- --profile ROW [--only SUBJECT] [--native]`: where the CPU of one row goes. Node's own
// sampling profiler runs in the proxy, or Linux perf beside it (which sees the kernel and V8 too, and any
// subject); only the measured part is counted, not start and warm-up.
// Must never be used for figures: the profiler costs CPU itself.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startPinned, treeOf } from './process.mjs';
import { cpuPerExchange } from './rows.mjs';
import { LOAD_CORE, withStage } from './stage.mjs';
import { SUBJECTS } from './subjects/index.mjs';

const INTERVAL_US = 200;
const NATIVE_HZ = 4_000;
const OBJECTS_SHOWN = 6;
const PERF_STDIO = ['ignore', 'pipe', 'ignore'];
const NOT_WORK = new Set(['(idle)']);

const nowUs = () => Number(process.hrtime.bigint() / 1_000n);

function functionName({ functionName: name, url, lineNumber }) {
  const file = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
  return `${name === '' ? '(anonymous)' : name}${file}`;
}

/** Self time in microseconds by function, of the samples between two moments. */
function selfTimes({ nodes, samples, timeDeltas, startTime }, from, to) {
  const names = new Map(nodes.map((node) => [node.id, functionName(node.callFrame)]));
  const times = new Map();
  let at = startTime;
  samples.forEach((id, index) => {
    at += timeDeltas[index];
    const name = names.get(id);
    if (at < from || at > to || NOT_WORK.has(name)) return;
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]);
  });
  return [...times].sort(([, a], [, b]) => b - a);
}

/** Runs the row with `flags`; `begin` and `end` frame the measured part. Gives microseconds per exchange. */
function runRow(options, subject, flags, marks, after) {
  const { profile: row, scale } = options;
  return withStage(subject, { ...options, flags }, async (stage) => {
    const value = await cpuPerExchange(stage, row, scale, {
      begin: () => marks.begin(stage),
      end: () => marks.end(stage),
    });
    await after(stage);
    return value;
  });
}

/** JavaScript functions by self time, from Node's own profiler. */
async function scriptProfile(options, subject, say) {
  const name = 'bench.cpuprofile';
  const flags = ['--cpu-prof', `--cpu-prof-name=${name}`, `--cpu-prof-interval=${INTERVAL_US}`];
  const measured = { from: 0, to: 0 };
  let times = [];
  const marks = { begin: () => (measured.from = nowUs()), end: () => (measured.to = nowUs()) };
  const value = await runRow(options, subject, flags, marks, async ({ proxy, directory }) => {
    await proxy.end();
    const file = path.join(directory, name);
    if (!existsSync(file))
      throw new Error('no profile was written: the subject did not exit by itself');
    times = selfTimes(JSON.parse(readFileSync(file, 'utf8')), measured.from, measured.to);
  });
  const total = times.reduce((sum, [, us]) => sum + us, 0);
  say(`${value.toFixed(1)} us per exchange with the profiler on; self time:`);
  for (const [title, us] of times.slice(0, options.top)) {
    say(`${((us / total) * 100).toFixed(1).padStart(6)} %  ${title}`);
  }
}

function perfReport(cwd, sort) {
  const show = ['report', '-i', 'perf.data', '--stdio', '--no-children', '--sort', sort];
  const text = execFileSync('perf', show, { cwd, encoding: 'utf8', stdio: PERF_STDIO });
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** Kernel, V8, libuv and JavaScript by self time, from Linux perf. */
async function nativeProfile(options, subject, say) {
  let recorder;
  let byObject = [];
  let bySymbol = [];
  const marks = {
    begin: ({ proxy, directory }) => {
      const record = [
        'record',
        '-q',
        '-e',
        'cpu-clock',
        '-F',
        String(NATIVE_HZ),
        '-o',
        'perf.data',
      ];
      recorder = startPinned(LOAD_CORE, ['perf', ...record, '-p', treeOf(proxy.pid).join()], {
        cwd: directory,
      });
    },
    end: () => {},
  };
  const flags = subject.node ? ['--perf-basic-prof', '--interpreted-frames-native-stack'] : [];
  const value = await runRow(options, subject, flags, marks, async ({ proxy, directory }) => {
    await recorder.end();
    byObject = perfReport(directory, 'dso');
    bySymbol = perfReport(directory, 'dso,sym');
    rmSync(path.join('/tmp', `perf-${proxy.pid}.map`), { force: true });
  });
  say(`${value.toFixed(1)} us per exchange with perf attached; self time:`);
  say([...byObject.slice(0, OBJECTS_SHOWN), '', ...bySymbol.slice(0, options.top)].join('\n'));
}

/** One row of the first subject that is asked for. */
export async function profile([name], options, say) {
  const subject = SUBJECTS[name];
  if (subject === undefined) throw new Error('nothing to profile');
  if (!options.native && !subject.node) throw new Error(`${name} is no Node program: use --native`);
  say(`${name}, ${options.profile}`);
  await (options.native ? nativeProfile : scriptProfile)(options, subject, say);
}
