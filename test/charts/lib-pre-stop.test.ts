/**
 * The app's preStop: a container has room for one, and tidegate needs it. What an app had before is
 * kept, behind the wait or in place of it, and is as it was where tidegate is disabled.
 */
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import { inPath, mayBeSkipped, whatIsMissing } from '../peers/programs.js';
import { folderFor, run } from '../peers/running.js';
import { type Library, libraryBy, named, testWithBoth } from './library.js';
import { chartFor } from './render.js';
import { type Tools, testWithTools } from './tools.js';

const OWN = { exec: { command: ['/bin/say', 'good bye'] } };
const WAITS = { preStop: { httpGet: { path: '/drain/wait', port: 9180 } } };

async function lifecycleOf({ pods }: Library, values: object): Promise<unknown> {
  const { native, classic } = await pods({ ...values });
  const [one, other] = [native, classic].map(({ spec }) => named(spec.containers, 'app').lifecycle);
  return JSON.stringify(one) === JSON.stringify(other) ? one : [one, other];
}

testWithBoth("the app's own hook is kept, or waits", async (t, library) => {
  t.same(await lifecycleOf(library, {}), WAITS);
  t.same(await lifecycleOf(library, { admin: 9181 }), {
    preStop: { httpGet: { path: '/drain/wait', port: 9181 } },
  });
  const instead = { appPreStop: OWN, appPreStopRuns: 'instead' };
  t.same(await lifecycleOf(library, instead), { preStop: OWN });
  const sleeps = { sleep: { seconds: 5 } };
  t.same(await lifecycleOf(library, { ...instead, appPreStop: sleeps }), { preStop: sleeps });
  t.same(await lifecycleOf(library, { appPreStop: OWN, enabled: false }), { preStop: OWN });
  t.same(await lifecycleOf(library, { appPreStop: {}, enabled: false }), null);
});

interface Asking {
  readonly server: Server;
  /** Runs the command, as rendered, with nothing but one program in its PATH. */
  readonly run: (env?: NodeJS.ProcessEnv) => ReturnType<typeof run>;
}

/** What an app's image may ask with; BusyBox has a shell, too. */
const ASKING = { wget: 'wget', curl: 'curl', busybox: 'wget' } as const;

/** Answers nothing by itself. */
async function adminPort(t: Test): Promise<{ server: Server; port: number }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

function pathWith(t: Test, name: string, program: string): string {
  const folder = folderFor(t);
  symlinkSync(program, join(folder, name));
  return folder;
}

/** A test of the command with this program alone to ask with, and an admin port. */
function testAsking(
  title: string,
  name: keyof typeof ASKING,
  body: (t: Test, asking: Asking) => Promise<void>,
): void {
  testWithTools(`${title} (${name})`, async (t, tools) => {
    const path = inPath(name);
    if (path === undefined) {
      t.ok(mayBeSkipped(), whatIsMissing(name));
      return;
    }
    const { server, port } = await adminPort(t);
    const args = await commandBehindWait(t, tools, port);
    const PATH = pathWith(t, ASKING[name], path);
    const [shell, ...first] = name === 'busybox' ? [path, 'sh'] : ['/bin/sh'];
    await body(t, {
      server,
      run: (env = {}) => run(shell, [...first, ...args], { env: { PATH, ...env } }),
    });
  });
}

/** What `sh` is given, as rendered. */
async function commandBehindWait(t: Test, { helm }: Tools, port: number): Promise<string[]> {
  const library = libraryBy(helm[4], chartFor(t, 'test/charts/library-user'));
  const appPreStop = { exec: { command: ['/bin/echo', 'said', '$0 "a  b"'] } };
  const lifecycle = await lifecycleOf(library, { admin: port, appPreStop });
  return (lifecycle as { preStop: { exec: { command: string[] } } }).preStop.exec.command.slice(1);
}

testWithTools('a command runs where there is nothing to ask with, and it is told', async (t, tools) => {
  const args = await commandBehindWait(t, tools, 9180);
  const { code, stdout, stderr } = await run('/bin/sh', args, { env: { PATH: folderFor(t) } });
  t.same([code, stdout], [0, 'said $0 "a  b"\n']);
  t.match(stderr, 'tidegate: no wget and no curl here: nothing waits for the drain\n');
});

for (const name of ['wget', 'curl', 'busybox'] as const) {
  testAsking('a command waits for the answer, asks through no proxy', name, async (t, asking) => {
    const proxy = 'http://127.0.0.1:1';
    let isAnswered = false;
    const ran = asking.run({ http_proxy: proxy, ALL_PROXY: proxy }).then((ran) => ({ ...ran, isAnswered }));
    const asked = (await once(asking.server, 'request')) as [IncomingMessage, ServerResponse];
    t.equal(asked[0].url, '/drain/wait');
    isAnswered = true;
    asked[1].end('{}');
    const { code, stdout, stderr, isAnswered: isBehind } = await ran;
    t.same([code, stdout, isBehind], [0, 'said $0 "a  b"\n', true]);
    t.notMatch(stderr, 'nothing waits');
  });

  testAsking('a command runs where nobody is left to wait for', name, async (t, asking) => {
    asking.server.close();
    await once(asking.server, 'close');
    const { code, stdout } = await asking.run();
    t.same([code, stdout], [0, 'said $0 "a  b"\n']);
  });
}
