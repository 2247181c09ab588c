/**
 * Frame boundaries, held against frames that another implementation (ws) has written.
 */
import t from 'tap';
import * as ws from 'ws';
import { Random, seedOfRun } from '../../peers/random.js';
import { FrameFraming, OPCODE_CLOSE } from '../../../src/protocol/websocket/framing.js';

interface FrameOptions {
  readonly fin: boolean;
  readonly opcode: number;
  readonly mask: boolean;
  readonly rsv1: boolean;
  readonly readOnly: boolean;
}

interface FrameWriter {
  readonly Sender: { frame(payload: Buffer, options: FrameOptions): Buffer[] };
}

const { Sender } = ws as unknown as FrameWriter;
const LENGTHS = [0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000];

interface Frame {
  readonly bytes: Buffer;
  readonly opcode: number;
  readonly final: boolean;
  readonly length: number;
}

function makeFrame(random: Random): Frame {
  const isControl = random.once(4);
  const opcode = isControl ? random.pick([0x9, 0xa]) : random.pick([0, 1, 2]);
  const length = isControl ? random.int(126) : random.pick(LENGTHS);
  const final = isControl || random.once(2);
  const options = {
    fin: final,
    opcode,
    mask: random.once(2),
    rsv1: random.once(3),
    readOnly: true,
  };
  const bytes = Buffer.concat(Sender.frame(Buffer.alloc(length, random.int(256)), options));
  return { bytes, opcode, final, length };
}

/** What is heard of the frames, with offsets; cut into pieces of at most `pieceMax`. */
function hear(bytes: Buffer, pieceMax: number): string[] {
  const framing = new FrameFraming();
  const heard: string[] = [];
  for (let start = 0; start < bytes.length; start += pieceMax) {
    const piece = bytes.subarray(start, start + pieceMax);
    for (let at = 0; at < piece.length;) {
      at = framing.read(piece, at);
      if (framing.event === 'frame') heard.push(describe(start + at, framing));
      if (framing.event === 'failed') return [...heard, `failed ${start + at}`];
    }
  }
  return heard;
}

function describe(end: number, frame: Omit<Frame, 'bytes'>): string {
  return `${end} ${frame.opcode} ${frame.final} ${frame.length}`;
}

t.test('frames end where ws says, however they are cut', (t) => {
  const random = new Random(seedOfRun(6455));
  for (let round = 0; round < 200; round++) {
    const frames = Array.from({ length: 1 + random.int(8) }, () => makeFrame(random));
    let end = 0;
    const expected = frames.map((frame) => describe((end += frame.bytes.length), frame));
    const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
    for (const pieceMax of [bytes.length, 1, 1 + random.int(1_000)]) {
      const heard = hear(bytes, pieceMax);
      if (heard.join() !== expected.join()) t.same(heard, expected, `round ${round}, ${pieceMax}`);
    }
  }
  t.end();
});

t.test('only between frames is there a boundary', (t) => {
  const framing = new FrameFraming();
  const bytes = Buffer.concat(
    Sender.frame(Buffer.from('hi'), {
      fin: true,
      opcode: 1,
      mask: true,
      rsv1: false,
      readOnly: true,
    }),
  );
  for (let at = 0; at < bytes.length; at++) {
    t.equal(framing.atBoundary(), at === 0);
    framing.read(bytes.subarray(at, at + 1), 0);
  }
  t.ok(framing.atBoundary());
  t.end();
});

t.test('behind a Close there is no boundary, and nothing more is read', (t) => {
  const framing = new FrameFraming();
  const bytes = Buffer.from([0x88, 0x00, 0xff, 0xff]);
  t.equal(framing.read(bytes, 0), 2);
  t.equal(framing.opcode, OPCODE_CLOSE);
  t.notOk(framing.atBoundary());
  t.equal(framing.read(bytes, 2), 4);
  t.equal(framing.event, 'none');
  t.end();
});

t.test('a frame that cannot be fails at the byte that says so, for good', (t) => {
  for (const [text, at] of [
    ['\x83', 0],
    ['\x87', 0],
    ['\x8f', 0],
    ['\x08', 0],
    ['\x89\x7e', 1],
    ['\x82\x7f\x00\x20', 9],
  ] as const) {
    const bytes = Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(10)]);
    t.same(hear(bytes, bytes.length), [`failed ${at}`], JSON.stringify(text));
    t.same(hear(bytes, 1), [`failed ${at}`], JSON.stringify(text));
  }
  t.end();
});
