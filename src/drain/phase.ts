/**
 * Where a drain stands, as a table: from which phase which event leads where. Pure; what is not in
 * the table changes nothing. src/README.md shows the same table, and a test holds it to this one.
 */

export const PHASES = ['serving', 'settling', 'draining', 'closing', 'drained'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * `asked`: somebody wants a drain. `settled`: balancers have stopped sending, or the time for it is
 * up. `window`: the close window opens. `idle`: nothing is active. `work`: something is active, and
 * there is time. `deadline`: the budget is spent, or there is nothing left to wait for.
 * `recalled`: the drain is taken back.
 */
export const PHASE_EVENTS = [
  'asked',
  'settled',
  'window',
  'idle',
  'work',
  'deadline',
  'recalled',
] as const;
export type PhaseEvent = (typeof PHASE_EVENTS)[number];

export type PhaseTable = Readonly<Record<Phase, Readonly<Partial<Record<PhaseEvent, Phase>>>>>;

export const PHASE_TABLE: PhaseTable = {
  serving: { asked: 'settling' },
  settling: { settled: 'draining', deadline: 'drained', recalled: 'serving' },
  draining: { window: 'closing', idle: 'drained', deadline: 'drained', recalled: 'serving' },
  closing: { idle: 'drained', deadline: 'drained' },
  drained: { work: 'draining', recalled: 'serving' },
};

/** The phase after `event`. */
export function next(phase: Phase, event: PhaseEvent): Phase {
  return PHASE_TABLE[phase][event] ?? phase;
}
