/**
 * `tidegate demo`: a small app and a tidegate in front of it in one process, to try things out.
 * The settings are the sidecar's; the app listens where `app` says.
 */
import type { Config } from '../config.js';
import { EXIT_FAULT, EXIT_USAGE, ListenError } from '../errors.js';
import { createJournal } from '../journal.js';
import { openPort } from '../port.js';
import { type Address, formatAddress } from '../settings/address.js';
import { formatDuration } from '../settings/duration.js';
import { readSettings, runUntilEnded } from '../sidecar.js';
import { onEndSignals } from '../signals.js';
import { createDemoApp } from './app.js';

/** Runs both until a signal has drained them; returns the exit code. */
export async function runDemo(argv: readonly string[]): Promise<number> {
  const config = readSettings(argv);
  if (config === undefined) return EXIT_USAGE;
  const app = createDemoApp();
  try {
    await openPort(app, 'app', config.app);
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    createJournal(config.logLevel).portRefused(error);
    return EXIT_FAULT;
  }
  const exitCode = await runUntilEnded(config, (sidecar) => {
    process.stdout.write(whatToTry(onLoopback(sidecar.listen), onLoopback(sidecar.admin)));
    const forget = onEndSignals(() => {
      forget();
      process.stdout.write(whatIsWaitedFor(sidecar.active, config));
    });
  });
  app.close();
  app.closeAllConnections();
  return exitCode;
}

function whatIsWaitedFor(active: number, { deadlineMs, settleMaxMs }: Config): string {
  const what =
    active === 0
      ? `nothing is in use; whether somebody still comes is seen in ${formatDuration(settleMaxMs)}`
      : `${active === 1 ? '1 connection' : `${active} connections`} in use may finish` +
        ` within ${formatDuration(deadlineMs)}`;
  return `\nDraining: ${what}.\nCtrl-C again ends it now.\n\n`;
}

/** An address that can be typed where the program runs. */
function onLoopback({ host, port }: Address): string {
  return formatAddress({ host: host ?? '127.0.0.1', port });
}

function whatToTry(listen: string, admin: string): string {
  return `
Try, in another terminal, and press Ctrl-C here while a stream is open:
  curl -N http://${listen}/events
  curl -d 'hello' http://${listen}/messages
  curl -s http://${admin}/metrics | grep tidegate_connections
Or open http://${listen}/ in two browser windows and chat.

`;
}
