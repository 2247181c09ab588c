/**
 * Makes one file each of the load driver and of the app under test: an ES module that needs nothing
 * but Node, so that it can be mounted into a container of any image that has one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** ws asks for what Node brings in the manner of CommonJS. */
const REQUIRE =
  "import{createRequire as nodeRequire}from'node:module';const require=nodeRequire(import.meta.url);";

let folder: string | undefined;
const made = new Map<string, Promise<string>>();

/** The path of the bundle; it is made once, and gone with this process. */
export function bundle(name: 'app' | 'main' | 'worker'): Promise<string> {
  return bundleOf(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)));
}

/** The same of any other program of the tests. */
export function bundleOf(entry: string): Promise<string> {
  const path = made.get(entry) ?? make(entry);
  made.set(entry, path);
  return path;
}

async function make(entry: string): Promise<string> {
  const outfile = join((folder ??= folderForNow()), `${parse(entry).name}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: REQUIRE },
    logLevel: 'error',
  });
  return outfile;
}

function folderForNow(): string {
  const made = mkdtempSync(join(tmpdir(), 'tidegate-load-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}
