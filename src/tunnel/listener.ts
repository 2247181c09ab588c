/**
 * The data port: accepts clients and gives each its tunnel. The only place where client sockets
 * get their first listeners; a socket without an error listener would take the process down.
 */
import { type Server, type Socket, createServer } from 'node:net';
import { type AppAddress, Dial, type DialSocket } from './dial.js';
import { type Surroundings, Tunnel } from './tunnel.js';

/**
 * Makes the server of the data port; the caller opens it. `onAcceptError` hears of connections
 * that the system would not let us take (EMFILE).
 */
export function createListener(
  around: Surroundings,
  app: AppAddress,
  onAcceptError: (error: Error) => void,
): Server {
  const { keepAliveMs } = around.policy;
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: keepAliveMs > 0,
    keepAliveInitialDelay: keepAliveMs,
  });
  const reach = (tunnel: Tunnel): void => {
    const client = tunnel.client as DialSocket;
    client.dial = new Dial(tunnel, client, app);
  };
  server.on('connection', (socket) => accept(around, socket, reach));
  server.on('listening', () => server.on('error', onAcceptError));
  return server;
}

function accept(around: Surroundings, socket: Socket, reach: (tunnel: Tunnel) => void): void {
  const client = socket as DialSocket;
  client.on('error', onClientError);
  client.on('close', onClientClose);
  client.tunnel = new Tunnel(around, client, reach);
  reach(client.tunnel);
}

function onClientError(this: DialSocket): void {
  this.tunnel.broke(this);
}

function onClientClose(this: DialSocket): void {
  this.dial?.abandon();
  this.tunnel.closed(this);
}
