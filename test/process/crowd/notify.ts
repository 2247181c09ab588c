/**
 * The preStop's program as the kubelet runs it: dist/notice.mjs, with the Node under test.
 */
import { fileURLToPath } from 'node:url';
import { type Ran, run } from '../../peers/running.js';
import { NODE } from '../../peers/tidegate.js';

export const NOTICE = fileURLToPath(new URL('../../../dist/notice.mjs', import.meta.url));

/** Runs it to its end. */
export function notify(...args: readonly (string | number)[]): Promise<Ran> {
  return run(NODE, [NOTICE, ...args.map(String)]);
}
