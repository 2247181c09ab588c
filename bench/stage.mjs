// One subject on its stage: a fresh app and a fresh proxy, on addresses and a directory of their own.
// Fresh addresses keep TIME_WAIT ports of one stage away from the next; the end of a stage waits until its
// processes, and with them all their sockets, are gone. Must never leave a proxy running.

import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cpuNs, freePort, listening, startPinned, temporaryDirectory } from './process.mjs';

export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

const APP = fileURLToPath(new URL('app.mjs', import.meta.url));

let stages = process.pid % 250;

/** Starts app and subject. The stage knows the proxy's pid and address, and ends both. */
export async function raise(subject, { node, bundle, before, flags = [] }) {
  stages = (stages + 1) % 250;
  const directory = temporaryDirectory();
  const started = [];
  const end = async () => {
    for (const child of started.reverse()) await child.end();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const app = await address(`127.0.1.${stages + 1}`);
    const at = await address(`127.0.2.${stages + 1}`);
    const adminPort = await freePort(at.host);
    started.push(startPinned(LOAD_CORE, [process.execPath, APP, app.host, String(app.port)]));
    await listening(started[0], app);
    const command = subject.command({
      ...{ node, bundle, before, flags, directory, app, adminPort },
      ...at,
    });
    const beganMs = performance.now();
    started.push(startPinned(PROXY_CORE, command, { cwd: directory }));
    const startMs = (await listening(started[1], at)) - beganMs;
    const usedNs = () => started.reduce((sum, { pid }) => sum + cpuNs(pid), 0);
    return { subject, proxy: started[1], target: at, startMs, directory, usedNs, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Gives `use` a stage, and ends it whatever comes of it. */
export async function withStage(subject, options, use) {
  const stage = await raise(subject, options);
  try {
    return await use(stage);
  } finally {
    await stage.end();
  }
}

async function address(host) {
  return { host, port: await freePort(host) };
}
