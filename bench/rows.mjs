// What is measured of a subject on its stage: CPU per exchange and echo, base memory, memory per idle
// WebSocket. Each number is of the proxy's processes alone.
// Must never count work of the warm-up, nor stop before the last answer is in.

import { openHttp, openWebSockets } from './load.mjs';
import { cpuNs, residentKb, sleep } from './process.mjs';

const CONNECTIONS = 64;
const IDLE_WEBSOCKETS = 9_000;
const WARM_WEBSOCKETS = 64;
const WARM_REQUESTS = 2_000;
const QUIET_STEP_MS = 500;
const STILL_MS = 1_000;
const QUIET_KB = 128;
const SOON_MS = 2_000;
// V8 collects some eight seconds after a program has gone quiet.
const COLLECTED_MS = 10_000;

/** Exchanges per turn for a subject of share 1; a quarter more before that as warm-up. */
export const WORK = { small: 30_000, large: 8_000, upload: 8_000, websocket: 40_000 };
const WARM_PART = 0.25;

export const ROWS = [...Object.keys(WORK), 'idle', 'start'];

/** CPU microseconds per exchange over `CONNECTIONS` connections; `marks` are told of the measured part. */
export async function cpuPerExchange({ subject, proxy, target }, row, scale, marks) {
  const exchanges = Math.ceil(WORK[row] * scale * (subject.share ?? 1));
  const load =
    row === 'websocket'
      ? await openWebSockets(target, CONNECTIONS)
      : await openHttp(target, CONNECTIONS, row);
  try {
    await load.run(Math.ceil(exchanges * WARM_PART));
    marks?.begin();
    const before = cpuNs(proxy.pid);
    await load.run(exchanges);
    const used = cpuNs(proxy.pid) - before;
    marks?.end();
    return used / 1_000 / exchanges;
  } finally {
    load.close();
  }
}

/**
 * KB of resident growth per idle WebSocket, above a proxy that has done a little of everything and then rested:
 * two seconds after the last handshake, and once a garbage collector would have had its chance.
 */
export async function idleKb({ subject, proxy, target }) {
  await warmUp(target);
  const before = await restedKb(proxy.pid, subject.node ? COLLECTED_MS : SOON_MS);
  const load = await openWebSockets(target, IDLE_WEBSOCKETS);
  try {
    const soon = await restedKb(proxy.pid, SOON_MS);
    const late = subject.node ? await restedKb(proxy.pid, COLLECTED_MS - SOON_MS) : soon;
    const perSocket = (kb) => (kb - before) / IDLE_WEBSOCKETS;
    return [
      ['warm', before / 1_024],
      ['soon', perSocket(soon)],
      ['idle', perSocket(late)],
    ];
  } finally {
    load.close();
  }
}

async function warmUp(target) {
  const http = await openHttp(target, CONNECTIONS, 'small');
  await http.run(WARM_REQUESTS);
  http.close();
  const sockets = await openWebSockets(target, WARM_WEBSOCKETS);
  await sockets.run(WARM_WEBSOCKETS);
  sockets.close();
}

/** Resident memory after so long, once it has stood still for a second; after as long again as it is. */
async function restedKb(pid, restMs) {
  let last = residentKb(pid);
  let still = 0;
  for (let waited = 0; waited < 2 * restMs; waited += QUIET_STEP_MS) {
    if (waited >= restMs && still >= STILL_MS) break;
    await sleep(QUIET_STEP_MS);
    const now = residentKb(pid);
    still = Math.abs(now - last) < QUIET_KB ? still + QUIET_STEP_MS : 0;
    last = now;
  }
  return last;
}
