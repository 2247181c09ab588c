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
/** To know how colours stand: to clean them up, or to count them. */
export const COUNTING = where('watched', 'rainbow', 'counting');
/** To write on pods what they hold or take that away, and to ask old ones to drain. */
export const MARKING = where('watched', 'writing');
/** To clean up old colours, beside `MARKING`. */
export const CLEANING = where('watched', 'rainbow');
/** To ask pods through the API server. */
export const ASKING_BY_PROXY = where('watched', 'proxy');
/** Where the release is. */
export const LEADING = where('own', 'always');

/** Where it watches. What a dry run writes is Events. */
export function watchingRights(does: Does): readonly Right[] {
  const { rainbow = { enabled: false }, ask, prometheus, dryRun = false } = does;
  return [
    ...WATCHING,
    ...COUNTING,
    ...(dryRun ? [] : MARKING),
    ...(rainbow.enabled && !dryRun ? CLEANING : []),
    ...(ask === 'proxy' && prometheus === undefined ? ASKING_BY_PROXY : []),
  ];
}
