/**
 * Goes through groups one after the other. What fails in one is told and is that one's alone, unless
 * several in a row say that it is everybody's.
 */
import { KubernetesError } from '../../kubernetes/fault.js';
import type { Group } from '../../rainbow/facts.js';
import { FAILURES_MAX } from '../../rainbow/sweep.js';
import type { Doing } from './verb.js';

/** `act` resolves to whether to go on. With a single group a fault is thrown as it is. */
export async function eachGroup(
  groups: readonly Group[],
  { speech }: Pick<Doing, 'speech'>,
  act: (group: Group) => Promise<boolean>,
): Promise<{ readonly failed: boolean }> {
  let [failed, inARow] = [false, 0];
  for (const group of groups) {
    try {
      if (!(await act(group))) break;
      inARow = 0;
    } catch (error) {
      if (!(error instanceof KubernetesError) || groups.length === 1) throw error;
      failed = true;
      inARow++;
      speech.complain(`group ${group.group} in namespace ${group.namespace}: ${error.message}`);
      if (inARow === FAILURES_MAX)
        throw new KubernetesError(`${inARow} groups in a row have failed`);
    }
  }
  return { failed };
}
