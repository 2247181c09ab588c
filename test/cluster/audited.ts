/**
 * What the pods of a namespace have done at the API server, as its audit log tells (audit.yaml): each call
 * with the pod that made it, what it wrote, and what came of it. Nobody who is watched so can forget one.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Namespace } from './namespace.js';

const WRITES = ['create', 'update', 'patch', 'delete'];
const POD = 'authentication.kubernetes.io/pod-name';

export interface Call {
  readonly verb: string;
  /** With its subresource: `pods/status`. */
  readonly resource: string;
  readonly name: string;
  /** When it was answered, in milliseconds of the day. */
  readonly atMs: number;
  readonly code: number;
  /** The pod that made it; empty for an account by itself. */
  readonly by: string;
  /** The body of a write. */
  readonly body: unknown;
}

interface AuditLine {
  readonly verb: string;
  readonly user: {
    readonly username: string;
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly objectRef?: {
    readonly resource: string;
    readonly subresource?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: { readonly metadata?: { readonly name?: string } };
  readonly stageTimestamp: string;
}

export class Audit {
  private readonly file: string;
  private readonly account: string;
  private readonly calls: Call[] = [];
  private at: number;
  private rest = '';

  /** From now on. */
  constructor({ cluster, name }: Namespace) {
    if (cluster.kit === undefined) throw new Error("only the kit's API server writes one");
    this.file = cluster.kit.auditLog;
    this.account = `system:serviceaccount:${name}:`;
    this.at = statSync(this.file).size;
  }

  /** All there were so far, in the order of their answers. */
  all(): readonly Call[] {
    const lines = (this.rest + this.read()).split('\n');
    this.rest = lines.pop() ?? '';
    for (const text of lines) {
      if (!text.includes(this.account)) continue;
      const line = JSON.parse(text) as AuditLine;
      if (line.user.username.startsWith(this.account)) this.calls.push(callOf(line));
    }
    return this.calls;
  }

  /** What was written, and not only tried. */
  writes(): readonly Call[] {
    return this.all().filter(({ verb, code }) => WRITES.includes(verb) && code < 300);
  }

  private read(): string {
    const file = openSync(this.file, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, statSync(this.file).size - this.at));
      const length = readSync(file, bytes, 0, bytes.length, this.at);
      // A line may be half written, and in the middle of a character: Latin-1 loses none of its bytes.
      this.at += length;
      return bytes.subarray(0, length).toString('latin1');
    } finally {
      closeSync(file);
    }
  }
}

function callOf({ verb, user, objectRef, responseStatus, ...line }: AuditLine): Call {
  const { resource = '', subresource, name } = objectRef ?? {};
  return {
    verb,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    name: name ?? line.requestObject?.metadata?.name ?? '',
    atMs: Date.parse(line.stageTimestamp),
    code: responseStatus?.code ?? 0,
    by: user.extra?.[POD]?.[0] ?? '',
    body: line.requestObject,
  };
}

/** How many there are of each kind. */
export function kindsOf(calls: readonly Call[]): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {};
  for (const { verb, resource } of calls) {
    const kind = `${verb} ${resource}`;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}
