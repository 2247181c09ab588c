/**
 * Who may change something: which addresses are loopback, and what is taken for the token.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import t from 'tap';
import { isLoopback, mayChange } from '../../src/admin/access.js';

t.test('loopback is 127.0.0.0/8, also mapped into IPv6, and ::1', (t) => {
  for (const address of ['127.0.0.1', '127.255.3.9', '::1', '::ffff:127.0.0.1', '::ffff:127.9.9.9'])
    t.equal(isLoopback(address), true, address);
  for (const address of [
    '10.0.0.1',
    '128.0.0.1',
    '1.127.0.0.1',
    '127.0.0.1.example',
    '::2',
    '::ffff:10.0.0.1',
    'fe80::127.0.0.1',
    '',
    undefined,
  ])
    t.equal(isLoopback(address), false, String(address));
  t.end();
});

function from(
  remoteAddress: string,
  headers: IncomingHttpHeaders = {},
  localAddress = remoteAddress,
): IncomingMessage {
  return { socket: { remoteAddress, localAddress }, headers } as IncomingMessage;
}

t.test('loopback needs no token, even where there is one', (t) => {
  t.equal(mayChange(from('127.0.0.1'), undefined), true);
  t.equal(mayChange(from('::1'), 'secret'), true);
  t.end();
});

t.test('a proxy of the pod that calls its address from loopback needs it', (t) => {
  const called = (localAddress: string, headers: IncomingHttpHeaders = {}): boolean =>
    mayChange(from('127.0.0.6', headers, localAddress), 'secret');
  t.equal(called('10.1.2.3'), false);
  t.equal(called('::ffff:10.1.2.3'), false);
  t.equal(called('10.1.2.3', { 'x-tidegate-token': 'secret' }), true);
  t.equal(called('127.0.0.1'), true);
  t.end();
});

t.test('others need the token, in one of the two headers', (t) => {
  const given = (headers: IncomingHttpHeaders, token?: string): boolean =>
    mayChange(from('10.1.2.3', headers), token);
  t.equal(given({}, 'secret'), false);
  t.equal(given({ authorization: 'Bearer secret' }, 'secret'), true);
  t.equal(given({ authorization: 'bearer  secret' }, 'secret'), true);
  t.equal(given({ 'x-tidegate-token': 'secret' }, 'secret'), true);
  const both = { authorization: 'Bearer other', 'x-tidegate-token': 'secret' };
  t.equal(given(both, 'secret'), true, 'one of them may be another’s');
  for (const wrong of ['Secret', 'secre', 'secrets', '', 'geheim']) {
    t.equal(given({ authorization: `Bearer ${wrong}` }, 'secret'), false, wrong);
    t.equal(given({ 'x-tidegate-token': wrong }, 'secret'), false, wrong);
  }
  t.equal(given({ authorization: 'Basic secret' }, 'secret'), false);
  t.equal(given({ authorization: 'secret' }, 'secret'), false);
  t.end();
});

t.test('where no token is set, none is right', (t) => {
  const headers = { authorization: 'Bearer undefined', 'x-tidegate-token': '' };
  t.equal(mayChange(from('10.1.2.3', headers), undefined), false);
  t.end();
});
