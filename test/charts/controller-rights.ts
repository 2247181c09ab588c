/**
 * What the chart gives `tidegate controller`, by the values that say what it does: of the program's own
 * list, so that the two cannot drift apart. Nothing here is rendered.
 */
import { type Need, RIGHTS } from '../../src/controller/rights.js';
import type { Right } from './rainbow-rights.js';

/** As values have it. */
export interface Does {
  readonly marks?: boolean;
  readonly rainbow?: { readonly enabled: boolean };
  readonly dryRun?: boolean;
  readonly ask?: 'direct' | 'proxy';
  readonly prometheus?: string;
}

/** Where it watches. */
export function watchingRights(does: Does): readonly Right[] {
  const { marks = true, rainbow, ask, prometheus, dryRun = false } = does;
  const needs: Readonly<Record<Need, boolean>> = {
    always: true,
    marks,
    rainbow: rainbow?.enabled === true,
    proxy: ask === 'proxy' && prometheus === undefined,
  };
  // What a dry run writes is Events.
  const isOff = ({ verb, resource }: Right): boolean =>
    dryRun && resource !== 'events' && ['patch', 'delete'].includes(verb);
  const needed = RIGHTS.filter((right) => right.where === 'watched' && right.needs.some((need) => needs[need]));
  return needed.map(named).filter((right) => !isOff(right));
}

/** Where the release is. */
export const LEADING: readonly Right[] = RIGHTS.filter(({ where }) => where === 'own').map(named);

function named({ verb, group, plural }: (typeof RIGHTS)[number]): Right {
  return { verb, group, resource: plural };
}
