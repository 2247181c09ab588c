/**
 * `tidegate demo`: a small app and a tidegate in front of it in one process, to try things out.
 * The settings are the sidecar's; the app listens where `app` says.
 */
import { EXIT_USAGE } from '../errors.js';
import { openPort } from '../port.js';
import { type Address, formatAddress } from '../settings/address.js';
import { readSettings, runUntilEnded } from '../sidecar.js';
import { createDemoApp } from './app.js';

/** Runs both until a signal has drained them; returns the exit code. */
export async function runDemo(argv: readonly string[]): Promise<number> {
  const config = readSettings(argv);
  if (config === undefined) return EXIT_USAGE;
  const app = createDemoApp();
  await openPort(app, 'app', config.app);
  const exitCode = await runUntilEnded(config, ({ listen, admin }) => {
    process.stdout.write(whatToTry(onLoopback(listen), onLoopback(admin)));
  });
  app.close();
  app.closeAllConnections();
  return exitCode;
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
