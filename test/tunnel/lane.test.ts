/**
 * The hot loop passes every byte as it came: each script is spoken once directly and then through
 * a tunnel, whole, byte by byte and with each head's last CRLF cut in two, in all three settings of
 * `forwarded`; every piece is read by the tunnel before the next one is sent.
 */
import t from 'tap';
import { type Carrier, join, openCarrier, turnsUntil } from '../peers/carrier.js';
import type { Ends } from '../peers/peer.js';
import {
  type Cut,
  type Forwarded,
  type Script,
  type Seen,
  byteByByte,
  inLastCrlf,
  play,
  playDirectly,
  sentBy,
  whole,
} from '../peers/script.js';
import { HTTP_SCRIPTS } from '../peers/scripts-http.js';
import { RAW_SCRIPTS } from '../peers/scripts-raw.js';

const SCRIPTS = [...HTTP_SCRIPTS, ...RAW_SCRIPTS];
const LINE = 'X-Forwarded-For: 127.0.0.1\r\n';
const CUTS: Readonly<Record<string, Cut>> = {
  whole,
  'byte by byte': byteByByte,
  'cut inside each last CRLF': inLastCrlf,
};

function spokenThrough(
  carrier: Carrier,
  ends: Ends,
  script: Script,
  forwarded: Forwarded,
  cut: Cut,
): Promise<Seen> {
  const { tracker } = carrier;
  const before = { received: tracker.receivedBytes, sent: tracker.sentBytes };
  return play(script, ends, {
    forwarded,
    line: LINE,
    cut,
    paced: (from, _to, count) =>
      turnsUntil(
        () =>
          count ===
          (from === ends.client
            ? tracker.receivedBytes - before.received
            : tracker.sentBytes - before.sent),
        'the tunnel reads what was sent',
      ),
  });
}

t.test('there are more than thirty scripts, each with a name of its own', (t) => {
  t.ok(SCRIPTS.length >= 30, `${SCRIPTS.length} scripts`);
  t.equal(new Set(SCRIPTS.map(({ name }) => name)).size, SCRIPTS.length);
  t.end();
});

for (const script of SCRIPTS) {
  t.test(`what passes is what was sent: ${script.name}`, async (t) => {
    const direct = await playDirectly(script);
    t.equal(direct.atApp, sentBy('client', script).toString('latin1'));
    t.equal(direct.atClient, sentBy('app', script).toString('latin1'));
    for (const forwarded of ['off', 'if-absent', 'append'] as const) {
      const opened = await openCarrier(t, { policy: { forwarded } });
      const expected = {
        ...direct,
        atApp: sentBy('client', script, forwarded, LINE).toString('latin1'),
      };
      for (const [name, cut] of Object.entries(CUTS)) {
        const ends = await join(opened);
        const seen = await spokenThrough(opened.carrier, ends, script, forwarded, cut);
        t.same(seen, expected, `forwarded ${forwarded}, ${name}`);
        await opened.carrier.empty();
      }
    }
  });
}
