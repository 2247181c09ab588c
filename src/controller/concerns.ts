/**
 * Whether a change of a Service has to do with a group of colours: by what it selects, or could, and
 * by what was seen of it when the group was looked at last. Decides nothing; keeps nothing.
 */
import { DEPLOYMENTS, PODS } from '../kubernetes/api.js';
import type { Change } from '../kubernetes/informer.js';
import { COLOUR_LABEL, RAINBOW_LABEL } from '../kubernetes/keys.js';
import type { Labels } from '../kubernetes/labels.js';
import type { Deployment } from '../rainbow/colours.js';
import type { Group } from '../rainbow/facts.js';
import { couldSelect, isSameService, type Service } from '../rainbow/services.js';
import type { KnownApi, Noted } from './known-api.js';

/** As it was, and as it is. */
export function sidesOf(change: Change<Noted>): readonly Noted[] {
  if (change.type === 'gone') return [change.last];
  return change.type === 'added' ? [change.now] : [change.now, change.before];
}

/** Others write to Services, too: some of them every second. */
export function isNews(change: Change<Noted>): boolean {
  if (change.type !== 'changed') return true;
  return !isSameService(change.before.value as Service, change.now.value as Service);
}

/** `seen`: the Services that had to do with the group; undefined if it was not looked at yet. */
export function concerns(
  sides: readonly Noted[],
  {
    known,
    group,
    seen,
  }: {
    readonly known: Pick<KnownApi, 'items'>;
    readonly group: Group;
    readonly seen: ReadonlySet<string> | undefined;
  },
): boolean {
  if (seen === undefined || seen.has(sides[0].name)) return true;
  const services = sides.map(({ value }) => value as Service);
  return labelsIn(known, group).some((labels) =>
    services.some((service) => couldSelect(service, labels)),
  );
}

/** Of its pods, and of those that are to be. */
function labelsIn(known: Pick<KnownApi, 'items'>, { namespace, group }: Group): readonly Labels[] {
  const deployments = [...known.items(DEPLOYMENTS, namespace)]
    .filter(({ labels }) => labels[RAINBOW_LABEL] === group)
    .map(({ value }) => value as Deployment);
  const colours = new Set(deployments.map(({ colour }) => colour));
  const pods = [...known.items(PODS, namespace)].map(({ labels }) => labels);
  return [
    ...deployments.map(({ template }) => template),
    ...pods.filter(({ [COLOUR_LABEL]: colour }) => colours.has(colour)),
  ];
}
