// What is measured of a subject in one turn: CPU per exchange and echo, memory per idle WebSocket,
// base memory, time from start to listening. Each number is of the proxy's processes alone.
// Must never count work of the warm-up, nor stop before the last answer is in.

import { cpuNs, residentKb, sleep } from './process.mjs';
import { openHttp, openWebSockets } from './load.mjs';
import { median } from './report.mjs';
import { withSubject } from './stage.mjs';

const CONNECTIONS = 64;
const IDLE_WEBSOCKETS = 9_000;
const WARM_WEBSOCKETS = 64;
const WARM_REQUESTS = 2_000;
const AT_REST_MS = 1_000;
const MORE_STARTS = 2;
const QUIET_STEP_MS = 500;
const QUIET_STEPS_MAX = 40;
const QUIET_KB = 128;
const SOON_MS = 2_000;
// V8 collects some eight seconds after a program has gone quiet.
const COLLECTED_MS = 10_000;

/** Exchanges per turn for a subject of share 1; a quarter more before that as warm-up. */
export const WORK = { small: 30_000, large: 8_000, upload: 8_000, websocket: 40_000 };
const WARM_PART = 0.25;

export const ROWS = [...Object.keys(WORK), 'idle', 'start'];

/** CPU microseconds per exchange over `CONNECTIONS` connections; `marks` are told of the measured part. */
export async function cpuPerExchange({ pid, target }, subject, row, scale, marks) {
  const exchanges = Math.ceil(WORK[row] * scale * (subject.share ?? 1));
  const load =
    row === 'websocket'
      ? await openWebSockets(target, CONNECTIONS)
      : await openHttp(target, CONNECTIONS, row);
  try {
    await load.run(Math.ceil(exchanges * WARM_PART));
    marks?.begin();
    const before = cpuNs(pid);
    await load.run(exchanges);
    const used = cpuNs(pid) - before;
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
async function idle({ pid, target }, subject) {
  await warmUp(target);
  const before = await quietKb(pid, subject.node ? COLLECTED_MS : SOON_MS);
  const load = await openWebSockets(target, IDLE_WEBSOCKETS);
  try {
    const soon = await quietKb(pid, SOON_MS);
    const late = subject.node ? await quietKb(pid, COLLECTED_MS - SOON_MS) : soon;
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

/** Resident memory once it has stood still for so long; after twenty seconds it is taken as it is. */
async function quietKb(pid, stillMs) {
  let last = residentKb(pid);
  let still = 0;
  for (let step = 0; step < QUIET_STEPS_MAX && still < stillMs; step += 1) {
    await sleep(QUIET_STEP_MS);
    const now = residentKb(pid);
    still = Math.abs(now - last) < QUIET_KB ? still + QUIET_STEP_MS : 0;
    last = now;
  }
  return last;
}

/**
 * One turn: CPU rows in one process, the idle row in a second one, whose memory nothing has touched, two
 * more starts. Gives a list of [column, value].
 */
export async function turn(subject, rows, options) {
  const values = [];
  const starts = [];
  const withProcess = (use) =>
    withSubject(subject, options, async (stage) => {
      starts.push(stage.startMs);
      await use(stage);
    });
  await withProcess(async (stage) => {
    await sleep(AT_REST_MS);
    values.push(['base', residentKb(stage.pid) / 1_024]);
    for (const row of rows.filter((name) => name in WORK)) {
      values.push([row, await cpuPerExchange(stage, subject, row, options.scale)]);
    }
  });
  if (rows.includes('idle')) {
    await withProcess(async (stage) => values.push(...(await idle(stage, subject))));
  }
  if (rows.includes('start')) {
    for (let more = 0; more < MORE_STARTS; more += 1) await withProcess(() => {});
    values.push(['start', median(starts)]);
  }
  return values;
}
