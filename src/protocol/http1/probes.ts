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

/** A name that could go on, and one that ends with what is no part of a token itself. */
const NAME = 1;
const WHOLE = 2;

export class ProbeAgents {
  /** By byte: its column, the same for both cases of a letter; 0 for what is in no name. */
  private readonly columns = new Uint8Array(256);
  private readonly width: number;
  /** Row: node. Value: the next node. Column 0 leads nowhere. */
  private readonly next: Uint16Array;
  /** By node: whether a name is whole there. */
  private readonly names: Uint8Array;

  /** `names` are of printable ASCII. */
  constructor(names: readonly string[]) {
    const letters = new Set(names.join('').toLowerCase());
    let column = 0;
    for (const letter of letters) {
      this.columns[letter.charCodeAt(0)] = ++column;
      this.columns[letter.toUpperCase().charCodeAt(0)] = column;
    }
    this.width = column + 1;
    const nodesMax = 2 + names.reduce((sum, name) => sum + name.length, 0);
    this.next = new Uint16Array(nodesMax * this.width);
    this.names = new Uint8Array(nodesMax);
    let nodes = 2;
    for (const name of names) {
      let node = WORD_START;
      for (const letter of name) {
        const cell = node * this.width + this.columns[letter.charCodeAt(0)];
        if (this.next[cell] === NO_WORD) this.next[cell] = nodes++;
        node = this.next[cell];
      }
      this.names[node] = isToken(name.charCodeAt(name.length - 1)) ? NAME : WHOLE;
    }
  }

  /** The node after `byte`; NO_WORD if it can no longer become a name. */
  step(node: number, byte: number): number {
    return this.next[node * this.width + this.columns[byte]];
  }

  /** A name ends at this node, if this is the byte behind it. */
  endsName(node: number, next: number): boolean {
    return this.names[node] === WHOLE || (this.names[node] === NAME && !isToken(next));
  }
}

function isToken(byte: number): boolean {
  return (CLASS[byte] & TOKEN) !== 0;
}
