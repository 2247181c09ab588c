/**
 * The client and the server of `ws` on both sides of a goodbye: compressed and fragmented messages
 * under way, hundreds at once. The client hears 1001, and the server a Close handshake like any other.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { type Carrier, openCarrier } from '../peers/carrier.js';
import { until, within } from '../peers/until.js';

const LARGE = 'all work and no play '.repeat(8_000);

interface Pair {
  readonly client: WebSocket;
  readonly server: WebSocket;
  readonly heard: string[];
}

/** Both sides of `ws`, with the tunnels between them. */
async function service(
  t: Test,
  deflates: boolean,
): Promise<{ carrier: Carrier; open: () => Promise<Pair> }> {
  const app = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: deflates });
  t.teardown(() => void app.close());
  await once(app, 'listening');
  const { port } = app.address() as AddressInfo;
  const { carrier } = await openCarrier(t, { appAt: { host: '127.0.0.1', port } });
  const open = async (): Promise<Pair> => {
    const client = new WebSocket(`ws://127.0.0.1:${carrier.at.port}`);
    const heard: string[] = [];
    client.on('message', (data: Buffer) => heard.push(data.toString()));
    const came = once(app, 'connection') as Promise<[WebSocket]>;
    await within(once(client, 'open'), 'it opens');
    const [server] = await came;
    return { client, server, heard };
  };
  return { carrier, open };
}

interface Ending {
  readonly code: number;
  readonly wasClean: boolean;
}

function ending(socket: WebSocket): Promise<Ending> {
  const closes = new Promise<Ending>((resolve) => {
    socket.addEventListener('close', ({ code, wasClean }) => resolve({ code, wasClean }));
  });
  return within(closes, 'it closes');
}

const CLEAN: Ending = { code: 1001, wasClean: true };

for (const deflates of [false, true]) {
  const name = deflates ? 'with permessage-deflate' : 'plain';
  t.test(`${name}: what was said before arrives, and both sides hear 1001`, async (t) => {
    const { carrier, open } = await service(t, deflates);
    const { client, server, heard } = await open();
    carrier.policy.isDraining = true;
    server.send('one');
    server.send(LARGE);
    server.send('half of ', { fin: false });
    await until(() => heard.length === 2, 'the messages come');
    const endings = [ending(client), ending(server)];
    (await carrier.tunnel()).sayFarewell();
    server.send('a message', { fin: true });
    t.same(await Promise.all(endings), [CLEAN, CLEAN]);
    t.same(heard, ['one', LARGE]);
    await carrier.empty();
  });

  t.test(
    `${name}: asked for amid a flow of messages, each is whole, and then comes 1001`,
    async (t) => {
      const { carrier, open } = await service(t, deflates);
      for (let round = 0; round < 20; round++) {
        const { client, server, heard } = await open();
        const tunnel = await carrier.tunnel();
        carrier.policy.isDraining = round % 2 === 0;
        const endings = [ending(client), ending(server)];
        for (let count = 0; count < 10; count++) {
          server.send(`${count} ${LARGE}`, { compress: count % 2 === 0 });
          server.ping();
          client.send('said by the client');
          if (count === round / 2) tunnel.sayFarewell();
          await new Promise((resolve) => setImmediate(resolve));
        }
        tunnel.sayFarewell();
        t.same(await Promise.all(endings), [CLEAN, CLEAN]);
        const isWhole = heard.every((text, count) => text === `${count} ${LARGE}`);
        if (!isWhole) t.fail(`round ${round}`);
        if (!tunnel.hasParted) t.fail(`round ${round} has not parted`);
      }
      await carrier.empty();
    },
  );
}

t.test('two hundred at once', async (t) => {
  const { carrier, open } = await service(t, true);
  carrier.tracker.isLate = true;
  const pairs: Pair[] = [];
  for (let count = 0; count < 200; count++) pairs.push(await open());
  carrier.policy.isDraining = true;
  const endings = pairs.flatMap(({ client, server }) => [ending(client), ending(server)]);
  for (const { server } of pairs) server.send(LARGE);
  for (const tunnel of [...carrier.tracker.tunnels()]) tunnel.sayFarewell();
  const seen = await Promise.all(endings);
  t.equal(seen.filter(({ code, wasClean }) => code === 1001 && wasClean).length, 400);
  await carrier.empty();
  t.equal(carrier.tracker.farewell, 200);
  t.equal(carrier.tracker.cut, 0);
  t.equal(carrier.clock.now(), 0, 'nobody was waited for');
});
