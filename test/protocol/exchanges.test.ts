/**
 * Outstanding requests come out as they went in, and there is a limit to them.
 */
import t from 'tap';
import {
  Outstanding,
  OUTSTANDING_MAX,
  PLAIN,
  TO_CONNECT,
  TO_HEAD,
  TO_UPGRADE,
} from '../../src/protocol/exchanges.js';

t.test('the oldest request is answered first', (t) => {
  const outstanding = new Outstanding();
  const requests = [TO_HEAD, PLAIN, TO_UPGRADE, TO_CONNECT];
  for (const request of requests) t.ok(outstanding.push(request));
  t.equal(outstanding.size, 4);
  for (const request of requests) {
    t.equal(outstanding.peek(), request);
    outstanding.shift();
  }
  t.equal(outstanding.size, 0);
  t.equal(outstanding.peek(), PLAIN, 'nothing is known of what nobody asked for');
  t.end();
});

t.test('requests and answers may alternate for ever', (t) => {
  const outstanding = new Outstanding();
  for (let round = 0; round < 3 * OUTSTANDING_MAX; round++) {
    const request = round % 2 === 0 ? TO_HEAD : TO_UPGRADE;
    outstanding.push(request);
    if (outstanding.peek() !== request) t.fail(`round ${round}`);
    outstanding.shift();
  }
  t.equal(outstanding.size, 0);
  t.end();
});

t.test('there is no room for more than the limit', (t) => {
  const outstanding = new Outstanding();
  for (let count = 0; count < OUTSTANDING_MAX; count++) outstanding.push(PLAIN);
  t.notOk(outstanding.push(PLAIN));
  t.equal(outstanding.size, OUTSTANDING_MAX);
  outstanding.shift();
  t.ok(outstanding.push(TO_HEAD));
  t.end();
});
