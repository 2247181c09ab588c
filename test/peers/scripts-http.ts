/**
 * Scripts of HTTP/1.1 as it is spoken by well-behaved peers: bodies of every form, interim
 * answers, pipelining, what servers may do early or unasked.
 */
import {
  FURTHER,
  type Script,
  app,
  appEnds,
  asIs,
  client,
  clientEnds,
  forwardedHead,
  head,
  script,
} from './script.js';

const ok = (body: string, ...lines: readonly string[]): string =>
  asIs('HTTP/1.1 200 OK', ...lines, `Content-Length: ${body.length}`) + body;

const chunk = (text: string, extension = ''): string =>
  `${text.length.toString(16)}${extension}\r\n${text}\r\n`;

const get = head('GET / HTTP/1.1', 'Host: a');

const bodies: Script[] = [
  script('GET and a counted answer', client(get), app(ok('hello')), client(get), app(ok('again'))),
  script(
    'POST with its body in the same send',
    client(head('POST /a HTTP/1.1', 'Host: a', 'Content-Length: 7'), 'a\r\n\r\nbc'),
    app(ok('')),
  ),
  script(
    'POST with its body in later sends',
    client(head('POST /a HTTP/1.1', 'Host: a', 'Content-Length: 9')),
    client('one'),
    client('\r\n\r\n'),
    client('21'),
    app(ok('done')),
    client(get),
    app(ok('')),
  ),
  script(
    'a chunked request with extensions and trailers',
    client(
      head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'),
      chunk('GET / HTTP/1.1\r\n\r\n', ';a=b;c="d\\";"'),
      '0\r\nX-Forwarded-For: 9.9.9.9\r\nDigest: x\r\n\r\n',
      get,
    ),
    app(ok('1'), ok('2')),
  ),
  script(
    'a chunked answer with trailers',
    client(get),
    app(asIs('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: Digest')),
    app(chunk('Hello'), chunk(' world')),
    app('0\r\nDigest: x\r\n\r\n'),
    client(get),
    app(ok('next')),
  ),
  script(
    'HEAD, whose answer has a length and no body',
    client(head('HEAD / HTTP/1.1', 'Host: a')),
    app(asIs('HTTP/1.1 200 OK', 'Content-Length: 1000')),
    client(get),
    app(ok('x')),
  ),
  script(
    '204 and 304, which have no body',
    client(get, get, get),
    app(asIs('HTTP/1.1 204 No Content'), asIs('HTTP/1.1 304 Not Modified', 'Content-Length: 5')),
    app(ok('last')),
  ),
  script(
    'an answer until the close',
    client(get),
    app(asIs('HTTP/1.1 200 OK', 'Connection: close')),
    app('some\r\n\r\n'),
    app('more'),
    appEnds,
  ),
  script(
    'HTTP/1.0 until the close',
    client(head('GET / HTTP/1.0')),
    app(`${asIs('HTTP/1.0 200 OK', 'Server: old')}bytes`),
    appEnds,
  ),
  script(
    'HTTP/1.0 with keep-alive',
    client(head('GET /1 HTTP/1.0', 'Connection: keep-alive')),
    app(`${asIs('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 2')}ab`),
    client(head('GET /2 HTTP/1.0', 'Connection: keep-alive')),
    app(`${asIs('HTTP/1.0 200 OK', 'Content-Length: 2')}cd`),
    appEnds,
  ),
];

const expecting = ['PUT / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 4'];

const interim: Script[] = [
  script(
    '100-continue that is granted',
    client(head(...expecting)),
    app(asIs('HTTP/1.1 100 Continue')),
    client('body'),
    app(ok('stored')),
    client(get),
    app(ok('')),
  ),
  script(
    '100-continue that is refused',
    client(head(...expecting)),
    app(asIs('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0', 'Connection: close')),
    appEnds,
  ),
  script(
    '103 early hints',
    client(get),
    app(asIs('HTTP/1.1 103 Early Hints', 'Link: </a.css>; rel=preload')),
    app(ok('page')),
  ),
  script(
    'many interim answers',
    client(head(...expecting)),
    app(asIs('HTTP/1.1 100 Continue'), asIs('HTTP/1.1 102 Processing')),
    client('body'),
    app(asIs('HTTP/1.1 102 Processing'), asIs('HTTP/1.1 103 Early Hints', 'Link: x'), ok('yes')),
  ),
];

