/**
 * Conversations in a drain: who says what, and what has come to either end in the end. Each is told
 * whole, byte by byte, and with each of its steps cut at every position.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import type { Policy } from '../../src/tunnel/policy.js';
import { NONE_LEFT, type Saw, type Side, Wired, turn } from './wires.js';

export type Pieces = readonly (readonly [by: Side, bytes: string])[];

export interface LateCase {
  readonly steps: Pieces;
  /** What has come in the end; what is not said has passed as it was sent. */
  readonly atApp?: string;
  readonly atClient?: string;
  /** The connection was ended by us, on both sides. */
  readonly ends: boolean;
}

/** A step that is the side's FIN. */
export const END = 'END';

/** All the ways in which the steps are cut. */
export function* cuts(steps: Pieces): Generator<[name: string, pieces: Pieces]> {
  yield ['whole', steps];
  yield [
    'byte by byte',
    steps.flatMap(([by, bytes]) =>
      bytes === END ? [[by, bytes] as const] : Array.from(bytes, (byte) => [by, byte] as const),
    ),
  ];
  for (let index = 0; index < steps.length; index++) {
    const [by, bytes] = steps[index];
    for (let at = 1; bytes !== END && at < bytes.length; at++) {
      const pieces: Pieces = [
        ...steps.slice(0, index),
        [by, bytes.slice(0, at)],
        [by, bytes.slice(at)],
        ...steps.slice(index + 1),
      ];
      yield [`step ${index} cut at ${at}`, pieces];
    }
  }
}

export async function tell(wired: Wired, pieces: Pieces): Promise<void> {
  for (const [by, bytes] of pieces) {
    if (bytes === END) await wired.end(by);
    else wired.feed(by, bytes);
  }
  await turn();
}

/** All that a side says. */
export function saidBy(side: Side, steps: Pieces): string {
  return steps
    .filter(([by, bytes]) => by === side && bytes !== END)
    .map(([, bytes]) => bytes)
    .join('');
}

/** Tells the case in all ways; how often upgrades were refused is part of it. */
export async function tellAll(
  t: Test,
  late: LateCase,
  policy: Partial<Policy> = {},
  refused = 0,
): Promise<void> {
  const right = [expected(late), refused, NONE_LEFT, []];
  const ways = Array.from(cuts(late.steps), async ([cut, pieces]) => {
    const wired = await Wired.open(policy);
    await tell(wired, pieces);
    const { saw, faults, tracker } = wired;
    const left = await wired.leftovers();
    return { cut, all: [saw, tracker.lateRefused, left, faults] };
  });
  const told = await Promise.all(ways);
  const wrong = told.filter(({ all }) => !isDeepStrictEqual(all, right));
  t.same(wrong.slice(0, 2), [], `${wrong.length} of ${told.length} ways are wrong`);
}

function expected({ steps, atApp, atClient, ends }: LateCase): Saw {
  const left = (by: Side): boolean =>
    ends || steps.some(([side, bytes]) => side === by && bytes === END);
  return {
    atApp: atApp ?? saidBy('client', steps),
    atClient: atClient ?? saidBy('app', steps),
    appSaw: left('client') ? 'end' : 'open',
    clientSaw: left('app') ? 'end' : 'open',
  };
}
