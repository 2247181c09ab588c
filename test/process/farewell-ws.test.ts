/**
 * Clients made of `ws` in front of a pod that goes, while both sides talk: compressed or not, in
 * pieces, in halves of frames. Each gets 1001 at a frame boundary, answers it, and its app hears so.
 * Upgrades that come late are accepted until the close window, and refused politely in it.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { until, within } from '../peers/until.js';
import { Pod, WAYS } from './farewell/pod.js';

const SAY_EVERY_MS = 5;
const ENOUGH = 40;

/** What is said on a socket, and by whom; usually the client talks and hears the echo. */
interface Manner {
  readonly compress?: boolean;
  /** The app talks by itself and echoes nothing: in fragments, or in halves of a frame. */
  readonly tell?: 'pieces' | 'halves';
  /** The client sends fragments of a message that it never ends. */
  readonly endless?: boolean;
}

const MANNERS: Readonly<Record<string, Manner>> = {
  plain: {},
  compressed: { compress: true },
  'the app in fragments': { tell: 'pieces' },
  'the app in compressed fragments': { tell: 'pieces', compress: true },
  'the app in halves of frames': { tell: 'halves' },
  'the client in fragments': { endless: true },
};

/** What comes of an app that talks by itself. */
const TOLD = { pieces: /^(piece \d+ ){5}$/, halves: /^a{1000}$/ };

const isLike = (text: string, asToBe: string | RegExp): boolean =>
  typeof asToBe === 'string' ? text === asToBe : asToBe.test(text);

/** A client that talks until it is closed. */
class Guest {
  readonly said: string[] = [];
  readonly heard: string[] = [];
  readonly errors: string[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  private readonly socket: WebSocket;

  constructor(pod: Pod, { compress = false, tell, endless = false }: Manner) {
    const url = `ws://${pod.authority}/socket${tell === undefined ? '' : `?tell=${tell}`}`;
    const perMessageDeflate = compress ? { threshold: 0 } : false;
    const socket = new WebSocket(url, { perMessageDeflate });
    this.socket = socket;
    socket.on('error', (error) => this.errors.push(error.message));
    socket.on('message', (data: Buffer) => this.heard.push(data.toString()));
    let timer: NodeJS.Timeout | undefined;
    socket.on('open', () => (timer = setInterval(() => this.say(!endless), SAY_EVERY_MS)));
    socket.on('close', (code, reason) => {
      clearInterval(timer);
      this.closed = { code, reason: reason.toString() };
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  private say(fin: boolean): void {
    if (!this.isOpen) return;
    const text = `number ${this.said.length} `.repeat((this.said.length % 50) + 1);
    this.said.push(text);
    this.socket.send(text, { fin });
  }
}

function allOpen(pod: Pod): Map<string, Guest> {
  const guests = Object.entries(MANNERS).map(([name, how]) => [name, new Guest(pod, how)] as const);
  return new Map(guests);
}

const talking = (guests: Map<string, Guest>): Promise<void> =>
  until(
    () => [...guests.values()].every(({ isOpen, said }) => isOpen && said.length > ENOUGH),
    'all talk',
  );

async function areSaidGoodbyeTo(t: Test, pod: Pod, guests: Map<string, Guest>): Promise<void> {
  for (const [name, guest] of guests) {
    await until(() => guest.closed !== undefined, `${name}: closed`);
    t.same(guest.closed, { code: 1001, reason: '' }, `${name}: it is going away`);
    t.same(guest.errors, [], `${name}: nothing is wrong with the frames`);
    const { heard, said } = guest;
    const { tell, endless = false } = MANNERS[name] ?? {};
    const asToBe = tell === undefined ? said.slice(0, heard.length) : heard.map(() => TOLD[tell]);
    t.ok(
      heard.every((text, at) => isLike(text, asToBe[at])),
      `${name}: all that came is whole`,
    );
    if (!endless) t.ok(heard.length > 0, `${name}: ${heard.length} messages came`);
  }
  if (pod.way === 'when the app dies in the drain') return;
  await until(() => pod.app.closed.length >= guests.size, 'the app hears of each');
  const codes = new Set(pod.app.closed.map(({ code }) => code));
  t.same([...codes], [1001], 'the app hears that its clients have answered');
}

/** What an upgrade that is refused gets. */
async function refusal(pod: Pod): Promise<IncomingMessage> {
  const socket = new WebSocket(`ws://${pod.authority}/late`, { perMessageDeflate: false });
  const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  const [, answer] = await within(refused, 'the upgrade is refused');
  await once(answer.resume(), 'end');
  return answer;
}

t.test('in the close window each socket gets 1001, also those that came late', async (t) => {
  const pod = await Pod.start(t);
  const guests = allOpen(pod);
  await talking(guests);
  const release = await pod.hold();
  pod.terminate();
  for (const phase of ['settling', 'draining'] as const) {
    await pod.isIn(phase);
    guests.set(phase, new Guest(pod, {}));
    await until(() => guests.get(phase)?.isOpen === true, `who comes while ${phase} is accepted`);
  }
  t.same([...guests.values()].map(({ closed }) => closed).filter(Boolean), [], 'none is closed');
  await pod.isIn('closing');
  const { statusCode, headers } = await refusal(pod);
  t.equal(statusCode, 503);
  t.match(headers, { 'retry-after': /^\d+$/, connection: 'close' });
  await areSaidGoodbyeTo(t, pod, guests);
  t.equal((await release()).headers.connection, 'close');
  await pod.isGone();
});

for (const way of WAYS.slice(1)) {
  t.test(`each socket gets 1001 ${way}`, async (t) => {
    const pod = await Pod.start(t, { way });
    const guests = allOpen(pod);
    await talking(guests);
    await pod.goes();
    await areSaidGoodbyeTo(t, pod, guests);
    await pod.isGone();
  });
}
