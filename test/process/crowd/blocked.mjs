/**
 * For `node --import`: how long the event loop of the program under test does nothing but one
 * thing. A timer of a millisecond tells when a turn of the loop ended; the time in which the system
 * ran somebody else on this core is taken off, so that a busy machine is not mistaken for a slow
 * program. What is above a few milliseconds is written to the file that the URL names, at the end.
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

function readyMs() {
  const length = readSync(schedule, text, 0, text.length, 0);
  return Number(text.latin1Slice(0, length).split(' ')[1]) / 1e6;
}

let lastMs = performance.now();
let lastReadyMs = readyMs();

function tick() {
  const nowMs = performance.now();
  const ready = readyMs();
  const blockedMs = nowMs - lastMs - EVERY_MS - (ready - lastReadyMs);
  if (blockedMs >= TOLD_MS_MIN) turns.push({ at: Date.now(), blockedMs });
  count++;
  lastMs = nowMs;
  lastReadyMs = ready;
}

setInterval(tick, EVERY_MS).unref();
process.on('exit', () => {
  tick(); // the last turn of the loop
  closeSync(schedule);
  writeFileSync(file, JSON.stringify({ count, turns }));
});
