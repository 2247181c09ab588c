/**
 * Prometheus' own promtool finds nothing wrong with `/metrics`, neither on an idle tidegate nor on
 * one that has carried something.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { testWith } from '../peers/programs.js';
import { inFrontOf, run } from '../peers/running.js';

testWith(['promtool'], 'promtool has nothing to say about the metrics', async (t, { promtool }) => {
  const app = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.teardown(() => void app.close());
  const check = (text: string): ReturnType<typeof run> =>
    run(promtool, ['check', 'metrics'], { input: text });
  const silence = { code: 0, stdout: '', stderr: '' };
  await inFrontOf(t, (app.address() as AddressInfo).port, async (tidegate) => {
    t.same(await check((await tidegate.metrics()).text), silence);
    const url = `http://127.0.0.1:${tidegate.listen.port}/`;
    await (await fetch(url, { headers: { connection: 'close' } })).text();
    const metrics = await tidegate.idle();
    t.equal(metrics.value('tidegate_http_requests_total', { code: '2xx' }), 1);
    t.same(await check(metrics.text), silence);
    t.notSame(await check(metrics.text.replace(/^# HELP.*\n/m, '')), silence, 'it does look');
  });
});
