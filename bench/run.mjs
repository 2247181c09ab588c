// `npm run bench`: what tidegate costs beside haproxy, nginx, http-proxy and a bare Node pipe, as ratios.
// Proxy on one core, load and app on the other; subjects take turns in every round; medians and limits at
// the end. Must never exit 0 when a subject broke; a limit that is missed counts only with --check.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { profile } from './profile.mjs';
import { temporaryDirectory } from './process.mjs';
import { figures, limitLines, limits, MACHINE, ratios, Samples } from './report.mjs';
import { Round } from './round.mjs';
import { BEFORE } from './subjects/index.mjs';
import { LOAD_CORE } from './stage.mjs';

const BUNDLE = fileURLToPath(new URL('../dist/tidegate.mjs', import.meta.url));

const say = (text) => process.stdout.write(`${text}\n`);

function pinSelf() {
  if (os.cpus().length < 2)
    throw new Error('two cores are needed: one for the proxy, one for the load');
  const pin = ['--all-tasks', '--cpu-list', '--pid', String(LOAD_CORE), String(process.pid)];
  execFileSync('taskset', pin, { stdio: 'ignore' });
}

/** A copy of a program, which no build can change in the middle of a run; undefined if there is none. */
function copied(bundle) {
  if (bundle === undefined || !existsSync(bundle)) return undefined;
  const copy = path.join(temporaryDirectory(), 'tidegate.mjs');
  copyFileSync(bundle, copy);
  return copy;
}

async function measure(options, names, samples) {
  // Idle memory is slow to measure and steady: half the rounds, odd in number again.
  const idleRounds = (options.rounds >> 1) | 1;
  let broken = 0;
  for (let index = 0; index < options.rounds; index += 1) {
    const began = performance.now();
    const rows = options.rows.filter((row) => row !== 'idle' || index < idleRounds);
    const round = new Round(index, names, samples, options);
    const faults = await round.run(rows);
    broken += faults.length;
    const seconds = Math.round((performance.now() - began) / 1_000);
    for (const fault of faults) process.stderr.write(`BROKE: ${fault}\n`);
    process.stderr.write(`round ${index + 1} of ${options.rounds}: ${seconds} s\n`);
  }
  return broken;
}

async function main() {
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const options = readOptions();
  pinSelf();
  options.bundle = copied(BUNDLE);
  if (options.before !== undefined && !existsSync(options.before)) {
    throw new Error(`--before: there is no ${options.before}`);
  }
  options.before = copied(options.before);
  const missing = options.bundle === undefined && options.only.includes('tidegate');
  if (missing) say(`tidegate is left out: ${BUNDLE} is missing, see \`npm run build\``);
  const names = options.only.filter((name) => name !== 'tidegate' || !missing);
  if (options.profile !== undefined) return profile(names, options, say);
  const samples = new Samples();
  const broken = Number(missing) + (await measure(options, names, samples));
  const reached = limits(samples, Number.parseInt(options.nodeVersion.slice(1), 10));
  const machine = `${os.cpus().length} cores, ${os.cpus()[0].model}, Linux ${os.release()}`;
  const date = new Date().toISOString().slice(0, 10);
  const others = `other programs: ${samples.middle(MACHINE, 'others')?.toFixed(0) ?? '-'} % of a core`;
  say(`\n${date}; ${machine}; Node ${options.nodeVersion}; ${options.rounds} rounds; ${others}\n`);
  say(`${figures(names, samples)}\n\n${ratios(names, samples, 'pipe', 'the bare pipe')}\n`);
  if (options.before !== undefined) say(`${ratios(['tidegate'], samples, BEFORE, BEFORE)}\n`);
  say(`${limitLines(reached)}`);
  if (options.json !== undefined) {
    const { rounds, nodeVersion } = options;
    const all = { date, machine, nodeVersion, rounds, samples, limits: reached, broken };
    writeFileSync(options.json, `${JSON.stringify(all, null, 2)}\n`);
  }
  if (broken > 0 || (options.check && reached.some(({ held }) => !held))) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
