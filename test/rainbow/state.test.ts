/**
 * What is remembered of a colour: it comes back as it was written, or, where the text is damaged,
 * copied, or from a wrong clock, not at all; and what says nothing new is not written.
 */
import t from 'tap';
import type { Sample, State } from '../../src/rainbow/contract.js';
import {
  NO_STATE,
  readState,
  sampled,
  SAMPLES_MAX,
  stateText,
  worthWriting,
} from '../../src/rainbow/state.js';
import { Random, seedOf, seedOfRun } from '../peers/random.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;
const UID = 'e1f4';

const FULL: State = {
  liveSinceMs: NOW - 90 * MINUTE,
  wasLive: true,
  lostTrafficMs: NOW - 80 * MINUTE,
  claimedMs: NOW - 75 * MINUTE,
  peak: 120,
  lightlyUsedSinceMs: NOW - 3 * MINUTE,
  drainAskedMs: NOW - 2 * MINUTE,
  drainedSinceMs: NOW - MINUTE,
  scaledToZeroMs: NOW,
  replicas: 3,
  liveReplicas: 20,
  samples: [
    { atMs: NOW - 70 * MINUTE, active: 100 },
    { atMs: NOW - 10 * MINUTE, active: 4 },
  ],
};

t.test('a state is one line of JSON that people can read', (t) => {
  const { liveSinceMs, lostTrafficMs, samples } = FULL;
  t.equal(
    stateText({ wasLive: true, liveSinceMs, lostTrafficMs, peak: 7, samples } as State, UID),
    '{"uid":"e1f4","wasLive":true,"liveSince":"2026-11-22T10:30:00.000Z",' +
      '"lostTraffic":"2026-11-22T10:40:00.000Z","peak":7,' +
      '"samples":[["2026-11-22T10:50:00.000Z",100],["2026-11-22T11:50:00.000Z",4]]}',
  );
  t.end();
});

t.test('a state comes back as it was written', (t) => {
  t.same(readState(stateText(FULL, UID), UID, NOW), FULL);
  t.same(readState(stateText(NO_STATE, UID), UID, NOW), NO_STATE);
  t.end();
});

t.test('a thousand states come back as they were written', (t) => {
  const run = seedOfRun(9);
  for (let index = 0; index < 1_000; index++) {
    const state = anyState(new Random(seedOf(run, index)));
    t.same(readState(stateText(state, UID), UID, NOW), state, `seed ${run}, state ${index}`);
  }
  t.end();
});

t.test('a state of another Deployment is ignored', (t) => {
  t.same(readState(stateText(FULL, 'other'), UID, NOW), NO_STATE);
  t.end();
});

t.test('moments in the future are not set', (t) => {
  t.same(readState(stateText(FULL, UID), UID, NOW - 1).scaledToZeroMs, undefined);
  const { samples, lostTrafficMs } = readState(stateText(FULL, UID), UID, NOW - 75 * MINUTE);
  t.same({ samples, lostTrafficMs }, { samples: [], lostTrafficMs: FULL.lostTrafficMs });
  t.end();
});

t.test('what is no state remembers nothing', (t) => {
  const unreadable = ['', 'null', '1', '[]', '{}', '{"uid":1}', `{"uid":"${UID}"`, '"\\ud800"'];
  for (const text of [undefined, ...unreadable]) t.same(readState(text, UID, NOW), NO_STATE);
  t.end();
});

t.test('fields that cannot be are not set, the others are', (t) => {
  const wrong = {
    uid: UID,
    wasLive: 'yes',
    liveSince: 'soon',
    lostTraffic: NOW,
    drainedSince: '2026-11-22T11:00:00Z',
    peak: -1,
    replicas: 0,
    samples: [null, ['2026-11-22T11:00:00Z', 1.5], ['2026-11-22T11:00:00Z', 2], ['x', 1], 7],
  };
  t.same(readState(JSON.stringify(wrong), UID, NOW), {
    ...NO_STATE,
    drainedSinceMs: NOW - 60 * MINUTE,
    samples: [{ atMs: NOW - 60 * MINUTE, active: 2 }],
  });
  t.end();
});

t.test('samples that go back in time are left out', (t) => {
  const samples = [FULL.samples[1], FULL.samples[0]];
  t.same(readState(stateText({ ...FULL, samples }, UID), UID, NOW).samples, [FULL.samples[1]]);
  t.end();
});

t.test('a sample that says the same, or comes at once, is left out', (t) => {
  const first = sampled([], { atMs: NOW, active: 5 });
  t.same(first, [{ atMs: NOW, active: 5 }]);
  t.equal(sampled(first, { atMs: NOW + 10 * MINUTE, active: 5 }), first);
  t.equal(sampled(first, { atMs: NOW + MINUTE - 1, active: 4 }), first);
  t.equal(sampled(first, { atMs: NOW + MINUTE, active: 4 }).length, 2);
  t.end();
});

