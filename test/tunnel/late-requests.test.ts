/**
 * Requests in a drain: while upgrades to WebSocket are refused, nothing of one reaches the app, and
 * its client gets a 503 behind the answers that come first; all others pass byte for byte.
 */
import t from 'tap';
import { END, type LateCase, type Pieces, tellAll } from '../peers/late-script.js';
import { NONE_LEFT, Wired } from '../peers/wires.js';

const GET = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OK_CLOSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const upgradeTo = (protocol: string, further = ''): string =>
  `GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${further}\r\n`;
const UPGRADE = upgradeTo('websocket', 'Sec-WebSocket-Version: 13\r\n');
const REFUSAL =
  'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const V1 = 'PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n';
const V2 = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0cabcdefghijkl';

/** Upgrades that are refused: what comes first is answered first, and nothing else reaches the app. */
function refused(first: string, upgrade: string, answers: string): LateCase {
  const steps: Pieces = [
    ['client', first + upgrade],
    ['app', answers],
  ];
  return { steps, atApp: first, atClient: answers + REFUSAL, ends: true };
}

const REFUSED: Readonly<Record<string, LateCase>> = {
  alone: refused('', UPGRADE, ''),
  'with other words for it': refused(
    '',
    'GET / HTTP/1.1\r\nupgrade:\tWebSocket \r\nconnection: keep-alive , UPGRADE\r\n\r\n',
    '',
  ),
  'with content': refused(
    '',
    `${upgradeTo('websocket', 'Content-Length: 5\r\n').replace('GET', 'POST')}hello`,
    '',
  ),
  'with frames and requests behind it': refused('', `${UPGRADE}\x81\x80\0\0\0\0${GET}`, ''),
  'behind a request': refused(GET, UPGRADE, OK),
  'behind a request with content': refused(POST, UPGRADE, `HTTP/1.1 100 Continue\r\n\r\n${OK}`),
  'behind three requests': refused(GET + POST + GET, `${UPGRADE}x`, OK + OK + OK),
  'behind a PROXY preamble of version 1': refused(V1, UPGRADE, ''),
  'behind a PROXY preamble of version 2': refused(V2, UPGRADE, ''),
  'while the answer to an earlier request comes': {
    steps: [
      ['client', GET],
      ['app', OK.slice(0, 20)],
      ['client', UPGRADE.slice(0, 20)],
      ['app', OK.slice(20, -1)],
      ['client', UPGRADE.slice(20)],
      ['app', 'k'],
    ],
    atApp: GET,
    atClient: OK + REFUSAL,
    ends: true,
  },
  'whose client ends behind it': {
    steps: [
      ['client', GET + UPGRADE],
      ['client', END],
      ['app', OK],
    ],
    atApp: GET,
    atClient: OK + REFUSAL,
    ends: true,
  },
};

const PASSES: Readonly<Record<string, LateCase>> = {
  'a request': {
    steps: [
      ['client', GET],
      ['app', OK],
    ],
    atClient: OK_CLOSE,
    ends: true,
  },
  'three requests, one with content': {
    steps: [
      ['client', GET + POST + GET],
      ['app', OK + OK + OK],
    ],
    atClient: OK + OK + OK_CLOSE,
    ends: true,
  },
  'an upgrade to HTTP/2': {
    steps: [
      ['client', upgradeTo('h2c')],
      ['app', 'HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\0'],
    ],
    ends: false,
  },
  'another upgrade': {
    steps: [
      ['client', upgradeTo('raw')],
      ['app', 'HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nabc'],
      ['client', 'GET / HTTP/1.1\r\n\r\n'],
    ],
    ends: false,
  },
  'a request that names WebSocket, but asks for no upgrade': {
    steps: [
      ['client', 'GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'],
      ['app', OK],
    ],
    atClient: OK_CLOSE,
    ends: true,
  },
  'a protocol in which the client speaks first': {
    steps: [
      ['client', 'GIT-protocol\r\n'],
      ['app', 'hello'],
      ['client', 'x'],
    ],
    ends: false,
  },
  'a protocol in which the server speaks first': {
    steps: [
      ['app', '220 ready\r\n'],
      ['client', 'GET ready\r\n'],
      ['app', '500 \r\n'],
    ],
    ends: false,
  },
  'first bytes that mean nothing until the server speaks': {
    steps: [
      ['client', 'GE'],
      ['app', '220 ready\r\n'],
    ],
    ends: false,
  },
  'first bytes and an end': {
    steps: [
      ['client', 'GE'],
      ['client', END],
      ['app', 'hello'],
      ['app', END],
    ],
    ends: false,
  },
  'part of a head and an end': {
    steps: [
      ['client', UPGRADE.slice(0, -1)],
      ['client', END],
      ['app', END],
    ],
    ends: false,
  },
  'a head that is no HTTP': {
    steps: [
      ['client', 'GET / HTTP/1.1\r\nUpgrade: websocket\r\nBad Name: x\r\n\r\n'],
      ['app', 'what'],
    ],
    ends: false,
  },
};

for (const [name, late] of Object.entries(REFUSED)) {
  t.test(`an upgrade is refused: ${name}`, async (t) => {
    await tellAll(t, late, { refusesUpgrades: true }, 1);
  });
}

for (const [name, late] of Object.entries(PASSES)) {
  t.test(`while upgrades are refused it passes: ${name}`, async (t) => {
    await tellAll(t, late, { refusesUpgrades: true });
  });
}

t.test('a preamble passes and the upgrade behind it does not, cut in three anywhere', async (t) => {
  for (const preamble of [V1, V2]) {
    const bytes = preamble + UPGRADE;
    const wrong: [number, number, string][] = [];
    for (let first = 1; first < preamble.length + 6; first++) {
      for (let second = first + 1; second < preamble.length + 8; second++) {
        const wired = await Wired.open({ refusesUpgrades: true, forwarded: 'append' });
        wired.feed('client', bytes.slice(0, first));
        wired.feed('client', bytes.slice(first, second));
        wired.feed('client', bytes.slice(second));
        const { atApp, atClient } = wired.saw;
        if (atApp !== preamble || atClient !== REFUSAL) wrong.push([first, second, atApp]);
      }
    }
    t.same(wrong.slice(0, 3), []);
  }
});

t.test(
  'no word of a refused upgrade reaches the app, whatever empty lines come first',
  async (t) => {
    for (let at = 1; at < UPGRADE.length; at++) {
      const wired = await Wired.open({ refusesUpgrades: true });
      wired.feed('client', `\r\n${UPGRADE.slice(0, at)}`);
      wired.feed('client', UPGRADE.slice(at));
      t.equal(wired.at('app').trim(), '');
      t.equal(wired.at('client'), REFUSAL);
      t.same(await wired.leftovers(), NONE_LEFT);
    }
  },
);

t.test('refusing begins and ends between requests, not in one', async (t) => {
  for (let at = 1; at < UPGRADE.length; at++) {
    const begins = await Wired.open();
    begins.feed('client', UPGRADE.slice(0, at));
    begins.policy.refusesUpgrades = true;
    begins.feed('client', UPGRADE.slice(at));
    t.equal(begins.at('app'), UPGRADE, `begins at ${at}`);
    t.same(await begins.leftovers(), NONE_LEFT);
    const ends = await Wired.open({ refusesUpgrades: true });
    ends.feed('client', UPGRADE.slice(0, at));
    ends.policy.refusesUpgrades = false;
    ends.feed('client', UPGRADE.slice(at));
    t.equal(ends.at('client'), REFUSAL, `ends at ${at}`);
    t.same(await ends.leftovers(), NONE_LEFT);
  }
});
