/**
 * Byte fixtures: what an observer hears of a connection is the same however its bytes are cut:
 * whole, byte by byte, at every position, and with all joined that one side sent in a row.
 */
import t, { type Test } from 'tap';
import { Follower } from '../peers/follower.js';
import {
  bytesOf,
  type Input,
  parseTranscripts,
  readTranscripts,
  type Transcript,
} from './transcript.js';

const FILES = ['http1', 'http1-opaque', 'events', 'websocket', 'raw', 'preamble'];
/** Long inputs are cut this near to their ends, and between them in steps. */
const CUT_NEAR = 300;
const CUT_STEP = 1_013;

type Cut = (bytes: Buffer, index: number) => Buffer[];

const whole: Cut = (bytes) => [bytes];
const everywhere: Cut = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

/** The transcript as it would be written of what is heard. */
function play({ inputs }: Transcript, cut: Cut): string[] {
  const follower = new Follower();
  return inputs.flatMap(({ side, bytes, written }, index) => {
    const before = follower.log.length;
    if (bytes === undefined) follower.end(side);
    else for (const chunk of cut(bytes, index)) follower.feed(side, chunk);
    return [`${side} ${written}`, ...follower.log.slice(before)];
  });
}

function expected({ inputs }: Transcript): string[] {
  return inputs.flatMap(({ side, written, heard }) => [`${side} ${written}`, ...heard]);
}

/** What one side sends in a row comes in one chunk; only the facts can be compared then. */
function joined({ name, inputs }: Transcript): Transcript {
  const together: Input[] = [];
  for (const input of inputs) {
    const last = together.at(-1);
    if (last?.bytes === undefined || input.bytes === undefined || last.side !== input.side) {
      together.push({ ...input, written: '', heard: [...input.heard] });
      continue;
    }
    const bytes = Buffer.concat([last.bytes, input.bytes]);
    together[together.length - 1] = { ...last, bytes, heard: [...last.heard, ...input.heard] };
  }
  return { name, inputs: together };
}

function* cuts({ inputs }: Transcript): Generator<Cut> {
  for (const [index, { bytes }] of inputs.entries()) {
    const length = bytes?.length ?? 0;
    for (let at = 1; at < length; at++) {
      const inside = at > CUT_NEAR && at < length - CUT_NEAR;
      if (inside && at % CUT_STEP !== 0) continue;
      yield (all, which) => (which === index ? [all.subarray(0, at), all.subarray(at)] : [all]);
    }
  }
}

function check(t: Test, transcript: Transcript): void {
  const lines = expected(transcript);
  t.same(play(transcript, whole), lines, 'whole');
  t.same(play(transcript, everywhere), lines, 'byte by byte');
  const text = lines.join('\n');
  let different = 0;
  for (const cut of cuts(transcript)) if (play(transcript, cut).join('\n') !== text) different++;
  t.equal(different, 0, 'cut at every position');
  const together = joined(transcript);
  t.same(play(together, whole), expected(together), 'joined');
}

for (const file of FILES) {
  t.test(`${file}.wire`, (t) => {
    for (const transcript of readTranscripts(`${file}.wire`)) {
      t.test(transcript.name, (t) => {
        check(t, transcript);
        t.end();
      });
    }
    t.end();
  });
}

t.test('fixtures are read as their format says', (t) => {
  t.same(
    bytesOf('a\\r\\n\\x00\\xff{3*b}{2*\\x7d}\\\\'),
    Buffer.from('a\r\n\0\xffbbb}}\\', 'latin1'),
  );
  const [{ name, inputs }] = parseTranscripts(
    '# no\n== it is\nclient  a\n  x\n  y\napp     ends\n',
  );
  t.equal(name, 'it is');
  t.same(inputs[0].heard, ['x', 'y']);
  t.equal(inputs[1].bytes, undefined);
  t.throws(() => parseTranscripts('client a'));
  t.throws(() => parseTranscripts('== it is\nwho says'));
  t.end();
});
