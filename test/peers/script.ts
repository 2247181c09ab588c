/**
 * Scripted raw exchanges: who says what in which order, byte for byte, and where the line that
 * names the client has to go in. `play` speaks a script over real sockets, each part only once the
 * other side has seen the one before, and tells what either side saw.
 */
import { type Bytes, type Ends, type Leaving, Peer, RawApp, bytesOf } from './peer.js';

/** Here goes the line if the head has none. */
export const LINE = Symbol('line');
/** Here goes a further line, behind the one the client sent. */
export const FURTHER = Symbol('further line');

const CR = 0x0d;

export type Part = Bytes | typeof LINE | typeof FURTHER;

/** One send: all its parts in one write. No parts: the FIN. */
export interface Step {
  readonly by: 'client' | 'app';
  readonly parts: readonly Part[] | 'end';
}

export interface Script {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** A script ends as it says; a side that has not ended by then is ended, the client first. */
export function script(name: string, ...steps: readonly Step[]): Script {
  const ends = (['client', 'app'] as const)
    .filter((by) => !steps.some((step) => step.by === by && step.parts === 'end'))
    .map((by): Step => ({ by, parts: 'end' }));
  return { name, steps: [...steps, ...ends] };
}

export function client(...parts: readonly (Part | readonly Part[])[]): Step {
  return { by: 'client', parts: parts.flat<readonly (Part | readonly Part[])[]>() };
}

export function app(...parts: readonly (Part | readonly Part[])[]): Step {
  return { by: 'app', parts: parts.flat<readonly (Part | readonly Part[])[]>() };
}

export const clientEnds: Step = { by: 'client', parts: 'end' };
export const appEnds: Step = { by: 'app', parts: 'end' };

/** A request head that has no X-Forwarded-For. */
export function head(...lines: readonly string[]): Part[] {
  return [asIs(...lines).slice(0, -2), LINE, '\r\n'];
}

/** A request head that has one. */
export function forwardedHead(...lines: readonly string[]): Part[] {
  return [asIs(...lines).slice(0, -2), FURTHER, '\r\n'];
}

/** A head that gets no line: an answer's, or one that is not understood. */
export function asIs(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export type Forwarded = 'off' | 'if-absent' | 'append';

/** The bytes of a step as they are sent (`off`), or as they have to arrive. */
export function bytesOfParts(parts: readonly Part[], forwarded: Forwarded, line: string): Buffer {
  const isIn = (part: symbol): boolean =>
    forwarded === 'append' || (forwarded === 'if-absent' && part === LINE);
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part !== 'symbol') return bytesOf(part);
      return bytesOf(isIn(part) ? line : '');
    }),
  );
}

/** All that `by` sends in a script. */
export function sentBy(
  by: 'client' | 'app',
  { steps }: Script,
  forwarded: Forwarded = 'off',
  line = '',
): Buffer {
  return Buffer.concat(
    steps.map((step) =>
      step.by !== by || step.parts === 'end'
        ? bytesOf('')
        : bytesOfParts(step.parts, forwarded, line),
    ),
  );
}

/** Where a send is cut; each piece is a write of its own. */
export type Cut = (bytes: Buffer) => Buffer[];

/** Larger sends are not cut byte by byte but in as many pieces. */
const PIECES_MAX = 2_000;

export const whole: Cut = (bytes) => [bytes];

export const byteByByte: Cut = (bytes) => {
  const length = Math.ceil(bytes.length / PIECES_MAX);
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * length, (at + 1) * length));
};

/** Every head's last CRLF is cut between CR and LF. */
export const inLastCrlf: Cut = (bytes) => {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf('\r\n\r\n'); at !== -1; at = bytes.indexOf('\r\n\r\n', at + 4)) {
    pieces.push(bytes.subarray(from, at + 3));
    from = at + 3;
  }
  return [...pieces, bytes.subarray(from)].filter(({ length }) => length > 0);
};

/** What either side has seen in the end. */
export interface Seen {
  readonly atClient: string;
  readonly atApp: string;
  readonly clientSaw: Leaving;
  readonly appSaw: Leaving;
}

export interface Play {
  readonly forwarded: Forwarded;
  readonly line: string;
  readonly cut: Cut;
  /** Resolves once what `from` has sent so far has left it far enough to count as a piece. */
  paced(from: Peer, to: Peer, sentBytes: number, last: number): Promise<void>;
}

/** Speaks the script between two ends that are joined already. */
export async function play({ steps }: Script, ends: Ends, how: Play): Promise<Seen> {
  const expected = { client: 0, app: 0 };
  const sent = { client: 0, app: 0 };
  for (const { by, parts } of steps) {
    const from = ends[by];
    const to = by === 'client' ? ends.app : ends.client;
    if (parts === 'end') {
      from.end();
      await to.left();
      continue;
    }
    const bytes = bytesOfParts(parts, 'off', '');
    for (const piece of how.cut(bytes)) {
      from.send(piece);
      sent[by] += piece.length;
      await how.paced(from, to, sent[by], piece[piece.length - 1]);
    }
    expected[by] += bytesOfParts(parts, how.forwarded, how.line).length;
    // The CR of what may be a head's end waits for the byte behind it, or for the end.
    await to.got(bytes[bytes.length - 1] === CR ? expected[by] - 1 : expected[by]);
  }
  await Promise.all([ends.client.gone(), ends.app.gone()]);
  return {
    atClient: ends.client.text,
    atApp: ends.app.text,
    clientSaw: ends.client.leaving,
    appSaw: ends.app.leaving,
  };
}

/** Speaks the script with nothing in between. */
export async function playDirectly(script: Script): Promise<Seen> {
  const app = await RawApp.open();
  const client = await Peer.connect(app.at);
  const ends = { client, app: await app.accepted() };
  const seen = await play(script, ends, { forwarded: 'off', line: '', cut: whole, paced: unpaced });
  await app.close();
  return seen;
}

/** What is sent in one piece needs no pace. */
export const unpaced = (): Promise<void> => Promise.resolve();
