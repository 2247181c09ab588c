/**
 * For `node --import`: how long the event loop of the program under test does nothing but one
 * thing. A timer of a millisecond tells when a turn of the loop ended; what the main thread has run
 * since is the turn's length. Time in which the system ran somebody else is none of it, so that a
 * busy machine is not mistaken for a slow program; a sleep inside a turn is not seen either. What is
 * above a few milliseconds is written to the file that the URL names, at the end.
 */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

const EVERY_MS = 1;
const TOLD_MS_MIN = 4;
const file = new URL(import.meta.url).searchParams.get('file');
// Of the main thread: run time, time spent ready but not running, both in nanoseconds.
const schedule = openSync('/proc/self/schedstat', 'r');
const text = Buffer.alloc(128);
const turns = [];
let count = 0;
/** Since the first SIGTERM: how long it was ready, but somebody else was run. */
let waitedMs = 0;

function times() {
  const length = readSync(schedule, text, 0, text.length, 0);
  const [ran, ready] = text.latin1Slice(0, length).split(' ');
  return { ranMs: Number(ran) / 1e6, readyMs: Number(ready) / 1e6 };
}

let last = times();

function tick() {
  const now = times();
  const blockedMs = now.ranMs - last.ranMs;
  if (blockedMs >= TOLD_MS_MIN) turns.push({ at: Date.now(), blockedMs });
  count++;
  last = now;
}

setInterval(tick, EVERY_MS).unref();
process.once('SIGTERM', () => (waitedMs -= times().readyMs));
process.on('exit', () => {
  tick(); // the last turn of the loop
  waitedMs += last.readyMs;
  closeSync(schedule);
  writeFileSync(file, JSON.stringify({ count, waitedMs, turns }));
});
