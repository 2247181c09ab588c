/**
 * Each end of a tidegate is told once, whatever way its pod went. Pods live as kubelets told it, see
 * pod-lives.ts; then their events come twice, late, mixed up, in part, or to two replicas. And what is
 * told with an end, on whom, and what is old news.
 */
import t from 'tap';
import type { SidecarState } from '../../src/controller/contract.js';
import { busy, SILENT } from '../peers/rainbow.js';
import { Random, seedOf, seedOfRun } from '../peers/random.js';
import { REPLICA_SET, sidecar, sidecarEnd, watchedPod } from '../peers/watched-pods.js';
import { DepartedStage, lived, muddled, Told } from './departed.js';
import { ENDS, lifeOf, LIVES, mannerOf, type LifeEvent } from './pod-lives.js';

/** How often each life is muddled. */
const MUDDLES = 60;

for (const [name, life] of LIVES) {
  const ends = ENDS[mannerOf(name)];
  t.test(`a pod's life: ${name}: is told in ${ends.length} Events`, (t) => {
    const { told, outcomes, said } = lived(life);
    t.match(told.messages, ends);
    t.equal(told.messages.length, ends.length);
    t.equal(outcomes.length, ends.length, 'each is counted');
    const silent = told.events.filter(({ reason }) => reason === 'DiedWithoutGoodbye');
    t.same(
      said,
      silent.map(({ message }) => `shop: ${message}`),
      'and said, where there was no goodbye',
    );
    const warnings = told.events.filter(({ type }) => type === 'Warning');
    t.equal(warnings.length, outcomes.filter((outcome) => outcome !== 'drained').length);
    t.end();
  });
}

t.test('every manner has been seen', (t) => {
  const seen = new Set([...LIVES.keys()].map(mannerOf));
  t.same([...seen].sort(), Object.keys(ENDS).sort());
  t.end();
});

t.test('whatever is told twice, late, mixed up or left out, each end is told once', (t) => {
  const run = seedOfRun(0x7ea7);
  const faults: unknown[] = [];
  let at = 0;
  for (const [name, life] of LIVES) {
    const wanted = [...lived(life).told.messages].sort();
    for (let index = 0; index < MUDDLES; index++) {
      const seed = seedOf(run, at++);
      const stage = new DepartedStage(life[0].atMs);
      for (const event of muddled(life, new Random(seed))) stage.hear(event);
      const told = [...stage.told.messages].sort();
      if (JSON.stringify(told) !== JSON.stringify(wanted))
        faults.push({ name, seed, told, wanted });
    }
  }
  t.same(faults.slice(0, 3), [], `${at} lives`);
  t.end();
});

t.test('two replicas that see it at different times tell the same Events', (t) => {
  for (const life of LIVES.values()) {
    const once = lived(life).told.messages;
    for (let seen = 0; seen < life.length; seen++) {
      const told = new Told();
      const [first, second] = [0, 1].map(() => new DepartedStage(life[0].atMs, told));
      for (const event of life) first.hear(event);
      for (const event of life.slice(seen)) second.hear(event);
      t.same([...told.messages].sort(), [...once].sort());
    }
  }
  t.end();
});

const START = Date.parse('2026-11-22T12:00:00Z');
const DIED = sidecarEnd({ exitCode: 137, reason: 'OOMKilled' });

/** A pod at its first second, and whatever became of it since. */
function event(state: SidecarState | undefined, more: Partial<LifeEvent['pod']> = {}): LifeEvent {
  const pod = watchedPod({ sidecar: state, ...more });
  return { pod, atMs: START, isGone: false };
}

const RUNS = event(sidecar());

function killed(atMs: number): LifeEvent {
  const ended = { ...DIED, finishedMs: START + atMs };
  return { ...event(sidecar({ isRunning: false, ended })), atMs: START + atMs };
}

const heldIn = ({ told }: DepartedStage): readonly string[] =>
  told.messages.map((message) => message.replace(/.*: /, ''));

