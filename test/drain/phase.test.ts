/**
 * The phase table, cell by cell: where every event leads from every phase, written down here once
 * more, and that the map of the source shows the same.
 */
import t from 'tap';
import {
  next,
  type Phase,
  PHASE_EVENTS,
  PHASE_TABLE,
  type PhaseEvent,
  PHASES,
} from '../../src/drain/phase.js';
import { codeIn, layOut, readDocument, tableBelow } from '../documents.js';

/** Every cell that leads elsewhere. All the others leave the phase as it is. */
const LEADS: readonly (readonly [from: Phase, event: PhaseEvent, to: Phase])[] = [
  ['serving', 'asked', 'settling'],
  ['settling', 'settled', 'draining'],
  ['settling', 'deadline', 'drained'],
  ['settling', 'recalled', 'serving'],
  ['draining', 'window', 'closing'],
  ['draining', 'idle', 'drained'],
  ['draining', 'deadline', 'drained'],
  ['draining', 'recalled', 'serving'],
  ['closing', 'idle', 'drained'],
  ['closing', 'deadline', 'drained'],
  ['drained', 'work', 'draining'],
  ['drained', 'recalled', 'serving'],
];

for (const phase of PHASES) {
  for (const event of PHASE_EVENTS) {
    const lead = LEADS.find(([from, by]) => from === phase && by === event);
    const to = lead?.[2] ?? phase;
    const title = to === phase ? `${event} leaves ${phase} as it is` : `${event}: ${phase} → ${to}`;
    t.test(title, (t) => {
      t.equal(next(phase, event), to);
      t.equal(PHASE_TABLE[phase][event] ?? phase, to);
      t.end();
    });
  }
}

t.test('there are five phases and seven events, and no cell but theirs', (t) => {
  t.same(PHASES, ['serving', 'settling', 'draining', 'closing', 'drained']);
  t.same(Object.keys(PHASE_TABLE), PHASES);
  const cells = Object.values(PHASE_TABLE).flatMap((row) => Object.keys(row));
  t.equal(cells.length, LEADS.length);
  t.ok(cells.every((event) => PHASE_EVENTS.some((known) => known === event)));
  t.end();
});

t.test('every phase can be reached from serving, and left again', (t) => {
  const reached = new Set<Phase>(['serving']);
  for (const phase of reached) {
    for (const event of PHASE_EVENTS) reached.add(next(phase, event));
    t.ok(
      PHASE_EVENTS.some((event) => next(phase, event) !== phase),
      phase,
    );
  }
  t.equal(reached.size, PHASES.length);
  t.end();
});

/** The table as the map of the source has it. */
function renderPhases(): string {
  const code = (word: string | undefined): string => (word === undefined ? '' : `\`${word}\``);
  return layOut([
    ['Phase', ...PHASE_EVENTS.map(code)],
    ...PHASES.map((phase) => [
      code(phase),
      ...PHASE_EVENTS.map((event) => code(PHASE_TABLE[phase][event])),
    ]),
  ]);
}

t.test('src/README.md shows this very table', (t) => {
  const told = readDocument('src/README.md');
  t.ok(told.includes(renderPhases()), `src/README.md needs this table:\n${renderPhases()}`);
  t.end();
});

t.test('src/README.md says of every event when it is due', (t) => {
  const [, ...rows] = tableBelow(readDocument('src/README.md'), 'Phases').slice(PHASES.length);
  t.same(
    rows.flatMap(([event]) => codeIn(event)),
    PHASE_EVENTS,
  );
  t.end();
});
