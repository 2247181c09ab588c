/**
 * The alphabet of HTTP/1.1 (RFC 9110, RFC 9112) as tables. Which bytes are allowed where follows
 * llhttp, which most of the apps behind us parse with or agree with; the differential fuzz holds
 * this file against it.
 */
import { NO_WORD, Words } from '../words.js';

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const STAR = 0x2a;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const DIGIT_0 = 0x30;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const AT = 0x40;
export const BACKSLASH = 0x5c;

/** Bits of `CLASS`. */
export const TOKEN = 1;
export const TARGET = 2;
export const AUTHORITY = 4;
export const ALPHA = 8;
export const VALUE = 16;
export const QUOTED = 32;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ALPHANUM = `${LETTERS}0123456789`;

/** What each byte may be part of. */
export const CLASS = new Uint8Array(256);

function allow(bit: number, characters: string): void {
  for (const character of characters) CLASS[character.charCodeAt(0)] |= bit;
}

allow(ALPHA, LETTERS);
allow(TOKEN, `${ALPHANUM}!#$%&'*+-.^_\`|~`);
allow(TARGET, `${ALPHANUM}!"$%&'()*+,-./:;<=>@[\\]^_\`{|}~`);
allow(AUTHORITY, `${ALPHANUM}-_.!~*'()%;:&=+$,[]`);
for (let byte = 0; byte < 256; byte++) {
  const text = byte === TAB || (byte >= SPACE && byte !== 0x7f);
  if (text) CLASS[byte] |= VALUE;
  if (text && byte !== QUOTE && byte !== BACKSLASH) CLASS[byte] |= QUOTED;
}

/** The value of a hexadecimal digit, or -1. */
export const HEX = new Int8Array(256).fill(-1);
for (const digit of '0123456789abcdefABCDEF') HEX[digit.charCodeAt(0)] = parseInt(digit, 16);

/** The methods that llhttp takes with HTTP/1; the first two decide about framing. */
export const METHODS = new Words(
  (
    'HEAD CONNECT DELETE GET POST PUT OPTIONS TRACE PATCH LINK UNLINK COPY LOCK MKCOL MOVE ' +
    'PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE ' +
    'M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE MKCALENDAR PURGE QUERY SOURCE'
  ).split(' '),
  true,
);
export const METHOD_HEAD = 1;
export const METHOD_CONNECT = 2;
export const METHOD_GET = 4;
export const METHOD_OPTIONS = 7;

/** Where a byte that is no part of a name leads in FIELD_NAMES: one look a byte tells both. */
export const NAME_END = 255;
/** The fields that framing, the forwarded line, the kinds and what is work depend on. */
export const FIELD_NAMES = new Words(
  (
    'connection proxy-connection content-length transfer-encoding upgrade x-forwarded-for ' +
    'content-type content-encoding user-agent'
  ).split(' '),
  false,
  CLASS.map((bits) => ((bits & TOKEN) === 0 ? NAME_END : NO_WORD)),
);
export const FIELD_CONNECTION = 1;
export const FIELD_PROXY_CONNECTION = 2;
export const FIELD_LENGTH = 3;
export const FIELD_CODING = 4;
export const FIELD_UPGRADE = 5;
export const FIELD_FORWARDED = 6;
export const FIELD_TYPE = 7;
export const FIELD_ENCODING = 8;
export const FIELD_AGENT = 9;

export const CONNECTION_OPTIONS = new Words(['close', 'keep-alive', 'upgrade']);
export const OPTION_CLOSE = 1;
export const OPTION_KEEP_ALIVE = 2;
export const OPTION_UPGRADE = 3;

export const CODINGS = new Words(['chunked']);

/** The values of Upgrade, Content-Type and Content-Encoding that decide what a tunnel carries. */
export const VALUES = new Words(['websocket', 'h2c', 'text/event-stream', 'identity']);
export const VALUE_EVENT_STREAM = 3;
export const VALUE_IDENTITY = 4;
