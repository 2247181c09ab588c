/**
 * A plan as people see it before it is done, and what became of each of its steps. Pure: words for
 * actions and reasons are those of the room below.
 */
import { momentText } from '../../clock.js';
import type { Action, Plan } from '../../rainbow/contract.js';
import { actionWords, reasonWords } from '../../rainbow/sentences.js';
import { type Column, layOut } from '../columns.js';
import { plain, timeOf } from '../sentences.js';
import { type Depth, paintColour } from './paint.js';

const COLUMNS: readonly Column[] = [{ head: 'COLOUR' }, { head: 'PLAN' }];

export function renderPlan({ group, namespace, nowMs, steps }: Plan, depth: Depth): string {
  const head = plain(`Group ${group} in namespace ${namespace}, ${timeOf(momentText(nowMs))}`);
  const rows = steps.map((step) => [
    { text: step.colour, paint: (text: string) => paintColour(text, step.colour, depth) },
    `${actionWords(step.action)}: ${reasonWords(step.reason, nowMs)}`,
  ]);
  return `${[head, ...layOut(COLUMNS, rows)].join('\n')}\n`;
}

/** What was done to a colour. */
export function doneWords(action: Action): string {
  switch (action.kind) {
    case 'keep':
      return 'kept';
    case 'restore':
      return 'given back what it had';
    case 'shrink':
      return `scaled from ${action.from} to ${action.to}`;
    case 'drain': {
      const { length } = action.pods;
      return length === 1 ? '1 pod asked to drain' : `${length} pods asked to drain`;
    }
    case 'zero':
      return `scaled from ${action.from} to 0`;
    case 'delete':
      return 'deleted';
  }
}
