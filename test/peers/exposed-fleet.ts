/**
 * A fleet of sidecars as one target of Prometheus: a page with the metrics of all of them, each under
 * the labels that a scrape of its own would have given it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

const KINDS = ['http1', 'sse', 'websocket', 'http2', 'tls', 'tcp'];
const PHASES = ['serving', 'settling', 'draining', 'closing', 'drained'];

/** What is told of a pod; nothing at work, serving, in `web` unless said. */
export interface Told {
  readonly active?: number;
  readonly phase?: string;
  readonly namespace?: string;
}

/** What the sidecar of this pod would tell, under the labels that a scrape gives it. */
function expose(pod: string, { active = 0, phase = 'serving', namespace = 'web' }: Told): string {
  const own = `namespace="${namespace}",pod="${pod}"`;
  const counts = KINDS.flatMap((kind) => {
    const [busy, idle] = kind === 'websocket' ? [active, 2] : [0, 0];
    return [
      `tidegate_connections{${own},kind="${kind}",state="active"} ${busy}`,
      `tidegate_connections{${own},kind="${kind}",state="idle"} ${idle}`,
      `tidegate_oldest_connection_start_timestamp_seconds{${own},kind="${kind}"} ${busy > 0 ? 1_000_000 : 0}`,
    ];
  });
  const phases = PHASES.map((one) => {
    return `tidegate_phase{${own},phase="${one}"} ${Number(one === phase)}`;
  });
  const safe = `tidegate_safe_to_delete{${own}} ${Number(active === 0)}`;
  return [...counts, ...phases, safe, `tidegate_leases{${own}} 0`].join('\n');
}

export class ExposedFleet {
  readonly told = new Map<string, Told>();
  private text = '';

  /** What was changed is told from now on. */
  render(): void {
    this.text = [...this.told].map(([pod, its]) => expose(pod, its)).join('\n');
  }

  /** Resolves with the port. */
  async serve(t: Test): Promise<number> {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(`${this.text}\n`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    return (server.address() as AddressInfo).port;
  }
}
