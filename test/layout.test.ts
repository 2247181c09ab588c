/**
 * Holds the layout of the source: rooms and who imports whom, sizes, names, and that the map in
 * src/README.md is true. Each rule is shown to refuse what it is there to refuse.
 */
import t from 'tap';
import { renderRooms, ROOMS } from './layout/rooms.js';
import {
  environmentIsTheSettings,
  filesAreShort,
  filesSayWhatTheyAreFor,
  FUNCTION_LINES_AIM,
  functionsAreShort,
  importsStayInTheirRooms,
  mapIsWhole,
  namesSayWhatThingsAre,
  roomsOnlyImportDown,
  type Rule,
  syntaxIsPlain,
  testsMirrorSource,
  timeIsTheClocks,
} from './layout/rules.js';
import { commentary, listFiles, parseSource, readProjectFile } from './layout/source.js';

const sourcePaths = listFiles('src').filter((path) => path.endsWith('.ts'));
const sources = sourcePaths.map((path) => parseSource(path, readProjectFile(path)));

interface Examples {
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

/** The rule holds for all of src/, and is no empty word. */
function holds(sentence: string, rule: Rule, examples: Examples): void {
  t.test(sentence, (t) => {
    t.same(
      sources.flatMap((source) => rule(source)),
      [],
    );
    t.end();
  });
  tellsApart(`${sentence}: made-up files`, rule, examples, 'src/tunnel/made-up.ts');
}

/** The rule finds one fault in each of `bad` and none in any of `good`. */
function tellsApart(sentence: string, rule: Rule, { good, bad }: Examples, path: string): void {
  t.test(sentence, (t) => {
    for (const text of good) t.same(rule(parseSource(path, text)), [], `is right: ${text}`);
    for (const text of bad) t.equal(rule(parseSource(path, text)).length, 1, `is wrong: ${text}`);
    t.end();
  });
}

t.test('the source is there to be looked at', (t) => {
  t.ok(sources.length > 10);
  t.ok(sourcePaths.includes('src/protocol/contract.ts'));
  t.end();
});

holds('a room imports only what the table grants it', importsStayInTheirRooms, {
  good: [
    "import { KINDS } from '../protocol/contract.js';",
    "import type { Clock } from '../clock.js';",
    "import { Lane } from './lane.js';",
    "import { connect } from 'node:net';",
  ],
  bad: [
    "import { Tracker } from '../tracker.js';",
    "import type { Tracker } from '../tracker.js';",
    "export { Tracker } from '../tracker.js';",
    "type Tracker = import('../tracker.js').Tracker;",
    "const { Tracker } = await import('../tracker.js');",
    "import { pino } from 'pino';",
    "import { fuzz } from '../../test/fuzz.js';",
    "import build from '../../package.json' with { type: 'json' };",
    "import { x } from '../nowhere.js';",
    "import { connect } from 'net';",
  ],
});

tellsApart(
  'the protocol room uses nothing but the language',
  importsStayInTheirRooms,
  {
    good: ["import { Words } from '../words.js';"],
    bad: ["import { Socket } from 'node:net';", "import type { Clock } from '../../clock.js';"],
  },
  'src/protocol/http1/made-up.ts',
);

tellsApart(
  'a package is imported by those who are named for it',
  importsStayInTheirRooms,
  { good: ["import { pino } from 'pino';"], bad: ["import { Gauge } from 'prom-client';"] },
  'src/journal.ts',
);

tellsApart(
  'a package granted to one file of the protocol room is not granted to the room',
  importsStayInTheirRooms,
  { good: [], bad: ["import { WebSocketServer } from 'ws';"] },
  'src/protocol/websocket/made-up.ts',
);

t.test('a file that is in no room is refused', (t) => {
  t.equal(importsStayInTheirRooms(parseSource('src/attic/box.ts', '')).length, 1);
  t.equal(importsStayInTheirRooms(parseSource('src/clocks.ts', '')).length, 1);
  t.end();
});

t.test('rooms only import what is below them', (t) => {
  t.same(roomsOnlyImportDown(ROOMS), []);
  t.equal(roomsOnlyImportDown({ low: ['high'], high: [] }).length, 1);
  t.equal(roomsOnlyImportDown({ one: ['one'] }).length, 1);
  t.equal(roomsOnlyImportDown({ one: ['gone'] }).length, 1);
  t.end();
});

const lines = (count: number): string => 'step();\n'.repeat(count);

holds('no function has more than 70 lines', functionsAreShort, {
  good: [`function f() {\n${lines(68)}}`, `${lines(100)}function f() {\n}`],
  bad: [
    `function f() {\n${lines(69)}}`,
    `const f = () => {\n${lines(69)}};`,
    `class C {\nm() {\n${lines(69)}}\n}`,
    `class C {\nconstructor() {\n${lines(69)}}\n}`,
    `class C {\nget x() {\n${lines(69)}}\n}`,
  ],
});

holds('no file has more than 300 lines', filesAreShort, { good: [lines(300)], bad: [lines(301)] });

const head = (count: number): string => `/**\n${' * Says something.\n'.repeat(count)} */\n`;

holds('a file begins with two to six lines on what it is for', filesSayWhatTheyAreFor, {
  good: [`${head(2)}step();`, `#!/bin/node\n${head(6)}import 'x';`],
  bad: [
    'step();',
    `${head(1)}step();`,
    `${head(7)}step();`,
    `import 'x';\n${head(3)}`,
    '// One.\n// Two.',
  ],
});

holds('there are no enums, default exports or decorators', syntaxIsPlain, {
  good: ['switch (x) { default: step(); }', 'export const a = 1;', 'export { a };'],
  bad: [
    'enum E { A }',
    'export default 1;',
    'export default function f() {}',
    'export { a as default };',
    '@sealed class C {}',
    'export = {};',
  ],
});

holds('nothing has a name that says nothing', namesSayWhatThingsAre, {
  good: ['const commonality = 1;', 'manager.run();'],
  bad: [
    'class DrainManager {}',
    'function parseHelper() {}',
    'const utils = 1;',
    'interface Common { a: 1 }',
    'class C { socketHelper = 1 }',
  ],
});

t.test('no file has a name that says nothing', (t) => {
  for (const path of ['src/utils.ts', 'src/helpers/lane.ts', 'src/tunnel/lane-manager.ts']) {
    t.equal(namesSayWhatThingsAre(parseSource(path, '')).length, 1, path);
  }
  t.end();
});

holds('only the clock touches time', timeIsTheClocks, {
  good: ['socket.setTimeout(5);', 'let at: Date;', 'const a = { setTimeout: 1 };', 'clock.wall();'],
  bad: [
    'new Date();',
    'Date.now();',
    'setTimeout(f, 5);',
    'const f = setInterval;',
    'performance.now();',
    'process.hrtime();',
    'setImmediate(f);',
    "import { monitorEventLoopDelay } from 'node:perf_hooks';",
    "import { scheduler } from 'timers/promises';",
  ],
});

holds('only the settings read the environment', environmentIsTheSettings, {
  good: ['process.exitCode = 1;', 'const env = {};', 'surroundings.env;'],
  bad: ['process.env.HOME;', 'const { env } = process;', "import { env } from 'node:process';"],
});

t.test('a test stands where what it tests stands', (t) => {
  t.same(testsMirrorSource(listFiles('test'), sourcePaths), []);
  const tree = ['src/a/b.ts'];
  for (const good of ['test/a/b.test.ts', 'test/a/b.long.ts', 'test/process/x.test.ts']) {
    t.same(testsMirrorSource([good], tree), [], good);
  }
  t.same(testsMirrorSource(['test/a/fuzz.test.ts', 'test/peers/clock.ts'], tree), []);
  for (const bad of [
    'test/b.test.ts',
    'test/a/c.test.ts',
    'test/a/c.long.ts',
    'test/c/fuzz.test.ts',
  ]) {
    t.equal(testsMirrorSource([bad], tree).length, 1, bad);
  }
  t.end();
});

t.test('the map in src/README.md names every file, and none that is gone', (t) => {
  t.same(mapIsWhole(readProjectFile('src/README.md'), sourcePaths), []);
  t.same(mapIsWhole('`a/b.ts`: x; see c.ts and test/d.test.ts.', ['src/a/b.ts', 'src/c.ts']), []);
  t.equal(mapIsWhole('b.ts', ['src/b.ts', 'src/c.ts']).length, 1);
  t.equal(mapIsWhole('b.ts c.ts', ['src/b.ts']).length, 1);
  t.end();
});

t.test('the rooms in src/README.md are those of the table', (t) => {
  const told = readProjectFile('src/README.md');
  t.ok(told.includes(renderRooms()), `src/README.md needs this table:\n${renderRooms()}`);
  t.end();
});

t.test('what is aimed for but not enforced is told', (t) => {
  for (const long of sources.flatMap((source) => functionsAreShort(source, FUNCTION_LINES_AIM))) {
    t.comment(long);
  }
  const counts = sources.map(commentary);
  const comments = counts.reduce((sum, count) => sum + count.comments, 0);
  const all = counts.reduce((sum, count) => sum + count.lines, 0);
  t.comment(`${((100 * comments) / all).toFixed(1)} % of ${all} lines are commentary`);
  t.end();
});
