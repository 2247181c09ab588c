/**
 * What a caller may rely on when it drives the framing; which bytes are allowed where is the
 * fuzz's and the fixtures' to say.
 */
import t from 'tap';
import { Framing } from '../../../src/protocol/http1/framing.js';
import { CLOSE, FORWARDED, UPGRADE } from '../../../src/protocol/http1/message.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

t.test('reading stops at a message’s beginning, behind its head and at its end', (t) => {
  const framing = new Framing('request');
  const chunk = bytes('\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /');
  const seen: string[] = [];
  for (let at = 0; at < chunk.length;) {
    at = framing.read(chunk, at);
    seen.push(`${framing.event} ${at}`);
    if (framing.event === 'head') t.notOk(framing.body(false));
  }
  t.same(seen, ['begin 2', 'head 40', 'end 42', 'begin 42', 'none 47']);
  t.end();
});

t.test('a head without content is a whole message', (t) => {
  const framing = new Framing('request');
  const chunk = bytes(
    'GET / HTTP/1.1\r\nX-Forwarded-For: a\r\nConnection: close\r\nUpgrade: b\r\n\r\n',
  );
  t.equal(framing.read(chunk, 0), 0);
  t.equal(framing.read(chunk, 0), chunk.length);
  t.equal(framing.event, 'head');
  t.ok(framing.message.has(FORWARDED));
  t.ok(framing.message.has(CLOSE));
  t.ok(framing.message.has(UPGRADE));
  t.ok(framing.body(false));
  t.equal(framing.event, 'end');
  t.end();
});

t.test('an answer has no content if its request says so', (t) => {
  const chunk = bytes('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab');
  for (const skip of [true, false]) {
    const framing = new Framing('answer');
    framing.read(chunk, framing.read(chunk, 0));
    t.equal(framing.event, 'head');
    t.equal(framing.message.status, 200);
    t.equal(framing.body(skip), skip);
  }
  t.end();
});

t.test('a request whose codings are wrong fails when its body is entered', (t) => {
  const framing = new Framing('request');
  const chunk = bytes('POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n');
  framing.read(chunk, framing.read(chunk, 0));
  t.equal(framing.event, 'head');
  t.notOk(framing.body(false));
  t.equal(framing.event, 'failed');
  t.equal(framing.failure, 'request-syntax');
  t.end();
});

t.test('a failure is told again, not forgotten', (t) => {
  const framing = new Framing('answer');
  t.equal(framing.read(bytes('HTTP/1.1 2x0'), 0), 0);
  t.equal(framing.read(bytes('HTTP/1.1 2x0'), 0), 10);
  t.equal(framing.event, 'failed');
  t.equal(framing.failure, 'answer-syntax');
  framing.read(bytes('HTTP/1.1 200 OK\r\n\r\n'), 0);
  t.equal(framing.event, 'failed');
  t.end();
});

t.test('a FIN ends a message only where nothing else does', (t) => {
  const endings: [string, boolean][] = [
    ['', false],
    ['HTTP/1.1 200 OK\r\n', false],
    ['HTTP/1.1 200 OK\r\n\r\nab', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab', false],
    ['HTTP/1.1 204 No\r\n\r\n', false],
  ];
  for (const [text, ends] of endings) {
    const framing = new Framing('answer');
    const chunk = bytes(text);
    for (let at = 0; at < chunk.length;) {
      at = framing.read(chunk, at);
      if (framing.event === 'head') framing.body(false);
    }
    t.equal(framing.ended(), ends, JSON.stringify(text));
    t.notOk(framing.ended(), 'only once');
  }
  t.end();
});

t.test('the CR of a head’s blank line is noticed, that of a trailer section’s is not', (t) => {
  const framing = new Framing('request');
  const chunk = bytes('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
  const near: number[] = [];
  for (let at = 0; at < chunk.length; at++) {
    const single = chunk.subarray(at, at + 1);
    for (let from = 0; from < 1;) {
      from = framing.read(single, from);
      if (framing.event === 'head') framing.body(false);
    }
    if (framing.nearHeadEnd()) near.push(at);
  }
  t.same(near, [chunk.indexOf('\r\n\r\n') + 2]);
  t.end();
});
