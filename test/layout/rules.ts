/**
 * The rules of the house, each as a function from sources to the sentences of what breaks it; an
 * empty list means that nothing does.
 */
import ts from 'typescript';
import { OUTSIDERS, PACKAGES, PURE_ROOMS, ROOMS, roomOf, type Rooms } from './rooms.js';
import { type Import, importsOf, lineOf, linesOf, nodesOf, type Source } from './source.js';

export const FUNCTION_LINES_AIM = 40;
export const FUNCTION_LINES_MAX = 70;
export const FILE_LINES_MAX = 300;
const HEAD_LINES_MIN = 2;
const HEAD_LINES_MAX = 6;

const VAGUE_WORDS = /^(utils?|helpers?|common|managers?)$/i;
const TIME = new Set([
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
]);
const TIME_MODULES = /^(node:)?(timers|timers\/promises|perf_hooks)$/;
const TIME_FILE = 'src/clock.ts';
const ENVIRONMENT_FILE = 'src/config.ts';

export type Rule = (source: Source) => string[];

/** A room imports itself and what the table grants it; a package has a named list of importers. */
export function importsStayInTheirRooms(source: Source, rooms: Rooms = ROOMS): string[] {
  const room = roomOf(source.path, rooms);
  if (room === undefined) return [`${source.path}: is in no room`];
  return importsOf(source)
    .filter((imported) => !isGranted(source.path, room, imported, rooms))
    .map(({ written, line }) => `${source.path}:${line}: ${room} may not import ${written}`);
}

function isGranted(
  path: string,
  room: string,
  { written, path: to }: Import,
  rooms: Rooms,
): boolean {
  if (to === undefined) {
    if (written.startsWith('node:')) return !PURE_ROOMS.includes(room);
    return PACKAGES[written]?.includes(path) === true;
  }
  if (!to.startsWith('src/')) return OUTSIDERS[to]?.includes(path) === true;
  const target = roomOf(to, rooms);
  return target !== undefined && (target === room || rooms[room].includes(target));
}

/** The table itself: every room that is granted exists and stands above the one that imports it. */
export function roomsOnlyImportDown(rooms: Rooms): string[] {
  const order = Object.keys(rooms);
  return Object.entries(rooms).flatMap(([room, granted]) =>
    granted
      .filter((lower) => !order.slice(0, order.indexOf(room)).includes(lower))
      .map((lower) => `${room} may import ${lower}, which is not below it`),
  );
}

/** Functions have at most 70 lines. */
export function functionsAreShort(source: Source, linesMax = FUNCTION_LINES_MAX): string[] {
  return [...nodesOf(source.tree)]
    .filter((node) => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined)
    .filter((node) => linesOf(source, node) > linesMax)
    .map((node) => `${at(source, node)}: a function of ${linesOf(source, node)} lines`);
}

/** Files have at most 300 lines. */
export function filesAreShort({ path, text }: Source): string[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > FILE_LINES_MAX ? [`${path}: has ${lines} lines`] : [];
}

/** A file begins with two to six lines on what it is for. */
export function filesSayWhatTheyAreFor({ path, text }: Source): string[] {
  const head = /^(?:#!.*\n)?\/\*\*\n((?: \* .*\n| \*\n)+) \*\/\n/.exec(text);
  const lines = head === null ? 0 : head[1].trimEnd().split('\n').length;
  if (lines >= HEAD_LINES_MIN && lines <= HEAD_LINES_MAX) return [];
  return [
    `${path}: its head comment has ${lines} lines, not ${HEAD_LINES_MIN} to ${HEAD_LINES_MAX}`,
  ];
}

/** No enums, default exports or decorators. */
export function syntaxIsPlain(source: Source): string[] {
  return [...nodesOf(source.tree)]
    .filter(
      (node) =>
        ts.isEnumDeclaration(node) ||
        ts.isExportAssignment(node) ||
        ts.isDecorator(node) ||
        node.kind === ts.SyntaxKind.DefaultKeyword ||
        (ts.isExportSpecifier(node) && node.name.text === 'default'),
    )
    .filter((node) => !ts.isDefaultClause(node.parent))
    .map((node) => `${at(source, node)}: has a ${nameOfSyntax(node)}`);
}

function nameOfSyntax(node: ts.Node): string {
  if (ts.isEnumDeclaration(node)) return 'enum';
  return ts.isDecorator(node) ? 'decorator' : 'default export';
}

/** Nothing is called after no purpose, like `utils`. */
export function namesSayWhatThingsAre(source: Source): string[] {
  const isVague = (name: string): boolean =>
    name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).some((word) => VAGUE_WORDS.test(word));
  const inPath = isVague(source.path) ? [`${source.path}: its name says nothing`] : [];
  const inside = [...nodesOf(source.tree)]
    .filter((node) => ts.isIdentifier(node) && isDeclared(node) && isVague(node.text))
    .map((node) => `${at(source, node)}: the name ${node.getText()} says nothing`);
  return [...inPath, ...inside];
}

