/**
 * Whether a pod is the last one that some Service still sends to: drained, it would leave nobody
 * there. By EndpointSlices alone, because they are what traffic follows.
 */
import { type Api, ENDPOINT_SLICES } from '../kubernetes/api.js';
import { readSlice, type Slice } from '../rainbow/services.js';

/** Names of the Services that would have no ready pod without it. */
export async function lastReadyOf(api: Api, namespace: string, pod: string): Promise<string[]> {
  const { items } = await api.list(ENDPOINT_SLICES, { namespace }, readSlice);
  const slices = items.filter((slice) => slice !== undefined);
  const services = new Set(slices.map(({ service }) => service));
  return [...services].filter((service) => {
    const ready = new Set(slices.filter((slice) => slice.service === service).flatMap(readyPods));
    return ready.size === 1 && ready.has(pod);
  });
}

function readyPods({ endpoints }: Slice): string[] {
  return endpoints.filter(({ isReady }) => isReady).map(({ name }) => name);
}