const several: Script[] = [
  script('two pipelined GETs in one send', client(get, get), app(ok('1')), app(ok('22'))),
  script(
    'pipelined requests with bodies in one send',
    client(
      head('POST /1 HTTP/1.1', 'Host: a', 'Content-Length: 5'),
      'abc\r\n',
      get,
      head('POST /3 HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'),
      chunk('xyz'),
      '0\r\n\r\n',
      forwardedHead('GET /4 HTTP/1.1', 'x-forwarded-for: 192.0.2.1', 'Host: a'),
      get,
    ),
    app(ok('1'), ok('2'), ok('3'), ok('4'), ok('5')),
  ),
  script(
    'pipelining while answers are under way',
    client(get),
    app(asIs('HTTP/1.1 200 OK', 'Content-Length: 6')),
    client(get),
    app('abc'),
    client(get),
    app('def', ok('2'), ok('3')),
  ),
  script(
    'X-Forwarded-For that is there already',
    client(forwardedHead('GET / HTTP/1.1', 'X-Forwarded-For: 192.0.2.7, 10.0.0.1', 'Host: a')),
    app(ok('a')),
    client(['GET / HTTP/1.1\r\nX-FORWARDED-FOR:\r\nHost: a\r\n', FURTHER, '\r\n']),
    app(ok('b')),
    client(get),
    app(ok('c')),
  ),
  script(
    'case, order, duplicates and spaces of fields',
    client(
      head(
        'GET /%7Eq?x=1&y=[]#z HTTP/1.1',
        'hOsT:a',
        'X-A:  two  ',
        'x-a:\tone',
        'COOKIE: a=b',
        'Empty:',
        'cookie: c=\xe9\xff',
        'X-A: two',
      ),
    ),
    app(`${asIs('HTTP/1.1 200 ', 'SET-cookie:a', 'Set-Cookie: b', 'content-LENGTH:  3  ')}abc`),
  ),
  script(
    'absolute form and the asterisk',
    client(head('GET http://a.example:80/x?y HTTP/1.1', 'Host: a.example')),
    app(ok('a')),
    client(head('OPTIONS * HTTP/1.1', 'Host: a')),
    app(ok('b')),
  ),
  script(
    'empty lines before a request and behind a body',
    client('\r\n\r\n', head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1'), 'x\r\n'),
    app(ok('a')),
    client(get),
    app(ok('b')),
  ),
];

const early: Script[] = [
  script(
    'an answer before the request is whole, and a close',
    client(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100'), 'begun'),
    app(asIs('HTTP/1.1 413 Content Too Large', 'Content-Length: 0', 'Connection: close')),
    appEnds,
    client('still sending'),
  ),
  script(
    'an answer before the request is whole, and on it goes',
    client(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10'), '12345'),
    app(ok('early')),
    client('67890', get),
    app(ok('next')),
  ),
  script(
    'a 408 that nobody asked for',
    client(get),
    app(ok('a')),
    app(asIs('HTTP/1.1 408 Request Timeout', 'Connection: close', 'Content-Length: 0')),
    appEnds,
  ),
  script(
    'a client that ends behind its request',
    client(get),
    clientEnds,
    app(asIs('HTTP/1.1 200 OK', 'Content-Length: 6'), 'abc'),
    app('def'),
    appEnds,
  ),
  script(
    'an event stream',
    client(head('GET /events HTTP/1.1', 'Host: a', 'Accept: text/event-stream')),
    app(asIs('HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked')),
    app(chunk('data: 1\n\n')),
    app(chunk(': still here\n\n')),
    clientEnds,
    app(chunk('data: 2\n\n'), '0\r\n\r\n'),
    appEnds,
  ),
  script(
    'an event stream until the close',
    client(head('GET /events HTTP/1.0')),
    app(asIs('HTTP/1.0 200 OK', 'Content-Type: text/event-stream')),
    app('data: 1\n\n'),
    app('id: 2\r\ndata: 2\r\n\r\n'),
    appEnds,
  ),
];

export const HTTP_SCRIPTS: readonly Script[] = [...bodies, ...interim, ...several, ...early];
