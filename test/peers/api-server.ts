/**
 * An API server made up, with TLS by certificates of its own: it keeps what it was asked and answers
 * as a test says, or passes `pods/proxy` on to an admin port, without `Authorization`, as the real
 * one does.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as send } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { folderFor, run } from './running.js';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the client's certificate. */
  readonly commonName: string | undefined;
}

export interface Said {
  readonly status: number;
  readonly body: string | object;
}

/** What it does with a call; undefined: nothing, ever. */
export type Answering = (asked: Asked) => Said | { readonly admin: number } | undefined;

/** PEM texts, each signed by `ca` but for `otherCa`. */
export interface Certificates {
  readonly ca: string;
  readonly otherCa: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

export class FakeApiServer {
  readonly certificates: Certificates;
  readonly asked: Asked[] = [];
  /** How many there have been. */
  connections = 0;
  answering: Answering = () => ({ status: 200, body: {} });
  readonly url: string;
  readonly port: number;

  constructor(certificates: Certificates, port: number) {
    this.certificates = certificates;
    this.port = port;
    this.url = `https://127.0.0.1:${port}`;
  }

  /** A kubeconfig of one context `here`; what is given replaces that of its cluster and user. */
  kubeconfig(
    user: object = { token: 'tok-1' },
    cluster: object = {},
    context: object = {},
  ): string {
    const ca = Buffer.from(this.certificates.ca).toString('base64');
    return JSON.stringify({
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', ...context } }],
      clusters: [
        { name: 'c', cluster: { server: this.url, 'certificate-authority-data': ca, ...cluster } },
      ],
      users: [{ name: 'u', user }],
    });
  }
}

/** A Status as the API server has it. */
export function statusOf(code: number, reason: string, message: string): Said {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code };
  return { status: code, body };
}

export async function startApiServer(t: Test, openssl: string): Promise<FakeApiServer> {
  const certificates = await makeCertificates(t, openssl);
  const { ca, server: own } = certificates;
  const server = createServer({ ...own, ca, requestCert: true, rejectUnauthorized: false });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fake = new FakeApiServer(certificates, (server.address() as AddressInfo).port);
  server.on('secureConnection', () => (fake.connections += 1));
  server.on('request', (request, response) => {
    const socket = request.socket as TLSSocket;
    const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } };
    const { method = '', url: path = '', headers } = request;
    const asked: Asked = { method, path, headers, commonName: subject?.CN };
    fake.asked.push(asked);
    const said = fake.answering(asked);
    if (said === undefined) return;
    if ('status' in said) {
      const text = typeof said.body === 'string' ? said.body : JSON.stringify(said.body);
      response.writeHead(said.status, { 'content-type': 'application/json' }).end(text);
      return;
    }
    const others = { ...headers };
    delete others.authorization;
    const onward = { host: '127.0.0.1', port: said.admin, method, headers: others, agent: false };
    const passed = send({ ...onward, path: path.replace(/^.*?\/proxy/, '') }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => {
      const message = 'error trying to reach service: connect: connection refused';
      const { status, body } = statusOf(503, 'ServiceUnavailable', message);
      response.writeHead(status).end(JSON.stringify(body));
    });
    request.pipe(passed);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return fake;
}

async function makeCertificates(t: Test, openssl: string): Promise<Certificates> {
  const folder = folderFor(t);
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const make = async (name: string, more: readonly string[]): Promise<void> => {
    const made = await run(openssl, [
      ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      ...['-subj', `/CN=${name}`, '-days', '2'],
      ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`), ...more],
    ]);
    if (made.code !== 0) throw new Error(made.stderr);
  };
  const signed = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:api.test';
  await make('ca', []);
  await make('other', []);
  await make('server', [...signed, '-addext', names]);
  await make('jane', [...signed]);
  return {
    ca: read('ca.crt'),
    otherCa: read('other.crt'),
    server: { cert: read('server.crt'), key: read('server.key') },
    client: { cert: read('jane.crt'), key: read('jane.key') },
  };
}
