/**
 * A queue's worker as a container of a pod: nobody connects to it, and it works on one job after the
 * other. In the MANNER `leases` it holds a lease for each of them and takes none while its pod
 * drains; `dies` dies in its first, and lets go of nothing; `once` does one job, knows nothing of
 * leases and ends. On SIGTERM all exit at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const LEASES = 'http://127.0.0.1:9180/leases';
const RETRY_MS = 200;
/** Long enough for its log to be followed. */
const DIES_AFTER_MS = 6_000;

interface Told {
  readonly id: string;
  readonly phase: string;
}

const manner = process.env['MANNER'] ?? 'leases';
const jobMs = Number(process.env['JOB_MS'] ?? 5_000);
const ttlS = Number(process.env['TTL_S'] ?? 10);

function log(msg: string, facts: object = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), msg, ...facts })}\n`);
}

/** What tidegate says; undefined if it does not take that, or is not there. */
async function call<T>(method: string, path = '', body?: object): Promise<T | undefined> {
  const headers = { 'content-type': 'application/json' };
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  try {
    const answer = await fetch(LEASES + path, { method, headers, ...text });
    const said = (await answer.json()) as T;
    if (answer.ok) return said;
    log('refused', { method, path, status: answer.status, said });
  } catch (fault) {
    log('not reached', { method, path, fault: String(fault) });
  }
  return undefined;
}

async function workOn(job: number, id: string): Promise<void> {
  log('job begun', { job });
  const timer = setInterval(() => void call('PUT', `/${id}`), (ttlS * 1_000) / 3);
  await sleep(jobMs);
  clearInterval(timer);
  log('job finished', { job });
  await call('DELETE', `/${id}`);
}

/** Takes jobs for as long as the pod is to stay. */
async function workOnAll(): Promise<never> {
  for (let job = 1; ;) {
    const state = await call<Told>('GET');
    const isFree = state?.phase === 'serving';
    const lease = isFree
      ? await call<Told>('POST', '', { name: `job ${job}`, ttl: ttlS, holder: 'worker' })
      : undefined;
    if (lease === undefined) await sleep(RETRY_MS);
    else await workOn(job++, lease.id);
  }
}

/** The next one of its kind finds its lease, and does nothing. */
async function die(): Promise<void> {
  const state = await call<{ readonly leases: readonly unknown[] }>('GET');
  if (state === undefined) {
    await sleep(RETRY_MS);
    return die();
  }
  if (state.leases.length > 0) {
    log('has died before');
    setInterval(() => undefined, 1e9);
    return;
  }
  await call('POST', '', { name: 'job', ttl: ttlS });
  log('job begun');
  await sleep(DIES_AFTER_MS);
  process.exit(1);
}

async function workOnce(): Promise<void> {
  log('job begun');
  await sleep(jobMs);
  log('job finished');
}

process.on('SIGTERM', () => {
  log('asked to stop');
  process.exit(0);
});
if (manner === 'once') await workOnce();
else if (manner === 'dies') await die();
else await workOnAll();
