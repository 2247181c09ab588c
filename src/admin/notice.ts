/**
 * The sidecar's own preStop: tells it that the pod is terminating. A program of its own, with
 * nothing but a socket, because it is started beside a sidecar that holds thousands of connections
 * and has to be quick. `node notice.mjs [PORT]`; exit code 0 once the sidecar knows.
 */
import { connect } from 'node:net';

const PORT_DEFAULT = 9180;
const ANSWER_MS_MAX = 5_000;

const port = Number(process.argv[2] ?? PORT_DEFAULT);

if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write(`PORT "${process.argv[2] ?? ''}" is no port from 1 to 65535\n`);
  process.exit(64);
}

function fail(reason: string): never {
  process.stderr.write(`the sidecar at 127.0.0.1:${port} was not told: ${reason}\n`);
  process.exit(1);
}

const socket = connect(port, '127.0.0.1');
let answer = '';
socket.setTimeout(ANSWER_MS_MAX, () => fail('no answer'));
socket.on('error', (error) => fail(error.message));
socket.on('end', () => fail('no answer'));
socket.on('data', (chunk: Buffer) => {
  answer += chunk.toString('latin1');
  const line = /^HTTP\/1\.1 (\d{3}) /.exec(answer);
  if (line === null) return;
  if (line[1] === '202') process.exit(0);
  fail(`it answered ${line[1]}`);
});
socket.write(
  'POST /drain?terminating=true&reason=preStop HTTP/1.1\r\n' +
    'Host: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
);
