/**
 * The built program changes no byte: each script of the tunnel's own test is spoken once directly
 * and once through it, in all three settings of `forwarded`, and both sides see the same.
 */
import t from 'tap';
import { Peer, RawApp } from '../peers/peer.js';
import { play, playDirectly, sentBy, unpaced, whole } from '../peers/script.js';
import { HTTP_SCRIPTS } from '../peers/scripts-http.js';
import { RAW_SCRIPTS } from '../peers/scripts-raw.js';
import { startTidegate } from '../peers/tidegate.js';

const SCRIPTS = [...HTTP_SCRIPTS, ...RAW_SCRIPTS];
const LINE = 'X-Forwarded-For: 127.0.0.1\r\n';

for (const forwarded of ['off', 'if-absent', 'append'] as const) {
  t.test(`${SCRIPTS.length} scripts pass as they are, forwarded ${forwarded}`, async (t) => {
    const app = await RawApp.open();
    const tidegate = await startTidegate({ app: app.at, flags: [`--forwarded=${forwarded}`] });
    t.teardown(async () => {
      await tidegate.stop();
      await app.close();
    });
    for (const script of SCRIPTS) {
      const client = await Peer.connect(tidegate.listen);
      const ends = { client, app: await app.accepted() };
      const how = { forwarded, line: LINE, cut: whole, paced: unpaced };
      const expected = {
        ...(await playDirectly(script)),
        atApp: sentBy('client', script, forwarded, LINE).toString('latin1'),
      };
      t.same(await play(script, ends, how), expected, script.name);
    }
    await tidegate.idle();
  });
}
