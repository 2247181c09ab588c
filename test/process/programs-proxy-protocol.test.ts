/**
 * Debian's nginx as an app that asks for a PROXY preamble: it learns from it, in both versions, the
 * address and port that the client really has, once a connection, however much is asked on it.
 */
import { request } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { testWith } from '../peers/programs.js';
import { folderFor, freePort, inFrontOf, leavesNothing, serve } from '../peers/running.js';

const configuration = (folder: string, port: number): string => `
  master_process off; daemon off; pid ${folder}/pid; error_log stderr;
  events { worker_connections 64; }
  http {
    access_log off;
    client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
    fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi;
    scgi_temp_path ${folder}/scgi;
    server {
      listen 127.0.0.1:${port} proxy_protocol;
      location / {
        return 200 "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_port";
      }
    }
  }
`;

/** Asks twice over one connection; returns both answers and the port it asked from. */
async function askTwice(port: number): Promise<{ answers: string[]; from: number }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const from = (socket.address() as AddressInfo).port;
  const answers: string[] = [];
  for (let times = 0; times < 2; times++) {
    const asked = request({
      createConnection: () => socket,
      headers: { connection: 'keep-alive' },
    });
    asked.end();
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    answers.push(await text(response));
  }
  socket.destroy();
  return { answers, from };
}

for (const version of ['v1', 'v2']) {
  testWith(['nginx'], `nginx learns the client's address by ${version}`, async (t, { nginx }) => {
    const folder = folderFor(t);
    const port = await freePort();
    const conf = join(folder, 'nginx.conf');
    writeFileSync(conf, configuration(folder, port));
    await serve(t, nginx, ['-p', folder, '-e', 'stderr', '-c', conf], port);
    await inFrontOf(
      t,
      port,
      async (tidegate) => {
        for (let clients = 0; clients < 3; clients++) {
          const { answers, from } = await askTwice(tidegate.listen.port);
          const expected = `127.0.0.1:${from} ${tidegate.listen.port}`;
          t.same(answers, [expected, expected]);
        }
        await leavesNothing(t, tidegate);
      },
      [`--proxy-protocol=${version}`],
    );
  });
}
