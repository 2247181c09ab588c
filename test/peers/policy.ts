/**
 * What tunnels of a test are asked to do, unless it says otherwise: to carry, add nothing, and know of
 * no drain.
 */
import { PROBE_AGENTS, ProbeAgents } from '../../src/protocol/http1/probes.js';
import type { Policy } from '../../src/tunnel/policy.js';

export const POLICY: Readonly<Policy> = {
  probes: new ProbeAgents(PROBE_AGENTS),
  forwarded: 'off',
  proxyProtocol: 'off',
  appConnectTimeoutMs: 10_000,
  secondChance: undefined,
  keepAliveMs: 60_000,
  websocketCloseCode: 1001,
  farewellForApp: 'drain',
  idleFarewellMs: 5_000,
  isDraining: false,
  refusesUpgrades: false,
};
