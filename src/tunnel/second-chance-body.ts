/**
 * A request's body on its way to another pod. Until somebody there has it, what was read is kept,
 * so that it can be sent again, and no more is read than that; from then on it streams.
 */
import { Readable } from 'node:stream';

/** How much of a body is kept to be sent again; bytes. */
export const KEPT_BYTES_MAX = 65_536;

/** What is sent at one try: what is kept first, then what comes. */
export class Outlet extends Readable {
  private readonly wanted: () => void;

  constructor(wanted: () => void) {
    super();
    this.wanted = wanted;
  }

  override _read(): void {
    this.wanted();
  }
}

export class KeptBody {
  private readonly source: Readable;
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private isHeld = true;
  private isWhole = false;
  private hasPassed = false;
  private outlet: Outlet | undefined;
  private readonly read: (chunk: Buffer) => void;

  /** `read` hears of each chunk. */
  constructor(source: Readable, read: () => void) {
    this.source = source;
    this.read = (chunk) => {
      read();
      this.take(chunk);
    };
    source.on('data', this.read);
    source.on('end', this.ended);
  }

  /** All that has come can be sent once more. */
  get canRepeat(): boolean {
    return !this.hasPassed;
  }

  /** The body as of now, for a new try; the one before gets no more. */
  open(): Outlet {
    const outlet = new Outlet(() => this.wanted(outlet));
    this.outlet = outlet;
    for (const chunk of this.kept) outlet.push(chunk);
    if (this.isWhole) outlet.push(null);
    return outlet;
  }

  /** Somebody has the request: the rest may follow, though it cannot be sent again. */
  release(): void {
    this.isHeld = false;
    this.source.resume();
  }

  /** Who had it has not taken it: from here on it is kept for another again. */
  hold(): void {
    this.isHeld = true;
    this.outlet = undefined;
    this.source.pause();
  }

  /** Nobody needs it any more; what comes is read and discarded. */
  discard(): void {
    this.source.removeListener('data', this.read);
    this.source.removeListener('end', this.ended);
    this.outlet = undefined;
    this.kept = [];
    this.hasPassed = true;
    this.source.resume();
  }

  private readonly ended = (): void => {
    this.isWhole = true;
    this.outlet?.push(null);
  };

  private wanted(outlet: Outlet): void {
    if (outlet !== this.outlet) return;
    if (!this.isHeld || this.keptBytes < KEPT_BYTES_MAX) this.source.resume();
  }

  private take(chunk: Buffer): void {
    this.keep(chunk);
    const hasRoom = this.outlet?.push(chunk) ?? true;
    if (this.isHeld ? this.keptBytes >= KEPT_BYTES_MAX : !hasRoom) this.source.pause();
  }

  private keep(chunk: Buffer): void {
    if (this.hasPassed) return;
    if (!this.isHeld && this.keptBytes + chunk.length > KEPT_BYTES_MAX) {
      this.hasPassed = true;
      this.kept = [];
      return;
    }
    this.kept.push(chunk);
    this.keptBytes += chunk.length;
  }
}
