/**
 * What is said to a client whose app has left without a goodbye: the goodbye that the app would have
 * said, if one can stand there and the policy has it so. Else an end stays an end.
 */
import type { LaneSocket } from './lane.js';
import type { Tunnel } from './tunnel.js';

/**
 * The app has ended, or was reset. True if its client is told by a goodbye, and not by the same; an
 * end is one already where nothing else would have been said.
 */
export function standsInForApp(tunnel: Tunnel, wasReset: boolean): boolean {
  const { farewellForApp, isDraining } = tunnel.around.policy;
  if (tunnel.hasSaidFarewell) return true;
  if (tunnel.app === undefined || tunnel.client.destroyed || tunnel.client.writableEnded)
    return false;
  if (farewellForApp === 'never' || (farewellForApp === 'drain' && !isDraining)) return false;
  if (!wasReset && tunnel.observer.farewell() === 'retry') return false;
  return tunnel.beginParting(tunnel.app as LaneSocket).standIn();
}
