/**
 * `tidegate demo app [PORT|HOST:PORT]`: the demo's app without a tidegate, as the app container of a
 * pod has it. It ends at once when it is asked to, as an app without a hook of its own does.
 */
import { EXIT_OK, ListenError, ValueError } from '../errors.js';
import { createJournal } from '../journal.js';
import { openPort } from '../port.js';
import { type Address, formatAddress, parseAddress } from '../settings/address.js';
import { onEndSignals } from '../signals.js';
import { createDemoApp } from './app.js';

/** What a fault of the address is told of. */
const KEY = 'demo app';
/** Where tidegate looks for its app, unless told otherwise. */
const ADDRESS_DEFAULT = '3000';

/** Runs it until a signal ends it; returns the exit code. */
export async function runDemoApp(words: readonly string[]): Promise<number> {
  const journal = createJournal('error');
  // From the start: the first process of a container has no default for signals.
  const ended = new Promise<void>((resolve) => onEndSignals(() => resolve()));
  try {
    const listen = await openPort(createDemoApp(), KEY, readAddress(words));
    process.stdout.write(`the demo app listens at ${formatAddress(listen)}\n`);
  } catch (error) {
    if (error instanceof ValueError) {
      journal.settingRefused({ key: KEY, value: words.join(' '), reason: error.message });
    } else if (error instanceof ListenError) journal.portRefused(error);
    else throw error;
    return error.exitCode;
  }
  await ended;
  return EXIT_OK;
}

function readAddress([address = ADDRESS_DEFAULT, ...more]: readonly string[]): Address {
  if (more.length > 0) throw new ValueError('is more than one address');
  return parseAddress(address);
}
