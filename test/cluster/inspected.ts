/**
 * Makes the tidegate of a pod misbehave from within, as a bug would: through Node's inspector, which
 * SIGUSR1 opens on the pod's loopback address. Nothing of this needs anything in the program.
 */
import { NODE } from './manifest.js';
import type { Namespace } from './namespace.js';

/** The event loop stands still, and takes no processor. */
export const WEDGE = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
/** Memory is taken, and touched, without an end. */
export const DEVOUR = 'for (const all = []; ; ) all.push(Buffer.alloc(1 << 24, 1))';

/** Has the sidecar run `statement` soon; resolves once it is about to. */
export async function misbehave(
  namespace: Namespace,
  pod: string,
  statement: string,
): Promise<void> {
  const expression = JSON.stringify(`setTimeout(() => { ${statement} }, 200), 'soon'`);
  const script = `
    const list = 'http://127.0.0.1:9229/json/list';
    const pause = () => new Promise((go) => setTimeout(go, 50));
    const asked = () => fetch(list).catch(() => pause().then(asked));
    process.kill(1, 'SIGUSR1');
    const [{ webSocketDebuggerUrl }] = await (await asked()).json();
    const socket = new WebSocket(webSocketDebuggerUrl);
    const params = { expression: ${expression} };
    const line = { id: 1, method: 'Runtime.evaluate', params };
    socket.onopen = () => socket.send(JSON.stringify(line));
    socket.onmessage = ({ data }) => process.stdout.write(data, () => process.exit(0));`;
  // The flag is for Node 20.
  const module = ['--experimental-websocket', '--input-type=module', '-e', script];
  const exec = ['exec', pod, '-c', 'tidegate', '--', NODE, ...module];
  const answer = await namespace.kubectl(exec);
  if (!answer.includes('"soon"')) throw new Error(`${pod}: ${answer}`);
}