t.test('what it had at work when it answered last is told with its end', (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  stage.look(RUNS.pod, busy(12));
  stage.clock.advance(20_000);
  stage.look(RUNS.pod, busy(37, 1));
  stage.clock.advance(12_000);
  stage.look(RUNS.pod, SILENT);
  stage.clock.advance(1_000);
  stage.hear(killed(33_000));
  const held = 'it had 37 connections at work and 1 lease held by its app 13s before';
  t.same(heldIn(stage), [held]);
  t.end();
});

t.test('it is counted from the end, however late that was heard', (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  stage.look(RUNS.pod, busy(1));
  stage.hear({ ...killed(5_000), atMs: START + 40_000 });
  t.same(heldIn(stage), ['it had 1 connection at work 5s before']);
  t.end();
});

t.test("what its successor has is not its own, and its own is not its successor's", (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  stage.look(RUNS.pod, busy(37));
  stage.hear(killed(5_000));
  const again = (restarts: number, diedMs: number): LifeEvent => {
    const endedBefore = { ...DIED, containerId: `c${restarts}`, finishedMs: START + diedMs };
    return event(sidecar({ restarts, endedBefore }));
  };
  stage.hear({ ...again(2, 8_000), atMs: START + 9_000 });
  t.same(heldIn(stage)[1], 'nobody knows what it had at work');
  stage.until(START + 20_000);
  stage.look(RUNS.pod, busy(2));
  stage.hear({ ...again(3, 10_000), atMs: START + 20_500 });
  t.same(heldIn(stage)[2], 'nobody knows what it had at work');
  stage.hear({ ...again(4, 21_000), atMs: START + 22_000 });
  t.same(heldIn(stage)[3], 'it had 2 connections at work 1s before');
  t.end();
});

t.test('old news is told by nobody who sees the pod for the first time', (t) => {
  for (const [agoMs, events] of [
    [59_000, 1],
    [61_000, 0],
  ] as const) {
    const stage = new DepartedStage(START);
    stage.hear({ ...killed(0), atMs: START + agoMs });
    t.equal(stage.told.events.length, events, `${agoMs} ms ago`);
    stage.hear({ ...killed(0), isGone: true, atMs: START + agoMs + 1_000 });
    t.equal(stage.told.events.length, events, 'nor later');
  }
  const unknown = new DepartedStage(START);
  unknown.hear(event(sidecar({ isRunning: false, ended: DIED })));
  t.equal(unknown.told.events.length, 0, 'nor where nobody knows when it was');
  t.end();
});

t.test('what was seen to run is told however late its end is', (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  stage.hear({ ...killed(0), atMs: START + 600_000 });
  t.equal(stage.told.events.length, 1);
  t.end();
});

t.test('who went while nobody watched may have said goodbye', (t) => {
  const stage = new DepartedStage(START);
  const last = { ...RUNS.pod, isTerminating: true };
  stage.hear({ ...RUNS, pod: last });
  stage.departures.heard({ type: 'gone', last, isMissed: true });
  t.same(stage.told.messages, []);
  t.end();
});

t.test('a pod that is only no longer watched has not ended', (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  stage.hear({ ...RUNS, isGone: true });
  t.same(stage.told.messages, []);
  t.end();
});

const DEPLOYMENT = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  name: 'web',
  uid: 'd',
} as const;

t.test('it is told on the Deployment, also where its ReplicaSet is gone by then', (t) => {
  const stage = new DepartedStage(START);
  stage.find = (uid) => (uid === REPLICA_SET.uid ? { controller: DEPLOYMENT } : undefined);
  stage.hear(RUNS);
  stage.find = () => undefined;
  stage.hear(killed(1_000));
  t.match(stage.told.events, [{ regarding: { kind: 'Deployment', name: 'web' } }]);
  t.end();
});

t.test('a ReplicaSet that came to be known after its pod is remembered, too', (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  stage.find = () => ({ controller: DEPLOYMENT });
  stage.look(RUNS.pod, SILENT);
  stage.find = () => undefined;
  stage.hear(killed(1_000));
  t.match(stage.told.events, [{ regarding: { kind: 'Deployment', name: 'web' } }]);
  t.end();
});

