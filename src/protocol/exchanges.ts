/**
 * Requests whose answers are still due on one HTTP/1.1 connection, oldest first (RFC 9112 section
 * 9.3.2). Only what depends on it is kept, the answer's framing and whether it is work: one small
 * number a request.
 */

/** Bits of what an answer must know of its request. */
export const PLAIN = 0;
export const TO_HEAD = 1;
export const TO_CONNECT = 2;
export const TO_UPGRADE = 4;
export const TO_PROBE = 8;

/** More pipelined requests than this are not followed; Node's own clients pipeline none. */
export const OUTSTANDING_MAX = 1_000;

export class Outstanding {
  size = 0;
  private first = PLAIN;
  /** All but the first; made only for connections that pipeline. */
  private rest: number[] | undefined;

  /** False if there is no room. */
  push(request: number): boolean {
    if (this.size === OUTSTANDING_MAX) return false;
    if (this.size === 0) this.first = request;
    else (this.rest ??= []).push(request);
    this.size++;
    return true;
  }

  /** What is known of the request that the next answer belongs to. */
  peek(): number {
    return this.size === 0 ? PLAIN : this.first;
  }

  shift(): void {
    this.size--;
    this.first = this.rest?.shift() ?? PLAIN;
  }
}
