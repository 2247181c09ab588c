/**
 * Damages a message the way broken peers, bad links and attackers do. What comes out may still be
 * well formed, or look as if it were.
 */
import type { Random } from './random.js';

const TOKENS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '"',
  '\\',
  '=',
  '\0',
  '\x7f',
  '\x80',
  '0',
  'f',
  '00000000000000000000',
  '9007199254740993',
  'fffffffffffff1',
  '0\r\n\r\n',
  'chunked',
  'close',
  'keep-alive',
  'upgrade',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HEAD ',
  'CONNECT ',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\nUpgrade: x\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Now\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  '\r\n ',
];

type Mutation = (random: Random, text: string, other: string) => string;

const MUTATIONS: readonly Mutation[] = [
  flip,
  insert,
  insert,
  remove,
  repeat,
  swap,
  dropEnding,
  splice,
];

/** `text` with one to three changes; `other` is what may be spliced in. */
export function mutate(random: Random, text: string, other: string): string {
  let changed = text;
  const count = random.once(2) ? 1 : 1 + random.int(3);
  for (let changes = 0; changes < count; changes++) {
    changed = random.pick(MUTATIONS)(random, changed, other);
  }
  return changed;
}

function flip(random: Random, text: string): string {
  const at = random.int(text.length);
  const byte = text.charCodeAt(at);
  const changed = random.once(2) ? byte ^ (1 << random.int(8)) : random.int(256);
  return text.slice(0, at) + String.fromCharCode(changed) + text.slice(at + 1);
}

function insert(random: Random, text: string): string {
  const at = random.int(text.length + 1);
  return text.slice(0, at) + random.pick(TOKENS) + text.slice(at);
}

function remove(random: Random, text: string): string {
  const at = random.int(text.length);
  return text.slice(0, at) + text.slice(at + 1 + random.int(random.once(3) ? 40 : 2));
}

function repeat(random: Random, text: string): string {
  const [from, to] = slice(random, text);
  return text.slice(0, to) + text.slice(from);
}

function swap(random: Random, text: string): string {
  const [from, middle] = slice(random, text);
  const to = Math.min(text.length, middle + 1 + random.int(30));
  return text.slice(0, from) + text.slice(middle, to) + text.slice(from, middle) + text.slice(to);
}

/** Makes a CR LF bare, either way. */
function dropEnding(random: Random, text: string): string {
  const endings = text.split('\r\n');
  if (endings.length < 2) return text;
  const at = 1 + random.int(endings.length - 1);
  const bare = random.pick(['\r', '\n', '', '\r\r', '\r\r\n', '\n\r']);
  return endings.slice(0, at).join('\r\n') + bare + endings.slice(at).join('\r\n');
}

function splice(random: Random, text: string, other: string): string {
  return text.slice(0, random.int(text.length + 1)) + other.slice(random.int(other.length + 1));
}

function slice(random: Random, text: string): [number, number] {
  const from = random.int(text.length);
  return [from, Math.min(text.length, from + 1 + random.int(30))];
}
