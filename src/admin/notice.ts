/**
 * The sidecar's own preStop: tells it that the pod is terminating. A program of its own, with
 * nothing but a socket, because it is started beside a sidecar that holds thousands of connections
 * and has to be quick. `node notice.mjs [--wait] [PORT]`; exit code 0 once the sidecar knows, with
 * `--wait` once its drain is over, so that the kubelet's SIGTERM does not come while it goes on.
 */
import { connect } from 'node:net';

const PORT_DEFAULT = 9180;
const ANSWER_MS_MAX = 5_000;

const given = process.argv.slice(2);
const waits = given[0] === '--wait';
const text = given[waits ? 1 : 0];
const port = Number(text ?? PORT_DEFAULT);

if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write(`PORT "${text ?? ''}" is no port from 1 to 65535\n`);
  process.exit(64);
}

/** Once it knows, whatever comes is the end of its drain, or its own. */
function end(reason: string): never {
  if (knows) process.exit(0);
  process.stderr.write(`the sidecar at 127.0.0.1:${port} was not told: ${reason}\n`);
  process.exit(1);
}

const socket = connect(port, '127.0.0.1');
let answer = '';
let knows = false;
socket.setTimeout(ANSWER_MS_MAX, () => end('no answer'));
socket.on('error', (error) => end(error.message));
socket.on('end', () => end('no answer'));
socket.on('data', (chunk: Buffer) => {
  if (knows) return;
  answer += chunk.toString('latin1');
  const line = /^HTTP\/1\.1 (\d{3}) /.exec(answer);
  if (line === null) return;
  if (line[1] !== '202') end(`it answered ${line[1]}`);
  knows = true;
  if (!waits) end('');
  socket.setTimeout(0);
});
socket.write(
  `POST /drain${waits ? '/wait' : '?terminating=true&reason=preStop'} HTTP/1.1\r\n` +
    'Host: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
);
