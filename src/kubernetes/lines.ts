/**
 * A stream of bytes as lines of text, however it was cut on its way: a line is decoded when it is
 * whole, so that no character is ever split. What is never ended is no line.
 */
const LF = 0x0a;

export class Lines {
  private readonly bytesMax: number;
  /** The line that is not ended yet. */
  private readonly parts: Buffer[] = [];
  private bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** The lines that end in here, those of nothing but blanks left out; false in place of one that is too long. */
  *push(chunk: Buffer): Generator<string | false> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      if (!this.keep(chunk.subarray(start, end))) {
        yield false;
        return;
      }
      start = end + 1;
      const line = this.taken();
      if (line.trim() !== '') yield line;
    }
    if (!this.keep(chunk.subarray(start))) yield false;
  }

  private keep(part: Buffer): boolean {
    this.bytes += part.length;
    if (this.bytes > this.bytesMax) return false;
    if (part.length > 0) this.parts.push(part);
    return true;
  }

  private taken(): string {
    const [first = Buffer.alloc(0)] = this.parts;
    const whole = this.parts.length > 1 ? Buffer.concat(this.parts) : first;
    this.parts.length = 0;
    this.bytes = 0;
    return whole.toString('utf8');
  }
}
