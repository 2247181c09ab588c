/**
 * What a tunnel holds back in a drain, and for how long: one head a lane, 64 KiB and 5 s at most;
 * then it passes as it is, and nothing of it is lost.
 */
import t from 'tap';
import { WITHHELD_MS_MAX } from '../../src/tunnel/withheld.js';
import { NONE_LEFT, Wired } from '../peers/wires.js';

const GET = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OK_CLOSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const UPGRADE = 'GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

t.test('the head of an answer waits until it is whole', async (t) => {
  const wired = await Wired.open();
  wired.feed('client', GET);
  wired.feed('app', OK.slice(0, 30));
  t.equal(wired.at('client'), '');
  wired.clock.advance(WITHHELD_MS_MAX - 1);
  wired.feed('app', OK.slice(30));
  t.equal(wired.at('client'), OK_CLOSE);
  t.same(await wired.leftovers(), NONE_LEFT);
});

t.test('a head that takes too long passes as it is, and the next one is the last', async (t) => {
  for (let at = 1; at < OK.indexOf('ok'); at++) {
    const wired = await Wired.open();
    wired.feed('client', GET);
    wired.feed('app', OK.slice(0, 1));
    wired.clock.advance(WITHHELD_MS_MAX - 1);
    wired.feed('app', OK.slice(1, at));
    t.equal(wired.at('client'), '', 'the time counts from the first byte');
    wired.clock.advance(1);
    t.equal(wired.at('client'), OK.slice(0, at));
    wired.feed('app', OK.slice(at));
    t.equal(wired.at('client'), OK);
    wired.feed('client', GET);
    wired.feed('app', OK);
    t.equal(wired.at('client'), OK + OK_CLOSE);
    t.same(await wired.leftovers(), NONE_LEFT);
  }
});

/** An answer whose head has so many bytes. */
function large(bytes: number): string {
  const rest = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \r\n\r\n';
  return `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ${'x'.repeat(bytes - rest.length)}\r\n\r\nok`;
}

t.test('a head of 64 KiB is changed, a larger one is no longer followed and passes', async (t) => {
  for (const size of [1_000, 65_536]) {
    for (const bytes of [65_535, 65_536, 65_537, 200_000]) {
      const wired = await Wired.open();
      const answer = large(bytes);
      wired.feed('client', GET);
      for (let at = 0; at < answer.length; at += size) {
        wired.feed('app', answer.slice(at, at + size));
      }
      const isHeld = bytes <= 65_536;
      const closing = answer.replace(/\r\n\r\nok$/, '\r\nConnection: close\r\n\r\nok');
      t.ok(wired.at('client') === (isHeld ? closing : answer), `${bytes} bytes by ${size}`);
      t.equal(wired.tracker.gaveUpFor['head-too-large'], isHeld ? 0 : 1);
      wired.feed('client', GET);
      t.equal(wired.at('app'), isHeld ? GET : GET + GET);
      t.same(await wired.leftovers(), NONE_LEFT);
    }
  }
});

t.test('the head of a request waits while upgrades are refused, and not too long', async (t) => {
  for (let at = 1; at < UPGRADE.length; at++) {
    const wired = await Wired.open({ refusesUpgrades: true });
    wired.feed('client', UPGRADE.slice(0, at));
    t.equal(wired.at('app'), '');
    wired.clock.advance(WITHHELD_MS_MAX);
    t.equal(wired.at('app'), UPGRADE.slice(0, at));
    for (const byte of UPGRADE.slice(at)) wired.feed('client', byte);
    t.equal(wired.at('app'), UPGRADE, 'it is not refused any more');
    t.equal(wired.tracker.lateRefused, 0);
    t.same(await wired.leftovers(), NONE_LEFT);
  }
});

t.test('it waits no longer once the client speaks no HTTP, or the server first', async (t) => {
  for (const by of ['client', 'app'] as const) {
    const wired = await Wired.open({ refusesUpgrades: true });
    wired.feed('client', 'GE');
    t.equal(wired.at('app'), '');
    wired.feed(by, 'ready');
    t.equal(wired.at('app'), by === 'client' ? 'GEready' : 'GE');
    wired.feed('client', 'more');
    t.match(wired.at('app'), /more$/);
    t.same(await wired.leftovers(), NONE_LEFT);
  }
});

t.test('a side that is reset takes what is held back with it', async (t) => {
  for (const by of ['client', 'app'] as const) {
    const wired = await Wired.open({ refusesUpgrades: true });
    wired.feed('client', GET + UPGRADE.slice(0, 20));
    wired.feed('app', OK.slice(0, 20));
    t.equal(wired.clock.pending, 2);
    await wired.reset(by);
    const { clientSaw, appSaw } = wired.saw;
    t.equal(by === 'client' ? appSaw : clientSaw, 'reset');
    t.same([wired.at('client'), wired.at('app')], ['', GET]);
    t.same(await wired.leftovers(), NONE_LEFT);
  }
});

t.test('a tunnel that is cut says nothing that was held back', async (t) => {
  const wired = await Wired.open({ refusesUpgrades: true });
  wired.feed('client', GET + UPGRADE.slice(0, 20));
  wired.feed('app', OK.slice(0, 20));
  wired.tunnel.cut('deadline');
  t.same(await wired.leftovers(), NONE_LEFT);
  t.same([wired.at('client'), wired.at('app')], ['', GET]);
});
