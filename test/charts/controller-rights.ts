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

function where(place: 'watched' | 'own', ...needs: readonly Need[]): readonly Right[] {
  return RIGHTS.filter((one) => one.where === place && String(one.needs) === String(needs)).map(
    ({ verb, group, plural }) => ({ verb, group, resource: plural }),
  );
}

/** What it takes to know what there is, and to tell of it. */
export const WATCHING = where('watched', 'always');
/** To write on pods what they hold, and to ask old ones to drain. */
export const MARKING = where('watched', 'marks', 'rainbow');
/** To clean up old colours, beside `MARKING`. */
export const CLEANING = where('watched', 'rainbow');
/** To ask pods through the API server. */
export const ASKING_BY_PROXY = where('watched', 'proxy');
/** Where the release is. */
export const LEADING = where('own', 'always');

/** Where it watches. What a dry run writes is Events. */
export function watchingRights(does: Does): readonly Right[] {
  const { marks = true, rainbow = { enabled: false }, ask, prometheus, dryRun = false } = does;
  return [
    ...WATCHING,
    ...((marks || rainbow.enabled) && !dryRun ? MARKING : []),
    ...(rainbow.enabled && !dryRun ? CLEANING : []),
    ...(ask === 'proxy' && prometheus === undefined ? ASKING_BY_PROXY : []),
  ];
}
