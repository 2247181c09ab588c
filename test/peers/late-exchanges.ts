/**
 * Makes exchanges for a drain: every form of content, of persistence and of interim answers, all
 * well-formed, with the parts told apart.
 */
import type { LateExchange } from './late-model.js';
import type { Random } from './random.js';

export const LINE = 'X-Forwarded-For: 127.0.0.1\r\n';

const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'M-SEARCH'];
const NOISE = ['Host: a', 'Accept: */*', 'Cookie: a=b', 'X-Empty:', 'Connection: keep-alive'];
const FURTHER = ['X-Forwarded-For: 10.0.0.1', 'x-forwarded-for:'];
const KEPT = ['Date: now', 'Set-Cookie: a', 'set-cookie: b', 'X-Empty: \t', 'Connection: X-Sum'];
const DROPPED = ['Keep-Alive: timeout=5', 'connection:keep-alive', 'Connection: Keep-Alive , '];
const STATUSES = ['200 OK', '200', '201 ', '404 Not Found', '503 \xe9'];
const WITHOUT = ['204 No Content', '304 Not Modified'];
const CONTENTS = [
  '',
  'x',
  'hello',
  '\r\n\r\nGET / HTTP/1.1\r\n',
  '0\r\n\r\n',
  'HTTP/1.1 200\r\n\r\n',
];

type Forwarded = 'off' | 'if-absent' | 'append';

export function makeLateExchange(
  random: Random,
  forwarded: Forwarded,
  isFirst: boolean,
): LateExchange {
  const asksForWebSocket = random.once(8);
  const method = asksForWebSocket ? 'GET' : random.pick(METHODS);
  const body = random.once(2) ? framed(random) : { field: [], content: '' };
  const noise = random.once(2) ? [random.pick(NOISE)] : [];
  const further = random.once(4) ? [random.pick(FURTHER)] : [];
  const upgrade = asksForWebSocket ? ['Upgrade: websocket', 'Connection: Upgrade'] : [];
  const fields = random.shuffle([...body.field, ...noise, ...further, ...upgrade]);
  const head = [`${method} /a HTTP/1.1`, ...fields, ''].join('\r\n');
  const hasLine = forwarded === 'append' || (forwarded === 'if-absent' && further.length === 0);
  return {
    lead: !isFirst && random.once(6) ? '\r\n' : '',
    head: `${head}\r\n`,
    headAtApp: `${head}${hasLine ? LINE : ''}\r\n`,
    content: body.content,
    asksForWebSocket,
    ...makeLateAnswer(random, method),
  };
}

function makeLateAnswer(
  random: Random,
  method: string,
): Pick<LateExchange, 'interim' | 'answerHead' | 'closingHead' | 'answerContent'> {
  const isWithout = random.once(4);
  const { field, content } = framed(random);
  const kept = random.once(2) ? [random.pick(KEPT)] : [];
  const dropped = random.once(2) ? [random.pick(DROPPED)] : [];
  const fields = random.shuffle([...field, ...kept, ...dropped]);
  const line = `HTTP/1.1 ${random.pick(isWithout ? WITHOUT : STATUSES)}`;
  const staying = fields.filter((one) => !dropped.includes(one));
  return {
    interim: random.once(5) ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' : '',
    answerHead: [line, ...fields, '', ''].join('\r\n'),
    closingHead: [line, ...staying, 'Connection: close', '', ''].join('\r\n'),
    answerContent: isWithout || method === 'HEAD' ? '' : content,
  };
}

function framed(random: Random): { field: string[]; content: string } {
  const content = random.pick(CONTENTS);
  if (random.once(2)) return { field: [`Content-Length: ${content.length}`], content };
  const chunk = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`;
  const trailer = random.once(4) ? 'X-Sum: 1\r\nConnection: x\r\n' : '';
  return { field: ['Transfer-Encoding: chunked'], content: `${chunk}${chunk}0\r\n${trailer}\r\n` };
}
