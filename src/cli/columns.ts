/**
 * Rows of words as a table: columns as wide as their widest word, two spaces between them, numbers
 * to the right. What a word is painted with takes no room. Pure.
 */
import { plain } from './sentences.js';

export interface Column {
  readonly head: string;
  readonly align?: 'right';
}

/** A word, and how it is painted once its room is known. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

export type Row = readonly (string | Cell)[];

const GAP = '  ';

/** The head and a line for each row; every row has a word for each column. */
export function layOut(columns: readonly Column[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ head }) => head), ...rows].map((row) => row.map(cellOf));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at].text))));
  return cells.map((row) =>
    row
      .map(({ text, paint = (same: string) => same }, at) => {
        const room = ' '.repeat(widths[at] - widthOf(text));
        if (columns[at].align === 'right') return room + paint(text);
        // Nothing is to stand behind the last word of a line.
        return paint(text) + (at === columns.length - 1 ? '' : room);
      })
      .join(GAP)
      .trimEnd(),
  );
}

const PAINT = /\x1b\[[\d;]*m/;

/** As much of a line as has room, whatever it is painted with. */
export function cutPainted(line: string, columns: number): string {
  const parts = line.split(new RegExp(`(${PAINT.source})`));
  let room =
    widthOf(parts.filter((part) => !PAINT.test(part)).join('')) <= columns ? Infinity : columns - 1;
  const isCut = room !== Infinity;
  const kept = parts.map((part) => {
    if (PAINT.test(part)) return part;
    const shown = [...part].slice(0, room);
    room -= shown.length;
    return shown.join('');
  });
  return kept.join('') + (isCut ? '…' : '');
}

function cellOf(word: string | Cell): Cell {
  const { text, paint } = typeof word === 'string' ? { text: word } : word;
  return paint === undefined ? { text: plain(text) } : { text: plain(text), paint };
}

function widthOf(text: string): number {
  return [...text].length;
}