t.test('an end waits until it is known whose pod it was', (t) => {
  const stage = new DepartedStage(START);
  stage.areOwnersKnown = false;
  stage.hear(killed(0));
  stage.clock.advance(5_000);
  t.same(stage.told.events, []);
  stage.find = () => ({ controller: DEPLOYMENT });
  stage.areOwnersKnown = true;
  stage.clock.advance(500);
  t.match(stage.told.events, [{ regarding: { kind: 'Deployment' } }]);
  t.equal(stage.clock.pending, 0);
  t.end();
});

t.test('it does not wait for ever, and not for who has stopped', (t) => {
  const [stage, stopped] = [0, 1].map(() => new DepartedStage(START));
  for (const one of [stage, stopped]) {
    one.areOwnersKnown = false;
    one.hear(killed(0));
  }
  stopped.departures.stop();
  for (const one of [stage, stopped]) one.clock.advance(30_000);
  t.match(stage.told.events, [{ regarding: { kind: 'ReplicaSet' } }]);
  t.same([stopped.told.events, stopped.clock.pending], [[], 0]);
  t.end();
});

t.test('a container that its node has lost is told once, as the kubelet tells it', (t) => {
  const lost = sidecarEnd({ exitCode: 137, reason: 'ContainerStatusUnknown', containerId: '' });
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  // It waits to be started again and is counted already, then it is.
  stage.hear(event(sidecar({ isRunning: false, restarts: 1, endedBefore: lost })));
  stage.hear(event(sidecar({ restarts: 1, endedBefore: lost })));
  stage.hear(event(sidecar({ restarts: 1, endedBefore: lost }), { isTerminating: true }));
  t.match(stage.told.messages, [/and its node cannot say how it ended/]);
  t.equal(stage.told.events.length, 1);
  t.end();
});

t.test('an evicted pod stays, and what its tidegate left counts all the same', (t) => {
  const life = lifeOf('idle (native)');
  const { sidecar: last } = life[life.length - 1].pod;
  const evicted = { sidecar: last, isTerminating: false, pod: undefined };
  const stage = new DepartedStage(life[life.length - 1].atMs);
  stage.hear(RUNS);
  stage.hear(event(last, evicted));
  t.match(stage.told.messages, [/drained in [\d.]+s: nothing was at work/]);
  const alive = new DepartedStage(life[life.length - 1].atMs);
  alive.hear(RUNS);
  alive.hear(event(last));
  t.same(alive.told.messages, [], 'where the pod lives on, nothing was to be told');
  t.end();
});

t.test('a tidegate that is started again and again is told again and again', (t) => {
  const stage = new DepartedStage(START);
  stage.hear(RUNS);
  for (let restarts = 1; restarts <= 30; restarts++) {
    const endedBefore = { ...DIED, containerId: `c${restarts}`, finishedMs: START };
    for (let times = 0; times < 3; times++) stage.hear(event(sidecar({ restarts, endedBefore })));
  }
  t.same([stage.told.events.length, stage.outcomes.length], [30, 30]);
  t.end();
});

t.test('pods that are gone are forgotten after a while, and there is an end to how many', (t) => {
  const stage = new DepartedStage(lifeOf('idle (native)')[0].atMs);
  const idle = lifeOf('idle (native)');
  const last = idle[idle.length - 1];
  for (let at = 0; at < 12_000; at++) {
    const pod = { ...last.pod, uid: `u${at}` };
    stage.hear({ ...last, pod, isGone: true });
  }
  const heldFor = (uid: string): number => {
    const before = stage.outcomes.length;
    stage.hear({ ...last, pod: { ...last.pod, uid }, isGone: true });
    return stage.outcomes.length - before;
  };
  t.equal(heldFor('u11999'), 0, 'what comes late about one is let be');
  t.equal(heldFor('u1'), 1, 'but for the oldest of very many');
  t.end();
});
