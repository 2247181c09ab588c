// `npm run bench`: what tidegate costs beside haproxy, nginx, http-proxy and a bare Node pipe, as ratios.
// Proxy on one core, load and app on the other; subjects take turns in every round; medians and limits at
// the end. Must never exit 0 when a subject broke; a limit that is missed counts only with --check.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { profile } from './profile.mjs';
import { figures, limitLines, limits, ratios, Samples } from './report.mjs';
import { turn } from './rows.mjs';
import { LOAD_CORE } from './stage.mjs';
import { SUBJECTS } from './subjects/index.mjs';

const BUNDLE = fileURLToPath(new URL('../dist/tidegate.mjs', import.meta.url));

const say = (text) => process.stdout.write(`${text}\n`);

function pinSelf() {
  if (os.cpus().length < 2)
    throw new Error('two cores are needed: one for the proxy, one for the load');
  const pin = ['--all-tasks', '--cpu-list', '--pid', String(LOAD_CORE), String(process.pid)];
  execFileSync('taskset', pin, { stdio: 'ignore' });
}

/** A copy of the program, which no build can change in the middle of a run; undefined if there is none. */
function copiedBundle() {
  if (!existsSync(BUNDLE)) return undefined;
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tidegate-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const bundle = path.join(directory, 'tidegate.mjs');
  copyFileSync(BUNDLE, bundle);
  return bundle;
}

/** The order changes from round to round, so that no subject always follows the same one. */
function rotated(names, by) {
  return names.map((_, index) => names[(index + by) % names.length]);
}

async function measure(options, names, samples) {
  // Idle memory is slow to measure and steady: half the rounds, odd in number again.
  const idleRounds = (options.rounds >> 1) | 1;
  let broken = 0;
  for (let round = 0; round < options.rounds; round += 1) {
    const rows = options.rows.filter((row) => row !== 'idle' || round < idleRounds);
    for (const name of rotated(names, round)) {
      const started = performance.now();
      try {
        const values = await turn(SUBJECTS[name], rows, options);
        for (const [column, value] of values) samples.add(name, column, round, value);
        const seconds = ((performance.now() - started) / 1_000).toFixed(0);
        process.stderr.write(`round ${round + 1} of ${options.rounds}: ${name}, ${seconds} s\n`);
      } catch (error) {
        broken += 1;
        process.stderr.write(`round ${round + 1}: ${name} BROKE: ${error.message}\n`);
      }
    }
  }
  return broken;
}

async function main() {
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const options = readOptions();
  pinSelf();
  options.bundle = copiedBundle();
  const missing = options.bundle === undefined && options.only.includes('tidegate');
  if (missing) say(`tidegate is left out: ${BUNDLE} is missing, see \`npm run build\``);
  const names = options.only.filter((name) => name !== 'tidegate' || !missing);
  if (options.profile !== undefined) return profile(names, options, say);
  const samples = new Samples();
  const broken = Number(missing) + (await measure(options, names, samples));
  const reached = limits(samples, Number.parseInt(options.nodeVersion.slice(1), 10));
  const machine = `${os.cpus().length} cores, ${os.cpus()[0].model}, Linux ${os.release()}`;
  const date = new Date().toISOString().slice(0, 10);
  say(`\n${date}; ${machine}; Node ${options.nodeVersion}; ${options.rounds} rounds\n`);
  say(`${figures(names, samples)}\n\n${ratios(names, samples)}\n\n${limitLines(reached)}`);
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
