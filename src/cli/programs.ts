/**
 * Programs that are started from this terminal: they have its input and output, and the signals
 * that ask this process for its end go to them.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT_SIGNAL, type Program, type Programs } from './hold.js';

const PASSED_ON = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export const terminalPrograms: Programs = {
  start: ([program, ...args]) => startProgram(program, args),
  onSignal: (act) => {
    for (const name of PASSED_ON) {
      // A terminal's Ctrl-C reaches the program, too: passed on, it would be its second one.
      const isHeard = name === 'SIGINT' && process.stdin.isTTY;
      process.on(name, () => (isHeard ? undefined : act(name, codeOf(name))));
    }
  },
};

function startProgram(program: string, args: readonly string[]): Program {
  const child = spawn(program, args, { stdio: 'inherit' });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', (error) => {
      // A signal that could not be passed on is no end.
      if (child.pid === undefined) reject(error);
    });
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : codeOf(signal)));
  });
  return { ended, signal: (name) => void child.kill(name) };
}

function codeOf(name: NodeJS.Signals): number {
  return EXIT_SIGNAL + constants.signals[name];
}
