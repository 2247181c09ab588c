/**
 * Makes whole HTTP/1.1 conversations: several exchanges, and an order in which the bytes of both
 * lanes could really have passed. An answer never runs ahead of its request's head, but may well
 * be there before the request's body is.
 */
import type { Part } from '../protocol/http1/expectation.js';
import { type Exchange, makeExchange } from './http-messages.js';
import { mutate } from './mutations.js';
import type { Random } from './random.js';

/** Offsets in the lanes at which exchange n's parts end. */
interface Ends {
  head: number;
  request: number;
  answer: number;
  switches: boolean;
}

/** What follows a switch may look like HTTP. */
const BEYOND = ['\x81\x02hi', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200\r\n\r\n', '\0'.repeat(20)];

export function makeConversation(random: Random): Part[] {
  const exchanges = [makeExchange(random)];
  while (!exchanges[exchanges.length - 1].last && random.once(2)) {
    exchanges.push(makeExchange(random));
  }
  const lanes = {
    client: exchanges.map((exchange) => exchange.request).join('') + random.pick(BEYOND),
    app: exchanges.map((exchange) => exchange.answer).join('') + random.pick(BEYOND),
  };
  const ends = endsOf(exchanges);
  if (!exchanges.some(switches)) trimBeyond(random, lanes, ends);
  return order(random, lanes, ends);
}

function switches(exchange: Exchange): boolean {
  return exchange.method === 'CONNECT' || /^HTTP\/1.1 101 /m.test(exchange.answer);
}

function trimBeyond(random: Random, lanes: { client: string; app: string }, ends: Ends[]): void {
  const last = ends[ends.length - 1];
  if (random.once(20)) return;
  lanes.client = lanes.client.slice(0, last.request);
  lanes.app = lanes.app.slice(0, last.answer);
}

function endsOf(exchanges: Exchange[]): Ends[] {
  let request = 0;
  let answer = 0;
  return exchanges.map((exchange) => {
    const head = request + exchange.headLength;
    request += exchange.request.length;
    answer += exchange.answer.length;
    return { head, request, answer, switches: switches(exchange) };
  });
}

/** Cuts the lanes at random and puts the pieces in an order that keeps cause before effect. */
function order(random: Random, lanes: { client: string; app: string }, ends: Ends[]): Part[] {
  const parts: Part[] = [];
  const patient = !random.once(12);
  const hasty = random.once(12);
  let client = 0;
  let app = 0;
  while (client < lanes.client.length || app < lanes.app.length) {
    const clientMax = patient ? clientLimit(ends, app, lanes.client.length) : lanes.client.length;
    const appMax = appLimit(ends, client, lanes.app.length, hasty);
    if (random.once(2) || app >= appMax) {
      const next = advance(random, client, clientMax, lanes.client.length);
      add(parts, 'client', lanes.client.slice(client, next));
      if (next === client && app >= appMax) break;
      client = next;
    } else {
      const next = advance(random, app, appMax, lanes.app.length);
      add(parts, 'app', lanes.app.slice(app, next));
      app = next;
    }
  }
  return parts;
}

function advance(random: Random, from: number, max: number, length: number): number {
  if (from >= max) return from;
  return random.once(2) ? max : Math.min(max, length, from + 1 + random.int(60));
}

/** A patient client waits for what its upgrade or CONNECT comes to. */
function clientLimit(ends: Ends[], app: number, length: number): number {
  return ends.find((end) => end.switches && end.answer > app)?.request ?? length;
}

/** A hasty app answers before it has read the whole head. */
function appLimit(ends: Ends[], client: number, length: number, hasty: boolean): number {
  const next = ends.findIndex((end) => end.head > client);
  if (next < 0) return length;
  const begun = client > (next === 0 ? 0 : ends[next - 1].request) + 20;
  if (hasty && begun) return ends[next].answer;
  return next === 0 ? 0 : ends[next - 1].answer;
}

function add(parts: Part[], side: 'client' | 'app', text: string): void {
  if (text.length > 0) parts.push({ side, bytes: Buffer.from(text, 'latin1') });
}

/** The same conversation with one or two of its parts damaged. */
export function damage(random: Random, parts: readonly Part[]): Part[] {
  const damaged = [...parts];
  for (let count = 1 + random.int(2); count > 0; count--) {
    const at = random.int(parts.length);
    const { side, bytes } = damaged[at];
    const text = Buffer.from(bytes).toString('latin1');
    const other = Buffer.from(random.pick(parts).bytes).toString('latin1');
    damaged[at] = { side, bytes: Buffer.from(mutate(random, text, other), 'latin1') };
  }
  return damaged.filter((part) => part.bytes.length > 0);
}
