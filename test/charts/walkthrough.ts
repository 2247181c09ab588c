/**
 * What README's "Five minutes" has its reader do, in its order: blocks for a shell, changes to make in
 * the chart, and what is then to be seen. The charts of before and after those changes are here for
 * other tests, too, so that what they show holds for the lines that users are told to add.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { readDocument } from '../documents.js';
import { folderFor } from '../peers/running.js';

const LANGUAGES = ['sh', 'diff', 'text'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Block {
  readonly language: Language;
  readonly text: string;
}

/** A change to one file, as `diff -u` prints it. */
export interface Change {
  readonly path: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly hunks: readonly Hunk[];
}

interface Hunk {
  /** Of the file as it is before, from 0. */
  readonly from: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HEADING = 'Five minutes';
const LIBRARY = 'charts/tidegate-lib';
const PLAIN = 'test/charts/plain';
/** The folder of the reader's chart. */
const CHART = 'web';

/** The blocks of the section; one of an unknown language is a fault. */
export function blocksOfWalkthrough(readme = readDocument('README.md')): readonly Block[] {
  const [, section] = readme.split(`\n## ${HEADING}\n`);
  if (section === undefined) throw new Error(`there is no heading "${HEADING}"`);
  const [own] = section.split(/^## /m);
  return [...own.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => {
    if (!isLanguage(language)) throw new Error(`nobody knows what to do with ${language}: ${text}`);
    return { language, text };
  });
}

function isLanguage(text: string): text is Language {
  return (LANGUAGES as readonly string[]).includes(text);
}

export function changesOf(blocks: readonly Block[]): readonly Change[] {
  return blocks.filter(({ language }) => language === 'diff').map(({ text }) => parseDiff(text));
}

export function parseDiff(text: string): Change {
  const [head, ...rest] = text.split(/^@@ /m);
  const path = /^\+\+\+ (\S+)$/m.exec(head)?.[1];
  if (path === undefined) throw new Error(`no file is named in ${text}`);
  const lines = rest.flatMap((hunk) => hunk.trimEnd().split('\n').slice(1));
  const marked = (mark: string): string[] =>
    lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(1));
  return { path, added: marked('+'), removed: marked('-'), hunks: rest.map(parseHunk) };
}

function parseHunk(text: string): Hunk {
  const [header, ...lines] = text.trimEnd().split('\n');
  const numbers = /^-(\d+),(\d+) \+\d+,(\d+) @@/.exec(header)?.slice(1).map(Number);
  if (numbers === undefined) throw new Error(`no such header: @@ ${header}`);
  const side = (mark: string): string[] =>
    lines.filter((line) => ['', ' ', mark].includes(line.charAt(0))).map((line) => line.slice(1));
  const [from, beforeCount, afterCount] = numbers;
  const [before, after] = [side('-'), side('+')];
  if (before.length !== beforeCount || after.length !== afterCount) {
    throw new Error(`${before.length} and ${after.length} lines below @@ ${header}`);
  }
  return { from: from - 1, before, after };
}

/** Changes a file in `folder` to the letter: what stands elsewhere than it says is a fault. */
export function make({ path, hunks }: Change, folder: string): void {
  const file = join(folder, path);
  const lines = readFileSync(file, 'utf8').split('\n');
  // From the end, so that the numbers of what is above hold.
  for (const { from, before, after } of hunks.toReversed()) {
    const found = lines.slice(from, from + before.length);
    if (found.join('\n') !== before.join('\n')) {
      throw new Error(
        `${path}, line ${from + 1}: not ${before.join('\n')} but ${found.join('\n')}`,
      );
    }
    lines.splice(from, before.length, ...after);
  }
  writeFileSync(file, lines.join('\n'));
}

/** As much of this repository as its reader works with; gone when `t` is over. */
export function workplaceFor(t: Test): string {
  const folder = folderFor(t);
  for (const path of [LIBRARY, PLAIN]) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  return folder;
}

/** The chart as it is before, as a folder that any helm takes. */
export function plainChart(t: Test): string {
  const folder = join(folderFor(t), CHART);
  cpSync(join(ROOT, PLAIN), folder, { recursive: true });
  return folder;
}

/** The chart with all that README adds to it, the library inside. */
export function adoptedChart(t: Test): string {
  const chart = plainChart(t);
  for (const change of changesOf(blocksOfWalkthrough())) make(change, join(chart, '..'));
  cpSync(join(ROOT, LIBRARY), join(chart, LIBRARY), { recursive: true });
  return chart;
}

/** The same, with tidegate as a container beside the app. */
export function classicChart(t: Test): string {
  const chart = adoptedChart(t);
  const file = join(chart, 'templates/deployment.yaml');
  const native = /^ *initContainers: .*"tidegate\.initContainer".*\n/m;
  const text = readFileSync(file, 'utf8');
  if (!native.test(text)) throw new Error(`${file} has no native sidecar`);
  const line = '      containers:\n';
  const classic = `${line}        {{- include "tidegate.container" . | nindent 8 }}\n`;
  writeFileSync(file, text.replace(native, '').replace(line, classic));
  return chart;
}
