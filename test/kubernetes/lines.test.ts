/**
 * Lines of a stream, whole wherever it was cut.
 */
import t from 'tap';
import { Lines } from '../../src/kubernetes/lines.js';

const EVENTS = '{"note":"größe 😀 é\u2028"}\n\n{"name":"名"}\n  \n{"a":1}\r\n';

t.test('lines are whole and right, wherever the bytes are cut', (t) => {
  const bytes = Buffer.from(EVENTS);
  const wanted = EVENTS.split(/\r?\n/).filter((text) => text.trim() !== '');
  const said = (chunks: readonly Buffer[]): unknown[] => {
    const lines = new Lines(1_000);
    return chunks.flatMap((chunk) => [...lines.push(chunk)].map((text) => text && text.trimEnd()));
  };
  t.same(said([bytes]), wanted);
  t.same(said([...bytes].map((byte) => Buffer.of(byte))), wanted);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const both = said([bytes.subarray(0, cut), bytes.subarray(cut)]);
    if (JSON.stringify(both) !== JSON.stringify(wanted)) t.fail(`cut at ${cut}`);
  }
  t.same(said([Buffer.from('never ended')]), []);
  const short = new Lines(4);
  t.same([...short.push(Buffer.from('abcd\nabc'))], ['abcd']);
  t.same([...short.push(Buffer.from('de\n'))], [false]);
  t.same([...new Lines(4).push(Buffer.from('abcde\nabc\n'))], [false]);
  t.end();
});
