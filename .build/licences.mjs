/**
 * Writes dist/LICENSES.txt: the licences of the packages whose code is in the bundles. Which those
 * are is told by esbuild's own account of what it took in, given as arguments; a package that
 * brings no licence text stops the build, because its code may not be passed on without one.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TEXT = /^(licen[cs]e|copying|notice)/i;
const PACKAGE = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
const RULE = '-'.repeat(80);

const folders = new Set(process.argv.slice(2).flatMap(foldersIn));
const notices = [...folders].map(noticeOf).sort();
const head = 'tidegate.mjs contains code of these packages, under these licences.\n';
writeFileSync('dist/LICENSES.txt', [head, ...new Set(notices)].join(`\n${RULE}\n\n`));

/** @param {string} metafile */
function foldersIn(metafile) {
  /** @type {{ outputs: Record<string, { inputs: Record<string, unknown> }> }} */
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8'));
  const paths = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  return paths.flatMap((path) => path.match(PACKAGE) ?? []);
}

/** @param {string} folder */
function noticeOf(folder) {
  /** @type {{ name: string, version: string, license: string }} */
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => TEXT.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0) throw new Error(`${name} ${version} brings no text of its licence`);
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
}
