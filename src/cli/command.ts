/**
 * Runs `status`, `drain`, `wait` or `hold` and says with which code to exit. Speaks to people and scripts
 * through what it is handed; knows no process and no environment.
 */
import type { SafeToDelete, Status } from '../admin/contract.js';
import type { Clock } from '../clock.js';
import { EXIT_FAULT, EXIT_OK, type SettingFault } from '../errors.js';
import { formatDuration } from '../settings/duration.js';
import { AdminPort, type Told } from './admin-port.js';
import { type Asked, readArguments, type Sources } from './arguments.js';
import { addressTarget, AskError, type Target } from './ask.js';
import { holdWhile, type Programs } from './hold.js';
import { type Command, commandHelp, EXIT_COMMAND_USAGE, EXIT_NOT_SAFE } from './options.js';
import { poll } from './poll.js';
import {
  type Paint,
  renderScreen,
  statusLine,
  verdictLine,
  withColour,
  withoutColour,
} from './screen.js';
import { plain, usageText, verdictWords } from './sentences.js';

export interface Surroundings extends Sources {
  readonly clock: Clock;
  /** What was asked for. */
  readonly print: (text: string) => void;
  /** What went wrong. */
  readonly complain: (text: string) => void;
  readonly programs: Programs;
  /** Whether what is printed goes to a terminal that can be drawn on, and in colour. */
  readonly isTerminal: boolean;
  readonly isColourful: boolean;
  /** How many lines that terminal has. */
  readonly rows: () => number;
  /** And how many characters a line of it. */
  readonly columns: () => number;
  /** Whether somebody sits before it who could type. */
  readonly isInteractive: boolean;
  /** What they type next, up to its end; empty if they do not. */
  readonly readLine: () => Promise<string>;
}

/** The whole screen anew: to its first line, and clear what an earlier one left. */
export const HOME = '\x1b[H';
export const CLEAR_LINE = '\x1b[K\n';
export const CLEAR_BELOW = '\x1b[J';

/** Runs it to its end; returns the exit code. */
export async function runCommand(
  command: Command,
  argv: readonly string[],
  around: Surroundings,
): Promise<number> {
  const faults: SettingFault[] = [];
  const asked = readArguments(command, argv, around, faults);
  if (asked.help) {
    around.print(commandHelp(command));
    return EXIT_OK;
  }
  if (faults.length > 0) {
    around.complain(usageText(faults, command));
    return EXIT_COMMAND_USAGE;
  }
  try {
    const target = await targetOf(asked, around);
    const refusal = await refusalOf(asked, target);
    if (refusal !== undefined) {
      complain(asked, around, refusal);
      return EXIT_NOT_SAFE;
    }
    return await new Run(asked, around, target)[command]();
  } catch (error) {
    if (!(error instanceof AskError)) throw error;
    complain(asked, around, error.message);
    return EXIT_FAULT;
  }
}

/** What is needed for a cluster is loaded only where one is meant. */
async function targetOf({ admin, pod, token }: Asked, around: Surroundings): Promise<Target> {
  if (pod === undefined) return addressTarget(admin, token, around.clock);
  const { podTarget } = await import('./pod-target.js');
  return podTarget(pod, admin.port, token, around);
}

/** A drain makes the pod unready, unless it is to stay so. */
async function refusalOf(asked: Asked, target: Target): Promise<string | undefined> {
  const { command, recall, force, readiness } = asked;
  if (command !== 'drain' || recall || force || readiness === 'keep') return undefined;
  const [service] = (await target.lastReadyOf?.()) ?? [];
  if (service === undefined) return undefined;
  return (
    `${target.name} is the last ready pod of Service ${service}, which would send to nobody:` +
    ` --force drains it, --readiness keep leaves it ready`
  );
}

function complain({ command }: Asked, around: Surroundings, sentence: string): void {
  around.complain(plain(`tidegate ${command}: ${sentence}`) + '\n');
}

class Run {
  private readonly asked: Asked;
  private readonly around: Surroundings;
  private readonly port: AdminPort;
  private readonly paint: Paint;
  /** What was shown last, without the time. */
  private shown = '';

  constructor(asked: Asked, around: Surroundings, target: Target) {
    this.asked = asked;
    this.around = around;
    this.port = new AdminPort(target, around.clock);
    this.paint = around.isColourful ? withColour : withoutColour;
  }

  async status(): Promise<number> {
    if (this.asked.watch) return this.watch();
    const told = await this.port.status();
    this.showStatus(told);
    return codeOf(told.value.verdict);
  }

  async drain(): Promise<number> {
    const { recall, reason, readiness, wait } = this.asked;
    const told = recall ? await this.port.recall() : await this.port.drain(reason, readiness);
    if (wait) return this.wait();
    this.showStatus(told);
    return EXIT_OK;
  }

  async wait(): Promise<number> {
    const { output, timeoutMs } = this.asked;
    const untilMs = timeoutMs === undefined ? undefined : this.around.clock.now() + timeoutMs;
    let last: Told<SafeToDelete> | undefined;
    for await (const told of this.poll(() => this.port.safeToDelete(), untilMs)) {
      last = told;
      if (output === 'table') this.showLine(verdictLine(told.value));
      if (told.value.safe) break;
    }
    // It has been answered at least once: else there would have been an error.
    if (last === undefined) return EXIT_FAULT;
    if (output === 'json') this.around.print(last.text);
    if (last.value.safe) return EXIT_OK;
    complain(
      this.asked,
      this.around,
      `after ${formatDuration(timeoutMs ?? 0)} ${verdictWords(last.value)}`,
    );
    return EXIT_NOT_SAFE;
  }

  async hold(): Promise<number> {
    const { asked, around, port } = this;
    if (asked.hold === undefined) return EXIT_FAULT;
    const { clock, programs } = around;
    const say = (sentence: string): void => complain(asked, around, sentence);
    return holdWhile(asked.hold.words, asked.hold, { port, clock, programs, complain: say });
  }

  private async watch(): Promise<number> {
    for await (const told of this.poll(() => this.port.status())) {
      if (this.asked.output === 'json') this.showChange(statusLine(told.value), told.text);
      else if (this.around.isTerminal) this.redraw(told);
      else this.showLine(statusLine(told.value));
      if (told.value.phase === 'drained') return codeOf(told.value.verdict);
    }
    return EXIT_FAULT;
  }

  private poll<T>(ask: () => Promise<T>, untilMs = Infinity): AsyncGenerator<T, void, void> {
    const failed = ({ message }: AskError): void =>
      complain(this.asked, this.around, `${message}; trying again`);
    return poll(ask, { clock: this.around.clock, failed, untilMs });
  }

  private showStatus(told: Told<Status>): void {
    this.around.print(this.asked.output === 'json' ? told.text : this.screen(told));
  }

  private screen({ value, atMs }: Told<Status>): string {
    return renderScreen(value, this.port.name, atMs, this.paint);
  }

  private redraw(told: Told<Status>): void {
    const screen = this.screen(told).replaceAll('\n', CLEAR_LINE);
    this.around.print(`${HOME}${screen}${CLEAR_BELOW}`);
  }

  /** With the time of day, if it differs from the line before. */
  private showLine(line: string): void {
    const time = this.around.clock.wall().toISOString().slice(0, 19);
    this.showChange(line, `${time}Z  ${line}\n`);
  }

  private showChange(line: string, text: string): void {
    if (line === this.shown) return;
    this.shown = line;
    this.around.print(text);
  }
}

function codeOf({ safe }: SafeToDelete): number {
  return safe ? EXIT_OK : EXIT_NOT_SAFE;
}
