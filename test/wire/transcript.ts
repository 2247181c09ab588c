/**
 * Reads the byte fixtures. A fixture is a transcript: what each side sends, line by line, and
 * behind each line, indented, what is to be heard of it. `test/wire/README.md` has the format.
 */
import { readFileSync } from 'node:fs';
import type { Side } from '../peers/follower.js';

export interface Input {
  readonly side: Side;
  /** Undefined: the side sends its FIN. */
  readonly bytes: Buffer | undefined;
  /** As the fixture has it. */
  readonly written: string;
  readonly heard: string[];
}

export interface Transcript {
  readonly name: string;
  readonly inputs: readonly Input[];
}

const INPUT = /^(client|app) +(.+)$/;
const ESCAPE = /\\(?:x([0-9a-f]{2})|([rnt0\\]))/g;
const REPEAT = /\{(\d+)\*((?:\\.|[^}])*)\}/g;
const CHARACTERS: Record<string, string> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' };

/** `\r`, `\n`, `\t`, `\0`, `\\`, `\xe9`, and `{300*a}` for 300 times a. */
export function bytesOf(written: string): Buffer {
  const repeated = written.replace(REPEAT, (_, times: string, text: string) =>
    text.repeat(Number(times)),
  );
  const text = repeated.replace(ESCAPE, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? CHARACTERS[letter] : String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(text, 'latin1');
}

export function parseTranscripts(text: string): Transcript[] {
  const transcripts: { name: string; inputs: Input[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const current = transcripts.at(-1);
    const input = INPUT.exec(line);
    if (line.startsWith('== ')) transcripts.push({ name: line.slice(3), inputs: [] });
    else if (current === undefined) throw new Error(`before the first name: ${line}`);
    else if (input !== null) current.inputs.push(inputOf(input[1] as Side, input[2]));
    else if (line.startsWith(' '))
      current.inputs[current.inputs.length - 1].heard.push(line.trim());
    else throw new Error(`neither a name, nor sent, nor heard: ${line}`);
  }
  return transcripts;
}

function inputOf(side: Side, written: string): Input {
  const bytes = written === 'ends' ? undefined : bytesOf(written);
  return { side, bytes, written, heard: [] };
}

export function readTranscripts(file: string): Transcript[] {
  return parseTranscripts(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
