/**
 * The commands in this process: its output, its files, its clock. The only file of the command
 * line that touches them, beside the programs that it starts.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../clock.js';
import { EXIT_FAULT } from '../errors.js';
import { runCommand } from './command.js';
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
  { variables, mayDraw, mayColour }: CommandEnvironment,
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  // The reader of a pipe has gone: nobody is left to tell. A program that is held has its own.
  const gone = (): void => (command === 'hold' ? undefined : process.exit(EXIT_FAULT));
  for (const stream of [stdout, stderr]) stream.on('error', gone);
  return runCommand(command, argv, {
    clock: systemClock,
    variables,
    readText: (path) => readFileSync(path, 'utf8'),
    print: (text) => stdout.write(text),
    complain: (text) => stderr.write(text),
    programs: terminalPrograms,
    isTerminal: stdout.isTTY && mayDraw,
    isColourful: stdout.isTTY && mayColour,
    isInteractive: stdin.isTTY && stderr.isTTY,
  });
}
