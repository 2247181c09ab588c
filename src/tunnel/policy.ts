/**
 * What the tunnels do beside carrying: set from outside, read by every tunnel at the moment it
 * matters. One object for all of them, so that a change reaches the open ones too.
 */

import { PROBE_AGENTS, ProbeAgents } from '../protocol/http1/probes.js';

export interface Policy {
  /** Whose requests are no work. */
  readonly probes: ProbeAgents;
  /** The X-Forwarded-For line of requests: when there is none, always a further one, or never. */
  forwarded: 'if-absent' | 'append' | 'off';
  /** The PROXY preamble that the app is sent before the client's first byte. */
  proxyProtocol: 'off' | 'v1' | 'v2';
  /** For how long an app that refuses is dialled again; milliseconds. */
  appConnectTimeoutMs: number;
  /** Where requests go whose app cannot be reached: the Service of all pods. Fixed at the start. */
  readonly secondChance: { readonly host: string; readonly port: number } | undefined;
  /** TCP keep-alive of both sockets: idle time before the first probe; milliseconds, 0 for none. */
  keepAliveMs: number;
  /** The code of the Close frames that tidegate sends (RFC 6455 section 7.4). */
  websocketCloseCode: number;
  /** When an app that ends without its protocol's goodbye gets it said on its behalf. */
  farewellForApp: 'drain' | 'always' | 'never';
  /** For how long a client may be kept on whose connection nothing is at work; milliseconds. */
  readonly idleFarewellMs: number;
  /** A drain is going on: answers carry the farewell. Set by the drain. */
  isDraining: boolean;
  /** Upgrades to WebSocket that come now are refused. Set by the drain. */
  refusesUpgrades: boolean;
}

/** What of it is a setting as it is. */
type PolicySettings = Omit<Policy, 'probes' | 'isDraining' | 'refusesUpgrades'> & {
  readonly probeAgents: readonly string[];
};

/** The policy of a start: no drain is going on. */
export function policyOf(settings: PolicySettings): Policy {
  const probes = new ProbeAgents([...PROBE_AGENTS, ...settings.probeAgents]);
  return { ...settings, probes, isDraining: false, refusesUpgrades: false };
}