function isDeclared(name: ts.Identifier): boolean {
  return (name.parent as Partial<ts.NamedDeclaration>).name === name;
}

/** Date, the monotonic clock and timers are touched in one file. */
export function timeIsTheClocks(source: Source): string[] {
  if (source.path === TIME_FILE) return [];
  const used = [...nodesOf(source.tree)]
    .filter(
      (node) => (ts.isIdentifier(node) && isTime(node)) || /^process\.hrtime$/.test(member(node)),
    )
    .map((node) => `${at(source, node)}: ${node.getText()} belongs in ${TIME_FILE}`);
  const imported = importsOf(source)
    .filter(({ written }) => TIME_MODULES.test(written))
    .map(({ written, line }) => `${source.path}:${line}: ${written} belongs in ${TIME_FILE}`);
  return [...used, ...imported];
}

/** The global, that is: not a member of that name (`socket.setTimeout`), and not a type. */
function isTime(node: ts.Identifier): boolean {
  if (!TIME.has(node.text) || ts.isTypeReferenceNode(node.parent)) return false;
  const isMember = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
  return !isMember && !isDeclared(node);
}

function member(node: ts.Node): string {
  return ts.isPropertyAccessExpression(node) ? node.getText() : '';
}

/** The environment is read in one file. */
export function environmentIsTheSettings(source: Source): string[] {
  if (source.path === ENVIRONMENT_FILE) return [];
  return [...nodesOf(source.tree)]
    .filter((node) => member(node) === 'process.env' || isEnvironmentPattern(node))
    .map((node) => `${at(source, node)}: ${ENVIRONMENT_FILE} reads the environment`);
}

/** `const { env } = process`, and `env` from `node:process`. */
function isEnvironmentPattern(node: ts.Node): boolean {
  if (!ts.isBindingElement(node) && !ts.isImportSpecifier(node)) return false;
  return (node.propertyName ?? node.name).getText() === 'env';
}

/** A test stands where what it tests stands; some rooms of test/ have no counterpart. */
export function testsMirrorSource(tests: readonly string[], sources: readonly string[]): string[] {
  const free = /^test\/(process|stories|wire|peers|charts|cluster)\//;
  return tests
    .filter((path) => /\.(test|long)\.ts$/.test(path) && !free.test(path))
    .filter((path) => path !== 'test/layout.test.ts')
    .filter((path) => {
      const mirrored = path.replace(/^test\//, 'src/').replace(/\.(test|long)\.ts$/, '.ts');
      // A fuzz test is about a whole folder.
      const folder = mirrored.replace(/\/fuzz\.ts$/, '/');
      return !sources.some((source) => source === mirrored || isIn(source, folder));
    })
    .map((path) => `${path}: tests nothing that stands in its place in src/`);
}

function isIn(path: string, folder: string): boolean {
  return folder.endsWith('/') && path.startsWith(folder);
}

/** A map names the files it describes, each by its path in src/, and leaves none out. */
export function mapIsWhole(map: string, sources: readonly string[]): string[] {
  const names = map.match(/[\w./-]+\.ts\b/g) ?? [];
  const named = new Set(
    names.filter((name) => !/^(test|bench)\//.test(name)).map((name) => `src/${name}`),
  );
  const gone = [...named].filter((path) => !sources.includes(path));
  const missing = sources.filter((path) => !named.has(path));
  return [
    ...gone.map((path) => `the map names ${path}, which is not there`),
    ...missing.map((path) => `the map does not name ${path}`),
  ];
}

function at(source: Source, node: ts.Node): string {
  return `${source.path}:${lineOf(source, node)}`;
}
