/**
 * A source file as the rules see it: its text, its syntax tree, and the few things about it that
 * more than one rule asks for.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** From the top of the project, like `src/tunnel/lane.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export function parseSource(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true) };
}

/** Every file below `folder` of the project, by its path from the project's top. */
export function listFiles(folder: string): string[] {
  const top = new URL('../../', import.meta.url);
  return readdirSync(new URL(folder, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`)
    .map((path) => path.slice(new URL('.', top).pathname.length))
    .sort();
}

export function readProjectFile(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** Every node of the tree, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

export function lineOf(source: Source, node: ts.Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

/** How many lines a node takes, its doc comment not counted. */
export function linesOf(source: Source, node: ts.Node): number {
  const end = source.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  return end - lineOf(source, node) + 1;
}

/** What a file imports, in whatever way: as it is written, and resolved if it is of this project. */
export interface Import {
  readonly written: string;
  readonly path: string | undefined;
  readonly line: number;
}

export function importsOf(source: Source): Import[] {
  const imports: Import[] = [];
  for (const node of nodesOf(source.tree)) {
    const specifier = specifierOf(node);
    if (specifier === undefined || !ts.isStringLiteral(specifier)) continue;
    const written = specifier.text;
    const path = written.startsWith('.')
      ? posix.join(posix.dirname(source.path), written).replace(/\.js$/, '.ts')
      : undefined;
    imports.push({ written, path, line: lineOf(source, node) });
  }
  return imports;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return node.argument.literal;
  const isDynamic =
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? node.arguments[0] : undefined;
}

/** How many of a file's lines that are not empty hold nothing but commentary. */
export function commentary(source: Source): { comments: number; lines: number } {
  const lines = source.text.split('\n').filter((line) => line.trim() !== '');
  const comments = lines.filter((line) => /^\s*(\/\/|\/\*|\*)/.test(line));
  return { comments: comments.length, lines: lines.length };
}