t.test('two days of samples stay few, even, and keep the first and the last', (t) => {
  let samples: readonly Sample[] = [];
  for (let index = 0; index < 288; index++) {
    samples = sampled(samples, { atMs: NOW + index * 10 * MINUTE, active: 288 - index });
  }
  t.equal(samples.length, SAMPLES_MAX);
  t.same(samples[0], { atMs: NOW, active: 288 });
  t.equal(samples.at(-1)?.active, 1);
  const gaps = samples.slice(1).map(({ atMs }, at) => atMs - samples[at].atMs);
  t.ok(Math.max(...gaps) <= 4 * (2870 / SAMPLES_MAX) * MINUTE, gaps.join(' '));
  t.ok(stateText({ ...FULL, samples }, UID).length < 2_000, 'it is a short annotation');
  t.end();
});

t.test('what says nothing new is not written', (t) => {
  const written = FULL.samples.at(-1)?.atMs ?? 0;
  const samples = [...FULL.samples, { atMs: written + MINUTE, active: 3 }];
  for (const same of [
    { ...FULL },
    { ...FULL, peak: 131 },
    { ...FULL, peak: 90 },
    { ...FULL, samples },
  ]) {
    t.equal(worthWriting(FULL, same, UID), undefined);
  }
  t.end();
});

t.test('the longer a colour burns down, the less often a sample is written', (t) => {
  const writes = (looks: number, everyMs: number): number => {
    let [state, written]: [State, number] = [NO_STATE, 0];
    for (let look = 0; look < looks; look++) {
      const samples = sampled(state.samples, { atMs: NOW + look * everyMs, active: look % 7 });
      const after = worthWriting(state, { ...state, samples }, UID);
      if (after === undefined) continue;
      state = after;
      written++;
    }
    return written;
  };
  const first = writes(480, MINUTE / 2);
  t.ok(first >= 24 && first <= 27, `at first every ten minutes: ${first} in four hours`);
  t.ok(writes(48 * 120, MINUTE / 2) < 100, `${writes(48 * 120, MINUTE / 2)} in two days`);
  t.equal(writes(24, 10 * MINUTE - 5_000), 24, 'runs every ten minutes have a sample each');
  t.end();
});

t.test('those of a fleet that are written in one minute are not so again', (t) => {
  const written = new Map<number, number>();
  for (let colour = 0; colour < 40; colour++) {
    const uid = `4f2a1c0e-77aa-4b1d-9a57-00000000${1_000 + colour}`;
    let state = NO_STATE;
    for (let look = 0; look < 240; look++) {
      const atMs = NOW + look * (MINUTE / 2);
      const samples = sampled(state.samples, { atMs, active: look % 7 });
      const after = worthWriting(state, { ...state, samples }, uid);
      if (after === undefined) continue;
      state = after;
      const minute = Math.floor(look / 2);
      written.set(minute, (written.get(minute) ?? 0) + 1);
    }
  }
  t.equal(written.get(0), 40);
  written.delete(0);
  const most = Math.max(...written.values());
  t.ok(most <= 12, `${most} in one minute`);
  t.end();
});

t.test('what says something new is written', (t) => {
  const samples = [...FULL.samples, { atMs: NOW - 15_000, active: 3 }];
  const { drainedSinceMs, ...undrained } = FULL;
  const news: readonly State[] = [
    undrained,
    { ...FULL, drainedSinceMs: (drainedSinceMs ?? 0) + 1 },
    { ...FULL, wasLive: false },
    { ...FULL, replicas: 4 },
    { ...FULL, peak: 132 },
    { ...FULL, samples },
    { ...FULL, samples: [] },
  ];
  for (const state of news) t.equal(worthWriting(FULL, state, UID), state);
  t.equal(worthWriting(NO_STATE, { ...NO_STATE, peak: 1 }, UID)?.peak, 1);
  t.end();
});

/** Any that can be: each field is there or not. */
function anyState(random: Random): State {
  const moment = (key: keyof State): object =>
    random.once(2) ? {} : { [key]: NOW - random.int(100_000_000) };
  const samples = Array.from({ length: random.int(SAMPLES_MAX + 1) }, (_, at) => ({
    atMs: NOW - 1_000_000 + at * 1_000 + random.int(1_000),
    active: random.int(1_000),
  }));
  return {
    wasLive: random.once(2),
    ...moment('liveSinceMs'),
    ...moment('lostTrafficMs'),
    ...moment('lightlyUsedSinceMs'),
    ...moment('drainAskedMs'),
    ...moment('drainedSinceMs'),
    ...moment('scaledToZeroMs'),
    peak: random.int(10_000),
    ...(random.once(2) ? {} : { replicas: 1 + random.int(100) }),
    samples,
  };
}
