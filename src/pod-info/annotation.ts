/**
 * One annotation out of the file that the kubelet writes for a downward-API volume: a line each,
 * `key="value"`, the value quoted as Go's %q does. Pure; what has another form is no annotation.
 */

/** Go's escapes of one character (strconv.Quote). */
const PLAIN_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\"]))/g;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;
const CODE_POINT_MAX = 0x10ffff;

/** Undefined if it is not there. */
export function annotationIn(file: string, key: string): string | undefined {
  const start = `${key}=`;
  // A value has no line break of its own: the quoting turns it into \n.
  const line = file.split('\n').find((one) => one.startsWith(start));
  const quoted = QUOTED.exec(line?.slice(start.length) ?? '')?.[1];
  return quoted === undefined ? undefined : unescaped(quoted);
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (all, ...codes: (string | undefined)[]) => {
    const [byte, short, long, plain] = codes;
    if (plain !== undefined) return PLAIN_ESCAPES[plain] ?? all;
    const code = Number.parseInt(byte ?? short ?? long ?? '', 16);
    return code <= CODE_POINT_MAX ? String.fromCodePoint(code) : all;
  });
}
