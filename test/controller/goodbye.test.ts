/**
 * What became of a tidegate, by how its container ended. Messages are those that the sidecar writes;
 * the ends are those that a kubelet told, see test/controller/pod-lives.ts.
 */
import t from 'tap';
import type { SidecarEnd } from '../../src/controller/contract.js';
import {
  type Circumstances,
  type Ending,
  goodbyeOf,
  type Held,
} from '../../src/controller/goodbye.js';
import { type DrainReport, terminationMessage } from '../../src/drain/report.js';
import { sidecarEnd } from '../peers/watched-pods.js';

const STARTED = new Date('2026-11-22T12:00:00.000Z');
const TOOK_MS = 34_000;
const WRITTEN_MS = STARTED.getTime() + TOOK_MS;

const REPORT: DrainReport = {
  reason: 'preStop',
  ended: 'finished',
  startedAt: STARTED,
  tookMs: TOOK_MS,
  activeAtStart: 40,
  activeAtEnd: 0,
  leasesAtEnd: 0,
  finished: 120,
  farewell: 14,
  cut: 0,
};
const FIGURES = {
  reason: 'preStop',
  ended: 'finished',
  tookMs: TOOK_MS,
  activeAtStart: 40,
  leasesAtEnd: 0,
  finished: 120,
  farewell: 14,
  cut: 0,
};

function ended(
  end: Partial<SidecarEnd>,
  around: Partial<Omit<Circumstances, 'end'>> = {},
): Ending | undefined {
  const otherwise = { isTerminating: true, isJob: false, hasRun: true, held: undefined };
  return goodbyeOf({ end: sidecarEnd(end), ...otherwise, ...around });
}

const left = (report: Partial<DrainReport> = {}): string =>
  terminationMessage({ ...REPORT, ...report });
const KILLED: Partial<SidecarEnd> = { exitCode: 137, reason: 'Error' };
const DIED: Ending = {
  outcome: 'silent',
  silence: { code: 'died', exitCode: 137, reason: 'Error' },
};
const HELD: Held = { active: 37, leases: 0, beforeMs: 12_000 };

t.test('whoever leaves the report of a drain has said goodbye', (t) => {
  t.same(ended({ message: left() }), { outcome: 'drained', figures: FIGURES });
  t.end();
});

t.test('where somebody was cut, or a lease was lost, that is what it was', (t) => {
  for (const lost of [{ cut: 3 }, { leasesAtEnd: 1 }]) {
    const figures = { ...FIGURES, ...lost };
    t.same(ended({ message: left(lost) }), { outcome: 'cut', figures });
    t.same(ended({ message: left(lost) }, { isTerminating: false }), { outcome: 'cut', figures });
  }
  t.end();
});

t.test('a drain of nothing is told where the pod was to go, and not where a Job ended', (t) => {
  const nothing = { activeAtStart: 0, finished: 0, farewell: 0 };
  const message = left(nothing);
  t.same(ended({ message }), { outcome: 'drained', figures: { ...FIGURES, ...nothing } });
  t.equal(ended({ message }, { isTerminating: false }), undefined);
  t.equal(ended({ message }, { isJob: true }), undefined);
  t.match(ended({ message: left() }, { isJob: true }), { outcome: 'drained' });
  t.match(ended({ message: left() }, { isTerminating: false }), { outcome: 'drained' });
  t.end();
});

t.test('whoever exits with another code has not said goodbye', (t) => {
  t.same(ended(KILLED), DIED);
  t.same(ended({ exitCode: 137, reason: 'OOMKilled' }), {
    outcome: 'silent',
    silence: { code: 'died', exitCode: 137, reason: 'OOMKilled' },
  });
  t.match(ended({ exitCode: 1, reason: 'Error', message: 'panic' }), { outcome: 'silent' });
  t.end();
});

t.test('killed behind the report of its last drain, it has said goodbye before', (t) => {
  const late = { ...KILLED, message: left(), finishedMs: WRITTEN_MS + 20_000 };
  t.match(ended(late), { outcome: 'drained' });
  const idle = { ...HELD, active: 0, beforeMs: 1_000 };
  t.match(ended(late, { held: idle }), { outcome: 'drained' }, 'nothing came after it');
  t.match(ended(late, { held: { ...HELD, beforeMs: 25_000 } }), { outcome: 'drained' });
  t.end();
});

