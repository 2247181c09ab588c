/**
 * How much memory a pod takes from its node: what its containers request, counted as the scheduler
 * counts it (component-helpers, PodRequests). Pure.
 */
import { type Fields, fieldsAt, listAt, textAt } from '../rainbow/objects.js';

/** A Kubernetes quantity: a number, then a power of ten or a suffix. */
const QUANTITY = /^\+?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** In whole bytes, rounded up; undefined if that is no quantity, or less than nothing. */
export function quantityOf(text = ''): number | undefined {
  const [, digits, exponent = '0', suffix = ''] = QUANTITY.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const scale = suffix.endsWith('i')
    ? 1_024 ** BINARY.indexOf(suffix)
    : 1_000 ** (DECIMAL.indexOf(suffix) - DECIMAL.indexOf(''));
  return Math.ceil(Number(digits) * 10 ** Number(exponent) * scale);
}

/**
 * Those that run beside one another are summed up. Of those that run before the others only the
 * largest counts, with the sidecars that run already when its turn comes.
 */
export function memoryOf(spec: Fields): number {
  const overhead = quantityOf(textAt(fieldsAt(spec, 'overhead'), 'memory')) ?? 0;
  const whole = requested(spec);
  if (whole !== undefined) return whole + overhead;
  const sum = listAt(spec, 'containers').reduce((all, one) => all + (requested(one) ?? 0), 0);
  let [sidecars, most] = [0, 0];
  for (const container of listAt(spec, 'initContainers')) {
    const own = requested(container) ?? 0;
    if (container['restartPolicy'] === 'Always') sidecars += own;
    else most = Math.max(most, sidecars + own);
  }
  return Math.max(sum + sidecars, most) + overhead;
}

/** Of a container, or of a pod that asks as a whole. A limit is a request where there is no other. */
function requested(of: Fields): number | undefined {
  const resources = fieldsAt(of, 'resources');
  const memory = (key: string): string | undefined => textAt(fieldsAt(resources, key), 'memory');
  return quantityOf(memory('requests') ?? memory('limits'));
}
