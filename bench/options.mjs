// The command line of run.mjs and profile.mjs: parsed, checked, and refused with a sentence.
// Must never start anything.

import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ROWS, WORK } from './rows.mjs';
import { BEFORE, SUBJECTS } from './subjects/index.mjs';

const USAGE = `npm run bench -- [options]
  --rounds N        odd number of rounds (5)
  --only A,B        subjects: ${Object.keys(SUBJECTS).join(', ')}
  --rows A,B        rows: ${ROWS.join(', ')}
  --scale X         part of the usual number of requests (1)
  --node PATH       the Node that runs tidegate, the pipe and http-proxy
  --before FILE     another build's tidegate.mjs, as a subject of its own beside this one
  --json FILE       all samples as JSON
  --check           exit 1 if a limit is not held
  --profile ROW     a CPU profile of one row instead; see profile.mjs
  --native          ... with Linux perf: kernel and V8 too
  --top N           lines of the profile (30)`;

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  only: { type: 'string', default: Object.keys(SUBJECTS).join(',') },
  rows: { type: 'string', default: ROWS.join(',') },
  scale: { type: 'string', default: '1' },
  node: { type: 'string', default: process.execPath },
  before: { type: 'string' },
  json: { type: 'string' },
  check: { type: 'boolean', default: false },
  profile: { type: 'string' },
  native: { type: 'boolean', default: false },
  top: { type: 'string', default: '30' },
  help: { type: 'boolean', default: false },
};

function refuse(sentence) {
  process.stderr.write(`${sentence}\n${USAGE}\n`);
  process.exit(64);
}

function listOf(text, known, what) {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) refuse(`no such ${what}: ${unknown.join(', ')}`);
  return known.filter((name) => names.includes(name));
}

function parse() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

export function readOptions() {
  const given = parse();
  if (given.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  const rounds = Number(given.rounds);
  if (!Number.isInteger(rounds) || rounds % 2 !== 1) refuse('--rounds must be odd');
  const scale = Number(given.scale);
  if (!(scale > 0)) refuse('--scale must be above 0');
  if (given.profile !== undefined) listOf(given.profile, Object.keys(WORK), 'row');
  return {
    ...given,
    rounds,
    scale,
    top: Number(given.top),
    only: listOf(given.only, Object.keys(SUBJECTS), 'subject').filter(
      (name) => name !== BEFORE || given.before !== undefined,
    ),
    rows: listOf(given.rows, ROWS, 'row'),
    nodeVersion: execFileSync(given.node, ['--version'], { encoding: 'utf8' }).trim(),
  };
}