t.test('the report of a drain that was taken back is no goodbye', (t) => {
  const late = { ...KILLED, message: left(), finishedMs: WRITTEN_MS + 20_000 };
  t.same(ended(late, { held: HELD }), DIED, 'it had work again when it was asked later');
  t.same(ended(late, { held: { ...HELD, active: 0, leases: 1 } }), DIED);
  t.same(ended(late, { isTerminating: false }), DIED, 'nobody had told it to go');
  t.end();
});

t.test('what never ran, or refused its settings, had nothing to say', (t) => {
  t.equal(ended({ exitCode: 128, reason: 'StartError', message: 'exec: no such file' }), undefined);
  t.equal(ended({ exitCode: 127, reason: 'ContainerCannotRun' }), undefined);
  t.equal(ended({ exitCode: 64, reason: 'Error' }), undefined);
  t.end();
});

t.test('what its node has lost is gone', (t) => {
  const message = 'The container could not be located when the pod was deleted.';
  const end = { exitCode: 137, reason: 'ContainerStatusUnknown', message };
  t.same(ended(end), { outcome: 'silent', silence: { code: 'lost' } });
  t.equal(ended(end, { hasRun: false }), undefined, 'but not what was never there');
  t.end();
});

t.test('an exit with 0 and no word is worth one only where something was at work', (t) => {
  t.equal(ended({}), undefined);
  t.equal(ended({}, { held: { ...HELD, active: 0 } }), undefined);
  const wordless = { outcome: 'silent', silence: { code: 'wordless', exitCode: 0 } };
  t.same(ended({}, { held: HELD }), wordless);
  t.same(ended({}, { held: { ...HELD, active: 0, leases: 2 } }), wordless);
  t.end();
});

t.test('what is not as a tidegate writes it is no goodbye', (t) => {
  const text = left();
  const message = JSON.parse(text) as Record<string, unknown>;
  const wrong: readonly object[] = [
    ...Object.keys(message).map((key) => ({ ...message, [key]: undefined })),
    ...Object.keys(message).map((key) => ({ ...message, [key]: null })),
    ...['finished', 'farewell', 'cut', 'activeAtStart', 'activeAtEnd', 'leasesAtEnd'].flatMap(
      (key) => [-1, 0.5, 1e300, '1'].map((value) => ({ ...message, [key]: value })),
    ),
    { ...message, tookSeconds: -1 },
    { ...message, startedAt: 'yesterday' },
    { ...message, drained: false },
    [message],
  ];
  const texts = [
    ...wrong.map((one) => JSON.stringify(one)),
    ...['null', '1', '"drained"', 'bye', '{', text.slice(0, -2), `${text}${text}`],
  ];
  for (const text of texts) {
    const strange = { outcome: 'silent', silence: { code: 'strange', exitCode: 0 } };
    t.same(ended({ message: text }, { held: HELD }), strange, text.slice(0, 60));
    t.same(ended({ ...KILLED, message: text }), DIED);
  }
  t.end();
});

t.test('what a newer tidegate says beyond that is let be', (t) => {
  const more = { ...(JSON.parse(left()) as object), ended: 'in-time', handedOver: 3 };
  t.same(ended({ message: JSON.stringify(more) }), {
    outcome: 'drained',
    figures: { ...FIGURES, ended: 'in-time' },
  });
  t.end();
});

t.test('a reason is one line of a bounded length, whoever gave it', (t) => {
  const reasonOf = (reason: string): unknown => {
    const message = JSON.stringify({ ...(JSON.parse(left()) as object), reason });
    return (ended({ message }) as { figures?: { reason: string } } | undefined)?.figures?.reason;
  };
  t.equal(reasonOf('by\u001b[31m\nhand\u202e'), 'by [31m hand');
  t.equal(reasonOf(' \u0000 '), '');
  t.equal(reasonOf('\u{1f6a2}'.repeat(300)), '\u{1f6a2}'.repeat(100));
  t.end();
});
