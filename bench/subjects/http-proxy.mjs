// http-proxy as its README shows it, or with a keep-alive agent.
// `node http-proxy.mjs HOST PORT APPHOST APPPORT [keep-alive]`.

import http from 'node:http';
import httpProxy from 'http-proxy';

const [host, port, appHost, appPort, mode] = process.argv.slice(2);

const target = `http://${appHost}:${appPort}`;
const agent = mode === 'keep-alive' ? new http.Agent({ keepAlive: true }) : undefined;
const proxy = httpProxy.createProxyServer({ target, ws: true, agent });
proxy.on('error', (_error, _request, answer) => answer.destroy?.());
proxy.listen(Number(port), host);
process.on('SIGTERM', () => process.exit(0));
