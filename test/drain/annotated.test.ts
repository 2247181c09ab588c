/**
 * What the pod's annotation does to a drain: begins it, takes back its own and no other, and leaves
 * a pod alone that is terminating.
 */
import t from 'tap';
import { AnnotatedDrain } from '../../src/drain/annotated.js';
import { DRAIN_SETTINGS, StagedDrain } from '../peers/drain.js';

class StagedAnnotation extends StagedDrain {
  readonly said: string[] = [];
  private readonly annotated: AnnotatedDrain;

  constructor() {
    super();
    this.annotated = new AnnotatedDrain(this.drain, 'annotation', {
      notUnderstood: (value) => void this.said.push(`not understood: ${value}`),
      goesOn: (reason) => void this.said.push(`goes on: ${reason}`),
    });
  }

  /** It is looked at several times in each state. */
  is(value: string | undefined): void {
    for (let times = 0; times < 3; times++) this.annotated.is(value);
  }
}

t.test('true begins a drain by hand, keep one that leaves the pod ready', (t) => {
  for (const [value, isUnready] of [
    ['true', true],
    ['keep', false],
  ] as const) {
    const staged = new StagedAnnotation();
    staged.is(undefined);
    t.equal(staged.phase, 'serving');
    staged.is(value);
    t.equal(staged.phase, 'settling');
    t.equal(staged.drain.failsReadiness, isUnready, value);
    t.same(staged.told, ['began annotation 0']);
    t.equal(staged.drain.terminating, false);
  }
  t.end();
});

t.test('its drain is taken back once it is false, removed, or not understood', (t) => {
  for (const value of ['false', undefined, 'yes'] as const) {
    const staged = new StagedAnnotation();
    staged.is('true');
    staged.is(value);
    t.equal(staged.phase, 'serving');
    t.equal(staged.drain.failsReadiness, false);
    t.same(staged.told, ['began annotation 0', 'recalled']);
    t.same(staged.said, value === 'yes' ? ['not understood: yes'] : []);
    staged.is('true');
    t.equal(staged.phase, 'settling', 'and begins again');
  }
  t.end();
});

t.test('a value that is not understood is said once, and again after another', (t) => {
  const staged = new StagedAnnotation();
  for (const value of ['True', '', 'True']) staged.is(value);
  t.same(staged.said, ['not understood: True', 'not understood: ', 'not understood: True']);
  t.equal(staged.phase, 'serving');
  t.end();
});

t.test('readiness follows a change between true and keep, of its own drain alone', (t) => {
  const staged = new StagedAnnotation();
  staged.is('true');
  staged.is('keep');
  t.equal(staged.drain.failsReadiness, false);
  staged.is('true');
  t.equal(staged.drain.failsReadiness, true);
  t.same(staged.told, ['began annotation 0']);

  const byHand = new StagedAnnotation();
  byHand.drain.ask('by hand', true);
  byHand.is('keep');
  t.equal(byHand.drain.failsReadiness, true);
  t.end();
});

t.test('a drain that somebody else began is not taken back', (t) => {
  const staged = new StagedAnnotation();
  staged.drain.ask('by hand');
  staged.is('true');
  t.equal(staged.drain.reason, 'by hand');
  staged.is(undefined);
  t.equal(staged.phase, 'settling');
  t.same(staged.said, []);
  t.end();
});

t.test('a drain taken back by hand is not begun again, nor the next one taken back', (t) => {
  const staged = new StagedAnnotation();
  staged.is('true');
  staged.drain.recall();
  staged.is('true');
  t.equal(staged.phase, 'serving');
  staged.drain.ask('by hand');
  staged.is(undefined);
  t.equal(staged.phase, 'settling');
  t.equal(staged.drain.reason, 'by hand');
  t.end();
});

t.test('its drain is not taken back once somebody else has asked for one, too', (t) => {
  const staged = new StagedAnnotation();
  staged.is('true');
  staged.drain.ask('by hand', true);
  staged.is('keep');
  t.equal(staged.drain.failsReadiness, true);
  staged.is(undefined);
  t.equal(staged.phase, 'settling');
  t.same([...staged.told, ...staged.said], ['began annotation 0']);
  staged.drain.recall();
  staged.is('true');
  staged.is(undefined);
  t.equal(staged.phase, 'serving', 'the next one is its own again');
  t.end();
});

t.test('too late for a recall is said once, and it is taken back when it can be', (t) => {
  const staged = new StagedAnnotation();
  const work = staged.traffic.websocket();
  staged.is('true');
  staged.clock.advance(DRAIN_SETTINGS.deadlineMs - DRAIN_SETTINGS.closeWindowMs);
  t.equal(staged.phase, 'closing');
  staged.is(undefined);
  staged.is('no');
  t.equal(staged.phase, 'closing');
  t.same(staged.said, ['goes on: too-late', 'not understood: no']);
  staged.traffic.end(work);
  staged.msUntil('drained');
  staged.is('no');
  t.equal(staged.phase, 'serving');
  t.end();
});

t.test('a pod that is terminating does not listen', (t) => {
  const staged = new StagedAnnotation();
  staged.drain.terminate('preStop');
  staged.is('true');
  staged.is('nonsense');
  staged.is(undefined);
  t.equal(staged.phase, 'settling');
  t.equal(staged.drain.failsReadiness, false);

  const own = new StagedAnnotation();
  own.is('true');
  own.drain.terminate('preStop');
  own.is(undefined);
  t.equal(own.phase, 'settling');
  t.same([...staged.said, ...own.said], []);
  t.end();
});
