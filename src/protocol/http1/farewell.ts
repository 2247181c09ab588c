/**
 * The goodbye of HTTP/1.1: the head of an answer behind which its connection ends (RFC 9112 section
 * 9.6). Takes a head that our framing has accepted, so every line ends with CRLF and none is
 * folded; what does not speak of persistence keeps its bytes, its case and its place.
 */

const CRLF = '\r\n';
const CLOSE_LINE = 'Connection: close';

/**
 * The head with `Connection: close` in it, and no word of keep-alive. The same object if it says
 * `close` already: then nothing has to be changed.
 */
export function closingHead(head: Uint8Array): Uint8Array {
  // Latin-1: a character for each byte, there and back.
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const lines = bytes.toString('latin1').split(CRLF);
  const kept: string[] = [];
  for (const line of lines.slice(0, -2)) {
    const name = line.slice(0, Math.max(line.indexOf(':'), 0));
    switch (name.toLowerCase()) {
      case 'keep-alive':
        break;
      case 'connection': {
        const options = optionsOf(line.slice(name.length + 1));
        if (options.some((option) => option.toLowerCase() === 'close')) return head;
        const others = options.filter((option) => option.toLowerCase() !== 'keep-alive');
        if (others.length === 0) break;
        kept.push(others.length === options.length ? line : `${name}: ${others.join(', ')}`);
        break;
      }
      default:
        kept.push(line);
    }
  }
  return Buffer.from([...kept, CLOSE_LINE, CRLF].join(CRLF), 'latin1');
}

/** Connection = #connection-option (RFC 9110 section 7.6.1); an empty element is no option. */
function optionsOf(value: string): string[] {
  return value
    .split(',')
    .map(trimmed)
    .filter((option) => option !== '');
}

/** Without the white space of HTTP around it, which is less than that of `trim`. */
function trimmed(element: string): string {
  let from = 0;
  let to = element.length;
  while (from < to && isSpace(element[from])) from++;
  while (from < to && isSpace(element[to - 1])) to--;
  return element.slice(from, to);
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\t';
}
