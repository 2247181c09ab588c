/**
 * The load driver's program: commands on its standard input, answers on its standard output, a line
 * of JSON each (see contract.ts). It ends when it is told to stop, or when nobody is left to tell it.
 */
import { lookup } from 'node:dns/promises';
import { createInterface } from 'node:readline';
import type { Command, Reply } from './contract.js';
import { Load } from './load.js';

let load: Load | undefined;

function say(reply: Reply, then?: () => void): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`, then);
}

async function start({ target, ...plan }: Command & { do: 'start' }): Promise<void> {
  if (load !== undefined) throw new Error('it has begun already');
  const { hostname, port } = new URL(`http://${target}`);
  const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''));
  load = new Load({ host: address, port: Number(port === '' ? 80 : port) }, target, plan);
  say({ to: 'start' });
}

async function obey(command: Command): Promise<void> {
  if (command.do === 'start') return start(command);
  if (load === undefined) throw new Error('nothing has begun');
  const running = load;
  switch (command.do) {
    case 'report':
      return say({ to: 'report', report: running.report() });
    case 'stop':
      await running.stop();
      return say({ to: 'stop', report: running.report() }, () => process.exit(0));
    default:
      throw new Error('there is no such command');
  }
}

async function take(line: string): Promise<void> {
  let to = 'unknown';
  try {
    const command = JSON.parse(line) as Command;
    to = String(command.do);
    await obey(command);
  } catch (error) {
    say({ to, error: String(error) });
  }
}

process.stdout.on('error', () => process.exit(1));
createInterface(process.stdin)
  .on('line', (line) => void take(line))
  .on('close', () => process.exit(0));
