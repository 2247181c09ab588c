/**
 * `list`: every group and its colours, by what the API server knows of them. Asks no pod, so that it
 * takes no right on any port.
 */
import { EXIT_FAULT, EXIT_OK } from '../../errors.js';
import type { Facts } from '../../rainbow/contract.js';
import { type Column, layOut, type Row } from '../columns.js';
import { cut, span } from '../sentences.js';
import { groupDocument, listDocument } from './documents.js';
import { eachGroup } from './each-group.js';
import { figuresOf, selectedBy, trafficWords } from './figures.js';
import { paintColour } from './paint.js';
import { NAME_COLUMNS } from './screen.js';
import type { Speech } from './speech.js';
import type { Doing } from './verb.js';

const COLUMNS: readonly Column[] = [
  { head: 'GROUP' },
  { head: 'COLOUR' },
  { head: 'DEPLOYMENT' },
  { head: 'READY', align: 'right' },
  { head: 'TRAFFIC' },
];
const WIDE_COLUMNS: readonly Column[] = [{ head: 'SERVICES' }, { head: 'AGE', align: 'right' }];

export async function listGroups(doing: Doing): Promise<number> {
  const { cluster, speech, asked } = doing;
  const groups = await cluster.groups();
  const found: Facts[] = [];
  const { failed } = await eachGroup(groups, doing, async (group) => {
    found.push(await cluster.glance(group)([]));
    return true;
  });
  speech.document(() =>
    listDocument(
      found.map((facts) => groupDocument({ facts, plan: undefined, estimates: new Map() })),
    ),
  );
  for (const { colours } of found) {
    for (const { deployment } of colours) speech.name('deployment.apps', deployment.name);
  }
  if (groups.length === 0) speech.complain(`no group is found in ${whereOf(doing)}`);
  else if (!speech.isDocument && !speech.isNames) {
    speech.show(renderList(found, asked.cluster.allNamespaces, speech));
  }
  return failed ? EXIT_FAULT : EXIT_OK;
}

function whereOf({ cluster: { namespace, name } }: Doing): string {
  const where = namespace === undefined ? 'any namespace' : `namespace ${namespace}`;
  return `${where} (${name})`;
}

function renderList(found: readonly Facts[], hasNamespaces: boolean, speech: Speech): string {
  const { isWide } = speech;
  const columns = [
    ...(hasNamespaces ? [{ head: 'NAMESPACE' }] : []),
    ...COLUMNS,
    ...(isWide ? WIDE_COLUMNS : []),
  ];
  const rows = found.flatMap((facts) => {
    const before = hasNamespaces ? [facts.namespace] : [];
    return rowsOf(facts, speech).map((row) => [...before, ...row]);
  });
  return `${layOut(columns, rows).join('\n')}\n`;
}

function rowsOf(facts: Facts, { depth, isWide }: Speech): Row[] {
  return facts.colours.map((one): Row => {
    const { colour, deployment } = one;
    const { ready } = figuresOf(one.pods);
    const name = (text: string): string => (isWide ? text : cut(text, NAME_COLUMNS));
    const row = [
      name(facts.group),
      { text: name(colour), paint: (text: string) => paintColour(text, colour, depth) },
      name(deployment.name),
      `${ready}/${deployment.replicas}`,
      trafficWords(one, facts),
    ];
    const age = span((facts.nowMs - deployment.createdMs) / 1_000);
    return isWide ? [...row, selectedBy(facts, colour).join(',') || '-', age] : row;
  });
}
