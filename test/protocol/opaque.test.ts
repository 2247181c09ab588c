/**
 * What is not followed is passed over, whatever it is; giving up says why before what.
 */
import t from 'tap';
import { Follower } from '../peers/follower.js';
import { giveUp, OPAQUE, turnOpaque } from '../../src/protocol/opaque.js';

t.test('opaque bytes are all passed over', (t) => {
  t.equal(OPAQUE.fromClient(Buffer.from('GET / HTTP/1.1\r\n\r\n'), 3), 18);
  t.equal(OPAQUE.fromApp(new Uint8Array(5), 0), 5);
  OPAQUE.clientEnded();
  OPAQUE.appEnded();
  t.equal(OPAQUE.headEnd, 'none');
  t.end();
});

t.test('giving up tells the reason, then the kind', (t) => {
  const follower = new Follower();
  giveUp(follower, 'fault');
  turnOpaque(follower, 'tls');
  t.same(follower.log, ['gave up: fault', 'carries tcp', 'carries tls']);
  t.end();
});
