/**
 * The commands in this process: its output, its files, its clock. The only file of the command
 * line that touches them, beside the programs that it starts.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { systemClock } from '../clock.js';
import { EXIT_FAULT } from '../errors.js';
import { runCommand, type Surroundings } from './command.js';
import type { Command } from './options.js';
import { terminalPrograms } from './programs.js';

/** What the user's environment says: values, and what may be done to a terminal. */
export interface CommandEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly mayDraw: boolean;
  readonly mayColour: boolean;
}

/** Runs it to its end; returns the exit code. */
export function runInTerminal(
  command: Command,
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<number> {
  // A program that is held has its own.
  whenReaderIsGone(() => (command === 'hold' ? undefined : process.exit(EXIT_FAULT)));
  return runCommand(command, argv, terminal(environment));
}

/** The same for what is asked of a rainbow group; what that brings along is for nobody else. */
export async function runRainbowInTerminal(
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<number> {
  whenReaderIsGone(() => process.exit(EXIT_FAULT));
  const { runRainbow } = await import('./rainbow/command.js');
  return runRainbow(argv, terminal(environment));
}

/** Nobody is left to tell. */
function whenReaderIsGone(act: () => void): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', act);
}

function terminal({ variables, mayDraw, mayColour }: CommandEnvironment): Surroundings {
  const { stdin, stdout, stderr } = process;
  return {
    clock: systemClock,
    variables,
    readText: (path) => readFileSync(path, 'utf8'),
    print: (text) => stdout.write(text),
    complain: (text) => stderr.write(text),
    programs: terminalPrograms,
    isTerminal: stdout.isTTY && mayDraw,
    isColourful: stdout.isTTY && mayColour,
    rows: () => stdout.rows,
    columns: () => stdout.columns,
    isInteractive: stdin.isTTY && stderr.isTTY,
    readLine,
  };
}

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
