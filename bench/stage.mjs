// One subject's turn: a fresh app and a fresh proxy, on addresses and a directory of their own, and their end.
// Fresh addresses keep TIME_WAIT ports of one turn away from the next; ending waits until all sockets are gone.
// Must never leave a proxy running beside the next one.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, listening, sleep, startPinned } from './process.mjs';

export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

const APP = fileURLToPath(new URL('app.mjs', import.meta.url));
const BREATH_MS = 100;

let turns = process.pid % 250;

/** Starts app and subject; gives `use` the stage, and ends both whatever comes of it. */
export async function withSubject(subject, { node, bundle, flags = [] }, use) {
  const turn = (turns = (turns + 1) % 250) + 1;
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tidegate-bench-'));
  chmodSync(directory, 0o755);
  const started = [];
  try {
    const app = await address(`127.0.1.${turn}`);
    const at = { node, bundle, flags, directory, app, ...(await address(`127.0.2.${turn}`)) };
    const adminPort = await freePort(at.host);
    const appCommand = [process.execPath, APP, app.host, String(app.port)];
    const appChild = startPinned(LOAD_CORE, appCommand);
    started.push(appChild);
    await listening(appChild, app);
    const before = performance.now();
    const proxy = startPinned(PROXY_CORE, subject.command({ ...at, adminPort }), {
      cwd: directory,
    });
    started.push(proxy);
    const startMs = (await listening(proxy, at)) - before;
    return await use({ pid: proxy.pid, proxy, target: at, startMs, directory });
  } finally {
    for (const child of started.reverse()) await child.end();
    rmSync(directory, { recursive: true, force: true });
    await sleep(BREATH_MS);
  }
}

async function address(host) {
  return { host, port: await freePort(host) };
}
