/**
 * HTTP/1.1 in a drain: the answer to the last request says that the connection ends, nothing else
 * is changed, nothing is lost, and behind it nothing passes. Each conversation is told whole, byte
 * by byte, and cut at every position in both lanes; both ends are compared byte for byte.
 */
import t from 'tap';
import { END, type LateCase, tellAll } from '../peers/late-script.js';

const GET = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_CLOSE = 'GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const OK_CLOSE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';
const UPGRADE = 'GET /up HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';

/** A request, its answer, and what the answer has become. */
function exchange(request: string, answer: string, atClient: string, ends = true): LateCase {
  const steps = [
    ['client', request],
    ['app', answer],
  ] as const;
  return { steps, atClient, ends };
}

/** An answer of one head and what follows, and the same with a further line in its head. */
function closes(request: string, head: string, rest: string): LateCase {
  return exchange(request, `${head}\r\n${rest}`, `${head}Connection: close\r\n\r\n${rest}`);
}

const CASES: Readonly<Record<string, LateCase>> = {
  'a counted answer': closes(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', 'ok'),
  'an empty answer': closes(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', ''),
  'a chunked answer with trailers': closes(
    GET,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n',
    '3;x="y"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nConnection: keep-alive\r\n\r\n',
  ),
  'a 204': closes(GET, 'HTTP/1.1 204 No Content\r\n', ''),
  'a 304 with a length': closes(GET, 'HTTP/1.1 304 \r\nContent-Length: 99\r\n', ''),
  'an answer to HEAD': closes(
    'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n',
    '',
  ),
  'an answer without a reason or fields': exchange(
    GET,
    'HTTP/1.1 204\r\n\r\n',
    'HTTP/1.1 204\r\nConnection: close\r\n\r\n',
  ),
  'an answer that promises to keep the connection': exchange(
    GET,
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nKeep-Alive: timeout=5\r\nConnection: Keep-Alive\r\nX: y\r\n\r\nok',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX: y\r\nConnection: close\r\n\r\nok',
  ),
  'an answer with other options': exchange(
    GET,
    'HTTP/1.1 200 OK\r\nConnection: X-Sum, keep-alive\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nConnection: X-Sum\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
  ),
  'an answer that says close already': exchange(
    GET,
    'HTTP/1.1 200 OK\r\ncOnnection:\tfoo ,Close\r\nKeep-Alive: x\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\ncOnnection:\tfoo ,Close\r\nKeep-Alive: x\r\nContent-Length: 2\r\n\r\nok',
  ),
  'HTTP/1.0 with keep-alive': exchange(
    'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
  ),
  'an answer that lasts until the end': {
    steps: [
      ['client', GET],
      ['app', 'HTTP/1.1 200 OK\r\n\r\nabc'],
      ['app', END],
    ],
    atClient: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc',
    ends: true,
  },
  'a body that is asked for, and hints': {
    steps: [
      ['client', `${POST.slice(0, -2)}Expect: 100-continue\r\n\r\n`],
      ['app', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['client', 'hello'],
      ['app', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: keep-alive\r\n\r\n${OK}`],
    ],
    atClient:
      'HTTP/1.1 100 Continue\r\n\r\n' +
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: keep-alive\r\n\r\n${OK_CLOSE}`,
    ends: true,
  },
  'an upgrade, and what the app says behind it': {
    steps: [
      ['client', UPGRADE],
      ['app', `${SWITCH}\x81\x05hello\x81\x02hi`],
      ['client', '\x81\x82\0\0\0\0hi'],
    ],
    ends: false,
  },
  'an upgrade that the app refuses': closes(
    UPGRADE,
    'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nUpgrade: h2c\r\n',
    'no',
  ),
  'a CONNECT that is taken, and what the app says behind it': {
    steps: [
      ['client', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['app', 'HTTP/1.1 200 Yes\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
      ['client', 'GET / HTTP/1.1\r\n\r\n'],
    ],
    ends: false,
  },
  'a CONNECT that is refused': closes(
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n',
    'no',
  ),
  'two pipelined requests': {
    steps: [
      ['client', GET + GET],
      ['app', OK + OK],
    ],
    atClient: OK + OK_CLOSE,
    ends: true,
  },
  'three pipelined requests, one with a body, and empty lines between': {
    steps: [
      ['client', `${GET}${POST}hello\r\n${GET}\r\n`],
      ['app', `${OK}\r\n${OK}HTTP/1.1 103 Early\r\n\r\n${OK}`],
    ],
    atClient: `${OK}\r\n${OK}HTTP/1.1 103 Early\r\n\r\n${OK_CLOSE}`,
    ends: true,
  },
  'ten pipelined requests': {
    steps: [
      ['client', GET.repeat(10)],
      ['app', OK.repeat(10)],
    ],
    atClient: OK.repeat(9) + OK_CLOSE,
    ends: true,
  },
  'a request that begins in the middle of an answer head': {
    steps: [
      ['client', GET],
      ['app', OK.slice(0, 20)],
      ['client', 'G'],
      ['app', OK.slice(20)],
      ['client', GET.slice(1)],
      ['app', OK],
    ],
    atClient: OK + OK_CLOSE,
    ends: true,
  },
  'a request behind the announcement': {
    steps: [
      ['client', GET],
      ['app', OK.slice(0, -1)],
      ['client', `\r\n${POST}hello`],
      ['app', 'k'],
      ['client', 'more'],
    ],
    atApp: GET,
    atClient: OK_CLOSE,
    ends: true,
  },
  'what comes behind a request that says itself that it is the last': {
    steps: [
      ['client', GET_CLOSE],
      ['app', OK.slice(0, -1)],
      ['client', `\r\n${GET}`],
      ['app', 'k'],
    ],
    atApp: GET_CLOSE,
    atClient: OK_CLOSE,
    ends: true,
  },
  'an early answer': {
    steps: [
      ['client', `${POST}he`],
      ['app', OK],
      ['client', `llo${GET}`],
    ],
    atApp: `${POST}hello`,
    atClient: OK_CLOSE,
    ends: true,
  },
  'an early answer to a body that is never whole': {
    steps: [
      ['client', `${POST}he`],
      ['app', OK],
      ['client', 'll'],
    ],
    atClient: OK_CLOSE,
    ends: false,
  },
  'an answer before the head is whole': {
    steps: [
      ['client', POST.slice(0, 20)],
      ['app', OK],
      ['client', `${POST.slice(20)}hello${GET}`],
    ],
    atApp: `${POST}hello`,
    atClient: OK_CLOSE,
    ends: true,
  },
  'an answer that nobody has asked for': {
    steps: [
      ['client', GET.slice(0, 2)],
      ['client', `${GET.slice(2)}`],
      ['app', `${OK}HTTP/1.1 408 Request Timeout\r\n\r\n`],
    ],
    atClient: OK_CLOSE,
    ends: true,
  },
  'garbage behind the last answer': {
    steps: [
      ['client', GET],
      ['app', `${OK}\0\x01garbage`],
      ['app', 'and more'],
    ],
    atClient: OK_CLOSE,
    ends: true,
  },
  'an answer that is no HTTP': {
    steps: [
      ['client', GET],
      ['app', 'HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n'],
      ['client', GET],
      ['app', OK],
    ],
    ends: false,
  },
  'a request that is no HTTP': {
    steps: [
      ['client', GET],
      ['app', OK.slice(0, 20)],
      ['client', 'GET / HTTP/1.1\r\nBad Name: 1\r\n\r\n'],
      ['app', OK.slice(20)],
      ['client', GET],
      ['app', OK],
    ],
    ends: false,
  },
  'a client that ends early': {
    steps: [
      ['client', GET],
      ['client', END],
      ['app', OK],
    ],
    atClient: OK_CLOSE,
    ends: true,
  },
  'an app that ends in its head': {
    steps: [
      ['client', GET],
      ['app', OK.slice(0, 30)],
      ['app', END],
    ],
    ends: false,
  },
  'an app that ends in its content': {
    steps: [
      ['client', GET],
      ['app', OK.slice(0, -1)],
      ['app', END],
    ],
    atClient: OK_CLOSE.slice(0, -1),
    ends: false,
  },
};

for (const [name, late] of Object.entries(CASES)) {
  t.test(`in a drain ${late.ends ? 'it is the last' : 'it goes on'}: ${name}`, async (t) => {
    await tellAll(t, late);
  });
}
