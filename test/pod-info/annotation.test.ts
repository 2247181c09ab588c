/**
 * The kubelet's file of annotations: Go's quoting read back, and what is no annotation.
 */
import t from 'tap';
import { annotationIn } from '../../src/pod-info/annotation.js';
import { Random } from '../peers/random.js';

const KEY = 'tidegate.dev/drain';

/** As Go's strconv.Quote: what cannot be printed becomes an escape. */
function quoted(text: string): string {
  const short = new Map([...'\x07\b\f\n\r\t\v'].map((one, at) => [one, `\\${'abfnrtv'[at]}`]));
  const escaped = [...text].map((one) => {
    if (one === '"' || one === '\\') return `\\${one}`;
    const code = one.codePointAt(0) ?? 0;
    const hex = (digits: number): string => code.toString(16).padStart(digits, '0');
    if (code < 0x80 && code !== 0x7f && code >= 0x20) return one;
    if (code < 0x20 || code === 0x7f) return short.get(one) ?? `\\x${hex(2)}`;
    if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(one)) return one;
    return code > 0xffff ? `\\U${hex(8)}` : `\\u${hex(4)}`;
  });
  return `"${escaped.join('')}"`;
}

t.test('a value is read as it was given', (t) => {
  for (const value of [
    '',
    'true',
    'keep',
    'a "b" \\ c=d',
    'line\nbreak\r\ttab\x07\b\f\v\x00\x7f',
    `${KEY}="true"`,
    '\u2028\u{e0001}🌊é',
  ]) {
    t.equal(annotationIn(`${KEY}=${quoted(value)}`, KEY), value);
  }
  t.end();
});

t.test('it is found among others, wherever it stands, and only under its whole name', (t) => {
  const others = [
    'a="1"',
    `x.${KEY}="keep"`,
    `${KEY}ed="keep"`,
    'kubectl.io/last="{\\"a\\":1}\\n"',
  ];
  for (let at = 0; at <= others.length; at++) {
    const lines = [...others.slice(0, at), `${KEY}="true"`, ...others.slice(at)];
    t.equal(annotationIn(lines.join('\n'), KEY), 'true');
    t.equal(annotationIn(`${lines.join('\n')}\n`, KEY), 'true');
  }
  t.equal(annotationIn(others.join('\n'), KEY), undefined);
  t.equal(annotationIn('', KEY), undefined);
  // Another's value cannot pass for it: a line break in a value is none in the file.
  t.equal(annotationIn(`a=${quoted(`x\n${KEY}="true"`)}`, KEY), undefined);
  t.end();
});

t.test('what has another form is no annotation', (t) => {
  for (const line of [
    'true',
    '"true',
    'true"',
    '"true"x',
    '"a"b"',
    '"true\\"',
    "'true'",
    ' "true"',
  ]) {
    t.equal(annotationIn(`${KEY}=${line}`, KEY), undefined, line);
  }
  t.equal(annotationIn(`${KEY}: "true"`, KEY), undefined);
  t.equal(
    annotationIn(`${KEY}="\\U00110000\\q\\u12"`, KEY),
    '\\U00110000\\q\\u12',
    'no such escape',
  );
  t.end();
});

t.test('any text goes through and comes back, and bytes of any kind never throw', (t) => {
  const random = new Random(11);
  const alphabet = [...'ab"\\=\n\r\t\0\x1fxuU0189tf né🌊\u2028\ufffd\u{e0001}'];
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from(
      { length: random.int(24) },
      () => alphabet[random.int(alphabet.length)],
    );
    const value = text.join('');
    const file = `a=${quoted(value)}\n${KEY}=${quoted(value)}\nz=${quoted(value)}`;
    if (annotationIn(file, KEY) !== value) t.equal(annotationIn(file, KEY), value);
    annotationIn(`${KEY}="${value}"`, KEY);
    annotationIn(`${KEY}=${value}`, KEY);
  }
  t.end();
});
