/**
 * What the observer of HTTP/1.1 promises beyond single exchanges, which are in `test/wire`:
 * limits, and where a line may go in.
 */
import t from 'tap';
import { Follower } from '../../peers/follower.js';
import { OUTSTANDING_MAX } from '../../../src/protocol/exchanges.js';
import { createHttp1Observer } from '../../../src/protocol/http1/observer.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const REQUEST = bytes('GET / HTTP/1.1\r\n\r\n');
const ANSWER = bytes('HTTP/1.1 204 No\r\n\r\n');

function count(follower: Follower, line: string): number {
  return follower.log.filter((other) => other === line).length;
}

t.test('as many requests as the limit may wait, one more is not followed', (t) => {
  const follower = new Follower();
  for (let sent = 0; sent < OUTSTANDING_MAX; sent++) follower.feed('client', REQUEST);
  t.equal(count(follower, 'exchange began'), OUTSTANDING_MAX);
  t.equal(count(follower, 'gave up: pipeline-too-deep'), 0);
  follower.feed('client', REQUEST);
  t.same(follower.log.slice(-2), ['gave up: pipeline-too-deep', 'carries tcp']);
  follower.feed('client', REQUEST);
  follower.feed('app', ANSWER);
  t.equal(follower.log.at(-1), 'carries tcp', 'and nothing is heard of what follows');
  t.end();
});

t.test('a connection that pipelines is followed for as long as answers keep coming', (t) => {
  const follower = new Follower();
  follower.feed('client', REQUEST);
  for (let round = 0; round < 3 * OUTSTANDING_MAX; round++) {
    follower.feed('client', REQUEST);
    follower.feed('app', ANSWER);
  }
  t.equal(count(follower, 'exchange ended'), 3 * OUTSTANDING_MAX);
  t.equal(count(follower, 'exchange began'), 3 * OUTSTANDING_MAX + 1);
  t.end();
});

t.test('reading stops behind each request head, and says what a line would need to know', (t) => {
  const observer = createHttp1Observer(new Follower());
  const heads = [
    'GET / HTTP/1.1\r\n',
    'PUT / HTTP/1.1\r\nX-Forwarded-For: a\r\nContent-Length: 2\r\n',
  ];
  const chunk = bytes(`${heads[0]}\r\n${heads[1]}\r\nabGET / HTTP/1.1\r\nA:`);
  const first = heads[0].length + 2;
  t.equal(observer.fromClient(chunk, 0), first);
  t.equal(observer.headEnd, 'plain');
  t.equal(observer.fromClient(chunk, first), first + heads[1].length + 2);
  t.equal(observer.headEnd, 'forwarded');
  t.equal(observer.fromClient(chunk, first + heads[1].length + 2), chunk.length);
  t.equal(observer.headEnd, 'none');
  t.equal(observer.fromClient(bytes('\r\n\r'), 0), 3);
  t.equal(observer.headEnd, 'near-plain');
  t.equal(observer.fromClient(bytes('\n'), 0), 1);
  t.equal(observer.headEnd, 'plain');
  t.equal(observer.fromClient(bytes('GET / HTTP/1.1\r\nX-Forwarded-For:\r\n\r'), 0), 35);
  t.equal(observer.headEnd, 'near-forwarded');
  t.end();
});

t.test('a FIN of either side is no fault at any place', (t) => {
  const client = bytes(
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n',
  );
  const app = bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n');
  for (let at = 0; at <= client.length; at++) {
    const follower = new Follower();
    follower.feed('client', client.subarray(0, at));
    follower.end('client');
    follower.feed('app', app.subarray(0, at));
    follower.end('app');
    const ended = count(follower, 'exchange ended');
    if (ended > count(follower, 'exchange began')) t.fail(`cut at ${at}`);
  }
  t.end();
});
