/**
 * Who has said that nothing is to be taken from a colour for now: an annotation on its Deployment, or
 * on a Service of its group. What was taken before stays taken, and giving back goes on.
 */
import { PAUSE_ANNOTATION } from '../kubernetes/keys.js';
import type { Labels } from '../kubernetes/labels.js';
import type { ColourFacts, Facts } from './contract.js';

/** Whoever has set it to anything but `false` wants a pause, however it is spelled. */
export function isPaused({ [PAUSE_ANNOTATION]: value }: Labels): boolean {
  return value !== undefined && value !== 'false';
}

/** `Service web`; undefined if nobody has. */
export function pausedBy(
  { services }: Pick<Facts, 'services'>,
  { deployment }: Pick<ColourFacts, 'deployment'>,
): string | undefined {
  if (deployment.isPaused) return `Deployment ${deployment.name}`;
  const service = services.find((one) => one.isPaused);
  return service === undefined ? undefined : `Service ${service.name}`;
}
