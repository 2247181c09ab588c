// What is measured: every subject's command line, and the configuration files of haproxy and nginx.
// Each runs as its own manual would set it up beside one app: one worker, upstream keep-alive, upgrades
// passed, no access log. Must never tune one subject's kernel or Node beyond what is written here.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

function script(name, ...more) {
  return ({ node, flags, host, port, app }) => [
    node,
    ...flags,
    path.join(here, name),
    ...[host, String(port), app.host, String(app.port)],
    ...more,
  ];
}

function tidegate({ node, flags, bundle, host, port, adminPort, app }) {
  const listen = ['--listen', `${host}:${port}`, '--app', `${app.host}:${app.port}`];
  const rest = ['--admin', `${host}:${adminPort}`, '--log-level', 'warn'];
  return [node, '--max-semi-space-size=1', ...flags, bundle, ...listen, ...rest];
}

function haproxy({ host, port, app, directory }) {
  const file = path.join(directory, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 9600
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
  http-reuse safe
frontend in
  bind ${host}:${port}
  default_backend app
backend app
  server app ${app.host}:${app.port}
`,
  );
  return ['haproxy', '-db', '-f', file];
}

const NGINX_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

function nginx({ host, port, app, directory }) {
  const file = path.join(directory, 'nginx.conf');
  mkdirSync(path.join(directory, 'temp'), { recursive: true });
  const paths = NGINX_PATHS.map((name) => `  ${name}_temp_path ${directory}/temp/${name};`);
  writeFileSync(
    file,
    `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 19500; }
http {
  access_log off;
${paths.join('\n')}
  keepalive_requests 10000000;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream app {
    server ${app.host}:${app.port};
    keepalive 64;
    keepalive_requests 10000000;
  }
  server {
    listen ${host}:${port};
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`,
  );
  return ['nginx', '-p', directory, '-c', file, '-e', 'stderr'];
}

/** The subject that is another build of tidegate; there only if one is given. */
export const BEFORE = 'tidegate before';

/** In the order of the table. `share`: the part of the usual number of requests it is given. */
export const SUBJECTS = {
  tidegate: { command: tidegate, node: true },
  [BEFORE]: { command: (at) => tidegate({ ...at, bundle: at.before }), node: true },
  pipe: { command: script('pipe.mjs'), node: true },
  haproxy: { command: haproxy },
  nginx: { command: nginx },
  'http-proxy keep-alive': {
    command: script('http-proxy.mjs', 'keep-alive'),
    share: 0.5,
    node: true,
  },
  'http-proxy default': { command: script('http-proxy.mjs'), share: 0.2, node: true },
};
