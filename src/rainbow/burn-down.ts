/**
 * How a colour has become empty since it lost its traffic, as a small line of blocks: one for each
 * part of that time, as high as what was at work at its end. Pure.
 */
import type { Sample } from './contract.js';

const BLOCKS = '▁▂▃▄▅▆▇█';
/** Nothing was at work. */
const NONE = '·';
/** Nobody has looked yet. */
const UNKNOWN = ' ';

/** `samples` with the oldest first; `columns` blocks from `fromMs` to `nowMs`, the most is full. */
export function burnDown(
  samples: readonly Sample[],
  fromMs: number,
  nowMs: number,
  columns: number,
): string {
  const most = Math.max(1, ...samples.map(({ active }) => active));
  let line = '';
  for (let column = 1; column <= columns; column++) {
    // Written so, the last one ends at this very moment.
    const endMs = nowMs - ((nowMs - fromMs) * (columns - column)) / columns;
    const last = samples.findLast(({ atMs }) => atMs <= endMs);
    line += last === undefined ? UNKNOWN : blockOf(last.active / most);
  }
  return line;
}

/** Whatever is more than nothing has a block, and only the most a full one. */
function blockOf(share: number): string {
  if (share <= 0) return NONE;
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(share * (BLOCKS.length - 1)))];
}
