/**
 * A drain that begins, or is recalled, at every byte of conversations in HTTP/1.1, and what a
 * recalled one leaves of the tunnels that it has touched: nothing is lost, doubled or reordered.
 */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import type { LaneSocket } from '../../src/tunnel/lane.js';
import { type LateExchange, LateModel, answerOf, requestOf } from '../peers/late-model.js';
import {
  type Cut,
  type Forwarded,
  type Script,
  byteByByte,
  bytesOfParts,
  inLastCrlf,
  sentBy,
  whole,
} from '../peers/script.js';
import { HTTP_SCRIPTS } from '../peers/scripts-http.js';
import { RAW_SCRIPTS } from '../peers/scripts-raw.js';
import { NONE_LEFT, Wired, turn } from '../peers/wires.js';

const LINE = 'X-Forwarded-For: 127.0.0.1\r\n';

function exchange(request: string, content: string, interim: string, answer: string): LateExchange {
  const [answerHead, answerContent] = answer.split(/(?<=\r\n\r\n)/);
  return {
    lead: '',
    head: request,
    headAtApp: request,
    content,
    asksForWebSocket: false,
    interim,
    answerHead,
    closingHead: answerHead.replace(/\r\n\r\n$/, '\r\nConnection: close\r\n\r\n'),
    answerContent: answerContent ?? '',
  };
}

const EXCHANGES: readonly LateExchange[] = [
  exchange('GET / HTTP/1.1\r\n\r\n', '', '', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  exchange(
    'PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\n',
    'abc',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
  ),
  exchange(
    'GET / HTTP/1.1\r\n\r\n',
    '',
    '',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ),
];

/** Who says each byte, one exchange after the other, or all requests first. */
const ORDERS: Readonly<Record<string, readonly ('client' | 'app')[]>> = {
  'in turn': EXCHANGES.flatMap((one) => [
    ...says('client', requestOf(one)),
    ...says('app', answerOf(one)),
  ]),
  pipelined: [
    ...EXCHANGES.flatMap((one) => says('client', requestOf(one))),
    ...EXCHANGES.flatMap((one) => says('app', answerOf(one))),
  ],
};

function says(by: 'client' | 'app', bytes: string): ('client' | 'app')[] {
  return Array.from(bytes, () => by);
}

/** Byte by byte; a drain from byte `from` on until byte `to`. An app says nothing that nobody asked. */
async function drained(
  order: readonly ('client' | 'app')[],
  from: number,
  to: number,
): Promise<{ saw: unknown; expected: unknown }> {
  const wired = await Wired.open({ isDraining: false });
  const model = new LateModel(EXCHANGES);
  const said = { client: EXCHANGES.map(requestOf).join(''), app: EXCHANGES.map(answerOf).join('') };
  const at = { client: 0, app: 0 };
  for (const [index, by] of order.entries()) {
    const isDraining = index >= from && index < to;
    model.isDraining = isDraining;
    wired.policy.isDraining = isDraining;
    if (by === 'app' && model.headsAtApp <= model.answered) continue;
    wired.feed(by, said[by][at[by]++]);
    if (by === 'client') model.fromClient(1);
    else model.fromApp(1);
  }
  await turn();
  const leaving = model.ended ? 'end' : 'open';
  const { atApp, atClient } = model;
  const { saw } = wired;
  return {
    saw: [saw, await wired.leftovers()],
    expected: [{ atApp, atClient, appSaw: leaving, clientSaw: leaving }, NONE_LEFT],
  };
}

for (const [name, order] of Object.entries(ORDERS)) {
  t.test(`a drain may begin and be recalled at every byte: exchanges ${name}`, async (t) => {
    for (const lasts of [1, 5, 20, 60, 1_000]) {
      const moments = Array.from(order, async (_, from) => ({
        from,
        ...(await drained(order, from, from + lasts)),
      }));
      const all = await Promise.all(moments);
      const wrong = all.filter(({ saw, expected }) => !isDeepStrictEqual(saw, expected));
      t.same(wrong.slice(0, 2), [], `lasting ${lasts} bytes, ${all.length} moments`);
    }
  });
}

const CUTS: readonly Cut[] = [whole, byteByByte, inLastCrlf];
const UPGRADE = /\nUpgrade: *websocket/i;

/** A script through a tunnel that a drain has touched, which is over. */
async function recalled(
  { steps }: Script,
  forwarded: Forwarded,
  cut: Cut,
  refusesUpgrades: boolean,
): Promise<unknown> {
  const wired = await Wired.open({ forwarded, refusesUpgrades, isDraining: false });
  wired.tunnel.beginParting(wired.tunnel.app as LaneSocket);
  for (const { by, parts } of steps) {
    if (parts === 'end') await wired.end(by);
    else for (const piece of cut(bytesOfParts(parts, 'off', ''))) wired.feed(by, piece);
  }
  await turn();
  return [wired.saw, await wired.leftovers(), wired.faults];
}

t.test('a tunnel that a recalled drain has touched carries everything as before', async (t) => {
  for (const script of [...HTTP_SCRIPTS, ...RAW_SCRIPTS]) {
    const hasUpgrade = UPGRADE.test(sentBy('client', script).toString('latin1'));
    for (const forwarded of ['off', 'if-absent', 'append'] as const) {
      const saw = {
        atApp: sentBy('client', script, forwarded, LINE).toString('latin1'),
        atClient: sentBy('app', script).toString('latin1'),
        appSaw: 'end',
        clientSaw: 'end',
      };
      for (const refuses of hasUpgrade ? [false] : [false, true]) {
        for (const cut of CUTS) {
          const found = await recalled(script, forwarded, cut, refuses);
          if (!isDeepStrictEqual(found, [saw, NONE_LEFT, []]))
            t.same(found, [saw, NONE_LEFT, []], script.name);
        }
      }
    }
    t.pass(script.name);
  }
});
