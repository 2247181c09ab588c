/**
 * The User-Agents of those who only ask whether it is there: probes of orchestrators and balancers,
 * scrapers of metrics, uptime monitors. Their requests are no work. One table for all names, made
 * once: a byte at a time, forward only, nothing is collected.
 */
import { NO_WORD, WORD_START } from '../words.js';
import { CLASS, TOKEN } from './grammar.js';

/**
 * What each of them sends, as their sources and manuals have it, up to the version. A name stands at
 * the beginning of the field value and ends there: what follows is no part of a token (RFC 9110
 * section 5.6.2), as a blank, a `/` or a `(`.
 */
export const PROBE_AGENTS: readonly string[] = [
  'kube-probe',
  'Envoy/HC',
  'Consul Health Check',
  'GoogleHC',
  'GoogleStackdriverMonitoring-UptimeChecks',
  'ELB-HealthChecker',
  'Amazon-Route53-Health-Check-Service',
  'Amazon Route 53 Health Check Service',
  'Edge Health Probe', // Azure Front Door
  'Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager',
  'DigitalOcean Uptime Probe',
  'Prometheus',
  'Blackbox Exporter',
  'vm_promscrape',
  'GrafanaAgent',
  'Alloy',
  'Datadog Agent',
  'Elastic-Heartbeat',
  'check_http', // Nagios and its like
  'Uptime-Kuma',
  'Mozilla/5.0+(compatible; UptimeRobot',
  'Pingdom.com_bot_version_1.4_',
  'Better Uptime Bot',
  'SentryUptimeBot',
];

/** The node behind a whole name; those of names under way have greater numbers. */
export const PROBE = 2;

/** The columns of what is in no name: all of which a token may be made, and what ends it. */
const OTHER_TOKEN = 0;
const OTHER = 1;

export class ProbeAgents {
  /** By byte: its column, the same for both cases of a letter. */
  private readonly columns = Uint8Array.from({ length: 256 }, (_, byte) =>
    isToken(byte) ? OTHER_TOKEN : OTHER,
  );
  private readonly width: number;
  /** Row: node. Value: the next node. */
  private readonly next: Uint16Array;

  /** `names` are of printable ASCII. */
  constructor(names: readonly string[]) {
    const letters = new Set(names.join('').toLowerCase());
    let column = OTHER;
    for (const letter of letters) {
      this.columns[letter.charCodeAt(0)] = ++column;
      this.columns[letter.toUpperCase().charCodeAt(0)] = column;
    }
    this.width = column + 1;
    let nodes = PROBE + 1;
    const nodesMax = nodes + names.reduce((sum, name) => sum + name.length, 0);
    this.next = new Uint16Array(nodesMax * this.width);
    const lastNodes = names.map((name) => {
      let node = WORD_START;
      for (const letter of name) {
        const cell = node * this.width + this.columns[letter.charCodeAt(0)];
        if (this.next[cell] === NO_WORD) this.next[cell] = nodes++;
        node = this.next[cell];
      }
      return node;
    });
    const endings = new Set(this.columns.filter((_, byte) => !isToken(byte)));
    lastNodes.forEach((node, at) => this.endName(node, names[at], endings));
  }

  /** The node after `byte`; NO_WORD if it can no longer become a name, PROBE right behind one. */
  step(node: number, byte: number): number {
    return this.next[node * this.width + this.columns[byte]];
  }

  /** A name ends at this node: behind a token only what is none, behind all else anything. */
  private endName(node: number, name: string, endings: ReadonlySet<number>): void {
    const row = node * this.width;
    if (!isToken(name.charCodeAt(name.length - 1))) this.next.fill(PROBE, row, row + this.width);
    for (const column of endings) this.next[row + column] = PROBE;
  }
}

function isToken(byte: number): boolean {
  return (CLASS[byte] & TOKEN) !== 0;
}
