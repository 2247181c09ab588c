/**
 * What answers in place of the tidegates of pods that nobody has started, on the cluster's node: a
 * port for each that is to say something of its own.
 */
import type { Test } from 'tap';
import type { Status } from '../../src/admin/contract.js';
import { type Cluster, kubectl } from './cluster.js';
import { type OnNode, onNode } from './on-node.js';
import type { Command, Creation, Patch, Says } from './stand-in-program.js';

const PROGRAM = new URL('stand-in-program.ts', import.meta.url);
const NODE_ADDRESS = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}';
const NOTHING = { active: 0, idle: 0, oldestSeconds: null };

/** What differs between one tidegate's status and another's. */
export interface Saying {
  readonly safe: boolean;
  readonly reason?: NonNullable<Status['verdict']['reason']>;
  readonly phase?: Status['phase'];
  readonly active?: number;
  readonly leases?: number;
  readonly oldestSeconds?: number;
}

export class StandIn {
  /** Of the node, as the API server reaches it. */
  readonly address: string;
  private readonly program: OnNode<Command>;

  private constructor(address: string, program: OnNode<Command>) {
    this.address = address;
    this.program = program;
  }

  /** It ends with `t`. */
  static async start(t: Test, cluster: Cluster): Promise<StandIn> {
    const [address, program] = await Promise.all([
      kubectl(cluster, ['get', 'nodes', '-o', `jsonpath=${NODE_ADDRESS}`]),
      onNode<Command>(t, cluster, PROGRAM),
    ]);
    return new StandIn(address, program);
  }

  /** A port that answers so. */
  async open(says: Says): Promise<number> {
    return (await this.program.ask({ do: 'open', says })) as number;
  }

  async says(port: number, says: Says): Promise<void> {
    await this.program.ask({ do: 'says', port, says });
  }

  /** How often anybody has asked any of its ports. */
  async asked(): Promise<number> {
    return (await this.program.ask({ do: 'asked' })) as number;
  }

  /** The same for objects that are to be; they as the API server has them, as texts. */
  async make(creations: readonly Creation[]): Promise<readonly string[]> {
    return (await this.program.ask({ do: 'make', creations })) as readonly string[];
  }

  /** The text at an address of the node. */
  async get(url: string): Promise<string> {
    return (await this.program.ask({ do: 'get', url })) as string;
  }

  /** Writes to the API as the administrator, many at a time. */
  async patch(patches: readonly Patch[]): Promise<void> {
    await this.program.ask({ do: 'patch', patches });
  }
}

/** An admin port that tells this. */
export function telling(saying: Saying): Says {
  return { '/status': JSON.stringify(statusOf(saying)) };
}

function statusOf({ safe, reason, phase = 'serving', ...counts }: Saying): Status {
  const { active = 0, leases = 0, oldestSeconds = null } = counts;
  const since = new Date().toISOString();
  const verdict = { safe, phase, active, leases, quietSince: active > 0 ? null : since };
  const sockets = { active, idle: 0, oldestSeconds: active > 0 ? (oldestSeconds ?? 1) : null };
  const [http1, sse, http2, tls, tcp] = Array<typeof NOTHING>(5).fill(NOTHING);
  return {
    phase,
    since,
    verdict: reason === undefined ? verdict : { ...verdict, reason },
    terminating: false,
    drain: null,
    eta: null,
    connections: {
      total: active,
      active,
      idle: 0,
      byKind: { http1, sse, websocket: sockets, http2, tls, tcp },
    },
    requestsInFlight: 0,
    leases: { held: leases, oldest: null },
    arrivals: active,
    app: { up: true },
    build: { version: '0.0.0', node: 'v0.0.0' },
  };
}
