/**
 * Asks on the admin port as a kubelet does for a container's preStop: one request on a connection of
 * its own, no limit of time. Anything but an answer is told as such.
 */
import { type ClientRequest, get } from 'node:http';
import type { HostPort } from '../../peers/tidegate.js';

/** What a hook came to; `status` is 0 where its connection was lost. */
export interface HookEnd {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

export class Hook {
  readonly ended: Promise<HookEnd>;
  /** It has come to its end, in whatever way. */
  isOver = false;
  private readonly request: ClientRequest;

  constructor({ host, port }: HostPort, path = '/drain/wait') {
    const headers = { 'user-agent': 'kube-lifecycle/1.33', accept: '*/*', connection: 'close' };
    const beganMs = performance.now();
    this.request = get({ host, port, path, headers, agent: false });
    this.ended = new Promise((resolve) => {
      const end = (status: number, body: string): void => {
        this.isOver = true;
        resolve({ status, body, tookMs: performance.now() - beganMs });
      };
      this.request.on('error', () => end(0, ''));
      this.request.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('error', () => end(0, body));
        response.on('end', () => end(response.statusCode ?? 0, body));
      });
    });
  }

  /** Its connection is reset, as when a kubelet is restarted. */
  reset(): void {
    (this.request.socket as { resetAndDestroy?(): void } | null)?.resetAndDestroy?.();
  }
}
