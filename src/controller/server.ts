/**
 * What the controller answers on its own port: whether it lives, whether it knows the cluster, and its
 * metrics. Nobody can change anything here. A part that turns in vain, because the API server is
 * away, lives all the same: starting anew would help nobody.
 */
import { sendJson } from '../admin/answer.js';
import type { Call, Routes } from '../admin/server.js';

export interface ServerSources {
  /** Of parts that have stood still for minutes. */
  readonly stuck: () => readonly string[];
  /** Of what is not known yet. */
  readonly unknown: () => readonly string[];
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
}

export function controllerRoutes({ stuck, unknown, metrics }: ServerSources): Routes {
  return {
    '/livez': { GET: { answer: (call) => answerReasons(call, 'live', stuck()) } },
    '/readyz': { GET: { answer: (call) => answerReasons(call, 'ready', unknown()) } },
    '/metrics': {
      GET: {
        answer: async ({ response }) => {
          const text = await metrics.render();
          response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
        },
      },
    },
  };
}

function answerReasons(
  { response }: Call,
  what: 'live' | 'ready',
  reasons: readonly string[],
): void {
  const isSo = reasons.length === 0;
  sendJson(response, isSo ? 200 : 503, { [what]: isSo, reasons });
}
