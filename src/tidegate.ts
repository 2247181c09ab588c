#!/usr/bin/env -S node --max-semi-space-size=1
/**
 * The entry: runs the sidecar, or the command that was asked for. Everything is loaded only when
 * it is needed, so that the sidecar listens soon.
 */
import { basename } from 'node:path';
import { EXIT_OK } from './errors.js';

const [program = '', command, ...rest] = process.argv.slice(1);
/** By this name kubectl finds it: `kubectl tidegate`. Nobody means to start a sidecar by that. */
const isPlugin = basename(program).startsWith('kubectl-');

/** As COMMANDS of cli/options, which are not loaded for the sidecar. */
function isCommand(word = ''): word is 'status' | 'drain' | 'wait' | 'hold' {
  return ['status', 'drain', 'wait', 'hold'].includes(word);
}

/** What a plugin has beside the words of `rainbow`. */
const isOwn = isCommand(command) || ['demo', '--version', 'version'].includes(command ?? '');

if (command === 'rainbow' || (isPlugin && !isOwn)) {
  const { commandEnvironment } = await import('./config.js');
  const { runRainbowInTerminal } = await import('./cli/run.js');
  const words = isPlugin ? process.argv.slice(2) : rest;
  process.exit(await runRainbowInTerminal(words, commandEnvironment()));
} else if (command === 'controller') {
  const { commandEnvironment } = await import('./config.js');
  const { runController } = await import('./controller/run.js');
  process.exit(await runController(rest, commandEnvironment().variables));
} else if (command === '--help' || command === '-h' || command === 'help') {
  const { helpText } = await import('./config.js');
  process.stdout.write(helpText());
} else if (command === '--version' || command === 'version') {
  const { VERSION } = await import('./build.js');
  process.stdout.write(`tidegate ${VERSION}\n`);
} else if (command === 'demo' && rest[0] === 'app') {
  const { runDemoApp } = await import('./demo/alone.js');
  process.exit(await runDemoApp(rest.slice(1)));
} else if (command === 'demo') {
  const { runDemo } = await import('./demo/run.js');
  process.exit(await runDemo(rest));
} else if (isCommand(command)) {
  const { commandEnvironment } = await import('./config.js');
  const { runInTerminal } = await import('./cli/run.js');
  process.exit(await runInTerminal(command, rest, commandEnvironment()));
} else {
  const { runSidecar } = await import('./sidecar.js');
  process.exit(await runSidecar(process.argv.slice(2)));
}
process.exitCode = EXIT_OK;
