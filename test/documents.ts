/**
 * Tables in the documents, as tests hold them against the code: read from Markdown, or laid out as
 * the formatter would lay them out.
 */
import { readFileSync } from 'node:fs';

/** Cells without their padding; the first row is the head. */
export type Table = readonly (readonly string[])[];

export function readDocument(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** The first table below a heading; throws if there is none before the next heading. */
export function tableBelow(document: string, heading: string): Table {
  const from = document.indexOf(`\n## ${heading}\n`);
  if (from === -1) throw new Error(`there is no heading "${heading}"`);
  const [, section = ''] = document.slice(from).split(/^## .*$/m);
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  if (lines.length < 2) throw new Error(`there is no table below "${heading}"`);
  return lines.filter((_, at) => at !== 1).map(cellsOf);
}

/** Everything that stands as code in a text. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}

export function layOut(table: Table): string {
  const widths = table[0].map((_, at) => Math.max(3, ...table.map((row) => row[at].length)));
  const rule = widths.map((width) => '-'.repeat(width));
  return [table[0], rule, ...table.slice(1)]
    .map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`)
    .join('\n');
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
