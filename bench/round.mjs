// One round: every subject once, row by row, so that the same noise of the machine meets all of them.
// The subjects of the CPU rows stand ready together and wait for their turn without work; for idle memory
// each is alone with its 9,000 sockets. Must never let one broken subject spoil the others.

import { cpuPerExchange, idleKb, WORK } from './rows.mjs';
import { machineBusyNs, residentKb, sleep } from './process.mjs';
import { MACHINE, median } from './report.mjs';
import { raise, withStage } from './stage.mjs';
import { SUBJECTS } from './subjects/index.mjs';

const AT_REST_MS = 1_000;
const STARTS = 3;

export class Round {
  faults = [];

  constructor(index, names, samples, options) {
    this.index = index;
    this.samples = samples;
    this.options = options;
    // The order changes from round to round, so that no subject always follows the same one.
    this.names = names.map((_, at) => names[(at + index) % names.length]);
  }

  /** Gives what broke, as sentences. */
  async run(rows) {
    await this.cpuRows(rows.filter((row) => row in WORK));
    if (rows.includes('idle')) await this.each((name) => this.idle(name));
    if (rows.includes('start')) await this.each((name) => this.start(name));
    return this.faults;
  }

  add(name, column, value) {
    this.samples.add(name, column, this.index, value);
  }

  /** A subject that has broken is left out for the rest of the round. */
  async each(measure) {
    for (const name of [...this.names]) {
      try {
        await measure(name);
      } catch (error) {
        this.names.splice(this.names.indexOf(name), 1);
        this.faults.push(`${name}: ${error.message}`);
      }
    }
  }

  async cpuRows(rows) {
    const stages = new Map();
    try {
      await this.each(async (name) => stages.set(name, await raise(SUBJECTS[name], this.options)));
      await sleep(AT_REST_MS);
      for (const [name, { proxy }] of stages) this.add(name, 'base', residentKb(proxy.pid) / 1_024);
      const others = othersSince([...stages.values()]);
      for (const row of rows) {
        await this.each(async (name) => {
          this.add(name, row, await cpuPerExchange(stages.get(name), row, this.options.scale));
        });
      }
      if (rows.length > 0) this.add(MACHINE, 'others', others());
    } finally {
      for (const stage of stages.values()) await stage.end();
    }
  }

  async idle(name) {
    await withStage(SUBJECTS[name], this.options, async (stage) => {
      for (const [column, value] of await idleKb(stage)) this.add(name, column, value);
    });
  }

  async start(name) {
    const times = [];
    for (let start = 0; start < STARTS; start += 1) {
      times.push(await withStage(SUBJECTS[name], this.options, ({ startMs }) => startMs));
    }
    this.add(name, 'start', median(times));
  }
}

/** Tells later how much of a core, in percent, programs have used that are no part of the bench. */
function othersSince(stages) {
  const ownNs = () => {
    const { user, system } = process.cpuUsage();
    return stages.reduce((sum, stage) => sum + stage.usedNs(), (user + system) * 1_000);
  };
  const began = { at: performance.now(), busy: machineBusyNs(), own: ownNs() };
  return () => {
    const ns = machineBusyNs() - began.busy - (ownNs() - began.own);
    return (Math.max(0, ns) / 1e6 / (performance.now() - began.at)) * 100;
  };
}
