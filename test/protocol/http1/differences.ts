/**
 * Where our framing may differ from Node's parser: every declared exception is a named predicate
 * with its reason. All of them but the last two only make a connection opaque that Node would
 * still follow; whatever none of them explains is a fault.
 */
import { LLHTTP_IS_9_3 } from '../../peers/oracle.js';
import type { Lane, Reading } from './readings.js';

interface Pair {
  readonly lane: Lane;
  readonly node: Reading;
  readonly ours: Reading;
  readonly text: string;
}

interface Exception {
  readonly name: string;
  readonly why: string;
  explains(pair: Pair): boolean;
}

const OTHER_METHODS =
  'DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD FLUSH PRI'.split(
    ' ',
  );
const OTHER_PROTOCOL = /^(\S+ .* )?(RTSP|ICE)\//;
const OTHER_PROTOCOL_BEGUN = /^(\S+ .* )?(R(T(SP?)?)?|I(CE?)?)$/;
const UPGRADE_HEAD = /^head \d+ (HEAD|other) upgrade$/;
const OPTION_TAB = /^(proxy-)?connection:.*(close|keep-alive|upgrade) *\t/im;
const LENGTH_TAB = /(^|\n)content-length:[ \t]*\d+ *\t$/i;
const EMPTY_LENGTH = /(^|\n)content-length:[ \t]*\r$/i;
const EMPTY_CODING = /(^|\n)transfer-encoding:[ \t]*\r$/i;
const CHUNKED_TAB = /(^|\n)transfer-encoding:.*chunked *\t$/i;

const EXCEPTIONS: readonly Exception[] = [
  {
    name: 'bare-lf',
    why: 'llhttp takes a bare LF behind an HTTP/0.9 request line; for us it is a sign of trouble',
    explains: ({ ours, text }) =>
      ours.stop === 'failed' && text[ours.at] === '\n' && text[ours.at - 1] !== '\r',
  },
  {
    name: 'cr-cr',
    why: 'llhttp before 9.4 takes CR CR as the end of a status line',
    explains: ({ ours, text }) =>
      LLHTTP_IS_9_3 && ours.stop === 'failed' && text.slice(ours.at - 1, ours.at + 1) === '\r\r',
  },
  {
    name: 'other-protocol',
    why: 'llhttp reads RTSP and ICE too; no observer follows them',
    explains: ({ ours, text }) =>
      ours.stop === 'failed' && isOtherProtocol(text.slice(lastBegin(ours))),
  },
  {
    name: 'too-large',
    why: 'heads over 64 KiB and lengths over 2^53 are carried, not followed',
    explains: ({ ours }) => ours.reason === 'head-too-large' || ours.reason === 'length-too-large',
  },
  {
    name: 'upgrade-coding',
    why: 'llhttp forgets that a request may not end its codings with another than chunked if it asks for an upgrade',
    explains: ({ ours }) => ours.stop === 'failed' && UPGRADE_HEAD.test(ours.events.at(-1) ?? ''),
  },
  {
    name: 'chunked-tab',
    why: 'llhttp takes no tab for white space behind chunked, the RFC does: nobody can know',
    explains: ({ ours, text }) =>
      ours.stop === 'failed' && CHUNKED_TAB.test(text.slice(0, ours.at + 1)),
  },
  {
    name: 'empty-length',
    why: 'we refuse an empty Content-Length at its CR, llhttp at the LF that may be still to come',
    explains: ({ node, ours, text }) =>
      node.stop === 'open' &&
      ours.stop === 'failed' &&
      EMPTY_LENGTH.test(text.slice(0, ours.at + 1)),
  },
  {
    name: 'empty-coding',
    why: 'llhttp before 9.4.3 takes an empty Transfer-Encoding for none; later ones refuse it',
    explains: ({ ours, text }) =>
      ours.stop === 'failed' && EMPTY_CODING.test(text.slice(0, ours.at + 1)),
  },
  {
    name: 'length-tab',
    why: 'llhttp before 9.4 refuses a tab behind the digits of Content-Length, the RFC does not',
    explains: ({ node, text }) =>
      LLHTTP_IS_9_3 && node.stop === 'failed' && LENGTH_TAB.test(text.slice(0, node.at + 1)),
  },
  {
    name: 'option-tab',
    why: 'llhttp before 9.4 takes a tab behind a connection option for a part of it',
    explains: ({ text }) => LLHTTP_IS_9_3 && OPTION_TAB.test(text),
  },
];

/** Of the message that was refused, as far as it was read. */
function isOtherProtocol(message: string): boolean {
  const [word] = message.split(' ', 1);
  return (
    OTHER_PROTOCOL.test(message) ||
    OTHER_PROTOCOL_BEGUN.test(message) ||
    OTHER_METHODS.some((method) => method === word || method.startsWith(message))
  );
}

function lastBegin(reading: Reading): number {
  const begins = reading.events.filter((event) => event.startsWith('begin '));
  return Number((begins.at(-1) ?? 'begin 0').slice('begin '.length));
}

/** `undefined` if they agree, an exception's name, or what is wrong. */
export function difference(lane: Lane, node: Reading, ours: Reading): string | undefined {
  const wrong = disagreement(node, ours);
  if (wrong === undefined) return undefined;
  const text = Buffer.from(lane.bytes).toString('latin1');
  const pair = { lane, node, ours, text };
  return EXCEPTIONS.find((exception) => exception.explains(pair))?.name ?? `FAULT: ${wrong}`;
}

function disagreement(node: Reading, ours: Reading): string | undefined {
  const common = ours.events.findIndex((event, index) => event !== node.events[index]);
  if (common >= 0) return `ours says ${ours.events[common]}, Node ${node.events[common]}`;
  if (ours.events.length < node.events.length) {
    return `Node goes on with ${node.events[ours.events.length]}, ours ${ours.stop} at ${ours.at}`;
  }
  if (node.stop !== ours.stop) {
    return `Node: ${node.stop} at ${node.at}; ours: ${ours.stop} at ${ours.at}`;
  }
  if (node.stop === 'failed' && ours.at > node.at) {
    return `Node fails at ${node.at}, ours as late as ${ours.at}`;
  }
  return undefined;
}

export function isFault(difference: string | undefined): difference is string {
  return difference?.startsWith('FAULT') ?? false;
}
