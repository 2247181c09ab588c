/**
 * The load driver's reader of answers: what is whole, what is not yet, and what never will be, in
 * one piece, byte by byte, and cut at every position.
 */
import t from 'tap';
import { AnswerReader } from './answer-reader.js';

interface Example {
  readonly bytes: string;
  readonly status: number;
  readonly body: string;
  readonly keeps: boolean;
}

const WHOLE: Readonly<Record<string, Example>> = {
  'a counted body': {
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    status: 200,
    body: 'hello',
    keeps: true,
  },
  'no body': {
    bytes: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    status: 503,
    body: '',
    keeps: false,
  },
  'a status that has none': {
    bytes: 'HTTP/1.1 204 No Content\r\n\r\n',
    status: 204,
    body: '',
    keeps: true,
  },
  chunks: {
    bytes:
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
      '3\r\nhel\r\n00A;x=y\r\nlo, world!\r\n0\r\n\r\n',
    status: 200,
    body: 'hello, world!',
    keeps: true,
  },
  'chunks with trailers': {
    bytes:
      'HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\nconnection: keep-alive, Close\r\n\r\n' +
      '5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n',
    status: 200,
    body: 'hello',
    keeps: false,
  },
  'one announced before': {
    bytes:
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
    status: 200,
    body: 'x',
    keeps: true,
  },
};

const MALFORMED: readonly string[] = [
  'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'SSH-2.0-x\r\n\r\n',
  'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore',
  `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(17_000)}`,
];

interface Read {
  readonly reader: AnswerReader;
  readonly body: string;
}

/** Gives a reader these pieces. */
function read(pieces: readonly string[]): Read {
  let body = '';
  const reader = new AnswerReader({ onBody: (bytes) => (body += bytes.toString('latin1')) });
  for (const piece of pieces) reader.take(Buffer.from(piece, 'latin1'));
  return { reader, body };
}

function told({ reader, body }: Read): object {
  const { head, isMalformed, isWhole, keeps } = reader;
  return { status: head?.status, body, isWhole, isMalformed, keeps };
}

for (const [name, { bytes, ...expected }] of Object.entries(WHOLE)) {
  t.test(`${name}: is whole, however it comes, and not before its last byte`, (t) => {
    const whole = { ...expected, isWhole: true, isMalformed: false };
    t.same(told(read([bytes])), whole);
    t.same(told(read([...bytes])), whole, 'byte by byte');
    for (let at = 1; at < bytes.length; at++) {
      t.same(told(read([bytes.slice(0, at), bytes.slice(at)])), whole, `cut at ${at}`);
      const part = read([bytes.slice(0, at)]).reader;
      part.end();
      t.same([part.isWhole, part.isMalformed, part.keeps], [false, false, false], `up to ${at}`);
    }
    t.end();
  });
}

t.test('without a length it is whole when the connection ends', (t) => {
  const { reader, body } = read([...'HTTP/1.1 200 OK\r\n\r\nhello']);
  t.equal(reader.isWhole, false);
  reader.end();
  t.same([reader.isWhole, body], [true, 'hello']);
  t.end();
});

t.test('what is no answer is malformed, however it comes', (t) => {
  for (const bytes of MALFORMED) {
    for (const pieces of [[bytes], [...bytes]]) {
      const { reader } = read(pieces);
      reader.end();
      const name = JSON.stringify(bytes.slice(0, 80));
      t.same([reader.isMalformed, reader.isWhole, reader.keeps], [true, false, false], name);
    }
  }
  t.end();
});
