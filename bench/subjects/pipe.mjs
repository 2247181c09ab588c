// The base line: the least a tunnel in Node can be. `node pipe.mjs HOST PORT APPHOST APPPORT`.
// Knows nothing of what it carries; must never get smarter, everything is compared with it.

import net from 'node:net';

const [host, port, appHost, appPort] = process.argv.slice(2);

const server = net.createServer((client) => {
  const app = net.connect(Number(appPort), appHost);
  client.on('error', () => app.destroy());
  app.on('error', () => client.destroy());
  client.pipe(app);
  app.pipe(client);
});
server.listen(Number(port), host);
process.on('SIGTERM', () => process.exit(0));
