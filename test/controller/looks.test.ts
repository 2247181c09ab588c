/**
 * Pods asked round by round: who is asked when, what is kept of the answers, and what becomes of it
 * all where nobody can be asked.
 */
import t from 'tap';
import { Looks, type LooksOf } from '../../src/controller/looks.js';
import { KubernetesError, RefusedError } from '../../src/kubernetes/fault.js';
import { unknown } from '../../src/rainbow/answers.js';
import type { AskPods } from '../../src/rainbow/ask.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { HandClock } from '../peers/clock.js';
import { busy, SAFE } from '../peers/rainbow.js';
import { watchedPod } from '../peers/pod-objects.js';

const EVERY_MS = 20_000;
const FORBIDDEN = new RefusedError('it takes the verb get on pods/proxy', 403, 'Forbidden');

class Asked {
  readonly clock = new HandClock();
  /** Those who were asked, by `NAMESPACE/NAME,NAME`. */
  readonly calls: string[] = [];
  readonly told: string[] = [];
  readonly heard: string[] = [];
  readonly faults: string[] = [];
  /** By name; who is not named is safe. */
  readonly says = new Map<string, PodAnswer>();
  error: Error | undefined;
  readonly looks: Looks;

  constructor(by: LooksOf['by'] = 'pod', ask?: AskPods) {
    const { clock } = this;
    const asking = ask ?? this.ask;
    const failed = (error: unknown): void => void this.faults.push((error as Error).message);
    this.looks = new Looks({ clock, everyMs: EVERY_MS, by, ask: asking, failed });
    this.looks.onLook(({ name }) => this.heard.push(name));
    this.looks.onAskable((namespace, error) => {
      this.told.push(`${namespace}: ${error?.message ?? 'can be asked'}`);
    });
    this.looks.start();
  }

  private readonly ask: AskPods = (namespace, pods) => {
    this.calls.push(`${namespace}/${pods.map(({ name }) => name).join(',')}`);
    if (this.error !== undefined) return Promise.reject(this.error);
    return Promise.resolve(
      new Map(pods.map(({ uid, name }) => [uid, this.says.get(name) ?? SAFE])),
    );
  };

  see(...names: readonly string[]): void {
    for (const name of names) this.looks.see(watchedPod(name));
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
    }
  }

  /** What it said last. */
  word(name: string): string {
    return word(this.looks.of(`uid-${name}`)?.answer);
  }

  twice(name: string): string {
    return word(this.looks.twice(`uid-${name}`));
  }
}

function word(answer: PodAnswer | undefined): string {
  if (answer === undefined) return 'nothing';
  if (!answer.known) return answer.reason;
  return answer.safe ? 'safe' : `${answer.reason} ${answer.active}`;
}

t.test('a new pod is asked soon, and then once a round', async (t) => {
  const asked = new Asked();
  asked.see('one');
  t.equal(asked.word('one'), 'nothing');
  await asked.pass(2_000);
  t.equal(asked.word('one'), 'safe');
  t.same(asked.calls, ['web/one']);
  await asked.pass(3 * EVERY_MS);
  t.equal(asked.calls.length, 4);
  t.same(asked.heard, ['one', 'one', 'one', 'one']);
});

t.test('a pod whose readiness or place changes is asked soon', async (t) => {
  const asked = new Asked();
  asked.see('one');
  await asked.pass(2_000);
  for (const given of [
    { isReady: false },
    { isReady: false, podIP: '10.0.0.2' },
    { isTerminating: true, podIP: '10.0.0.2' },
  ]) {
    const before = asked.calls.length;
    asked.looks.see(watchedPod('one', given));
    await asked.pass(2_000);
    t.equal(asked.calls.length, before + 1, JSON.stringify(given));
    asked.looks.see(watchedPod('one', { ...given, labels: { other: 'label' } }));
    await asked.pass(2_000);
    t.equal(asked.calls.length, before + 1);
  }
});

t.test('what does not run is not asked: pending, ended, or without an address', async (t) => {
  const asked = new Asked();
  asked.looks.see(watchedPod('one', { phase: 'Pending' }));
  asked.looks.see(watchedPod('two', { podIP: undefined }));
  asked.looks.see(watchedPod('three', { phase: 'Succeeded' }));
  asked.looks.see(watchedPod('four'));
  await asked.pass(2_000);
  t.same(asked.calls, ['web/four']);
  asked.looks.see(watchedPod('four', { phase: 'Failed' }));
  asked.looks.see(watchedPod('one'));
  await asked.pass(2_000);
  t.same(asked.calls, ['web/four', 'web/one']);
  t.equal(asked.word('four'), 'safe');
});

t.test('a fault in who hears of one pod is told, and is no other s', async (t) => {
  const asked = new Asked('namespace');
  const others: string[] = [];
  asked.looks.onLook(({ name }) => {
    if (name === 'one') throw new Error('a bug');
  });
  asked.looks.onLook(({ name }) => others.push(name));
  asked.see('one', 'two');
  await asked.pass(2_000);
  t.same(others, ['one', 'two']);
  t.same(asked.faults, ['a bug']);
});

t.test('safe is who has said so twice', async (t) => {
  const asked = new Asked();
  asked.see('one');
  t.equal(asked.twice('one'), 'not-asked');
  await asked.pass(2_000);
  t.equal(asked.twice('one'), 'not-asked');
  await asked.pass(EVERY_MS);
  t.equal(asked.twice('one'), 'safe');
  asked.says.set('one', busy(3));
  await asked.pass(EVERY_MS);
  t.equal(asked.twice('one'), 'active 3');
  t.equal(word(asked.looks.before('uid-one')?.answer), 'safe');
  asked.says.delete('one');
  await asked.pass(EVERY_MS);
  t.equal(asked.twice('one'), 'undefined 0');
  t.equal(asked.word('one'), 'safe');
});

t.test('who is busy need not say so twice', async (t) => {
  const asked = new Asked();
  asked.says.set('one', busy(3));
  asked.see('one');
  await asked.pass(2_000);
  t.equal(asked.twice('one'), 'active 3');
});

t.test('an answer older than three rounds is none', async (t) => {
  const asked = new Asked();
  asked.see('one');
  await asked.pass(2_000);
  asked.looks.stop();
  asked.clock.advance(3 * EVERY_MS - 2_000);
  t.equal(asked.word('one'), 'safe');
  asked.clock.advance(3_000);
  t.equal(asked.word('one'), 'stale');
  t.equal(asked.twice('one'), 'stale');
});

t.test('a pod that is gone is forgotten, with what it answers after that', async (t) => {
  let answer: (answer: PodAnswer) => void = () => undefined;
  const asked = new Asked('pod', async (_, [{ uid }]) => {
    return new Map([[uid, await new Promise<PodAnswer>((resolve) => (answer = resolve))]]);
  });
  asked.see('one');
  await asked.pass(2_000);
  asked.looks.forget('uid-one');
  asked.looks.forget('uid-nobody');
  answer(SAFE);
  await asked.pass(EVERY_MS);
  t.equal(asked.word('one'), 'nothing');
  t.same(asked.heard, []);
});

t.test('a missing right makes all unknown, is told once, and is tried once a round', async (t) => {
  const asked = new Asked();
  const names = Array.from({ length: 50 }, (_, at) => `p${at}`);
  asked.see(...names);
  await asked.pass(EVERY_MS);
  asked.error = FORBIDDEN;
  const before = asked.calls.length;
  await asked.pass(4 * EVERY_MS);
  t.same(new Set(names.map((name) => asked.word(name))), new Set(['unreachable']));
  t.same(asked.told, ['web: it takes the verb get on pods/proxy']);
  t.ok(asked.calls.length - before <= 5, `${asked.calls.length - before} calls`);
  asked.error = undefined;
  await asked.pass(2.5 * EVERY_MS);
  t.same(new Set(names.map((name) => asked.word(name))), new Set(['safe']));
  t.same(asked.told.slice(1), ['web: can be asked']);
});

t.test('an API server that is not there leaves the answers until they are too old', async (t) => {
  const asked = new Asked();
  asked.see('one');
  await asked.pass(EVERY_MS);
  asked.error = new KubernetesError('nothing listens', true);
  await asked.pass(2 * EVERY_MS);
  t.equal(asked.word('one'), 'safe');
  await asked.pass(2 * EVERY_MS);
  t.equal(asked.word('one'), 'stale');
  t.same(asked.told, ['web: nothing listens']);
  t.ok(asked.heard.length >= 5);
});

t.test('what breaks in one pod is about that pod', async (t) => {
  const asked = new Asked('pod', (_, [{ uid, name }]) => {
    if (name === 'bad') return Promise.reject(new TypeError('broken'));
    return Promise.resolve(new Map([[uid, SAFE]]));
  });
  asked.see('bad', 'good');
  await asked.pass(2_000);
  t.same(asked.looks.of('uid-bad')?.answer, unknown('unparsable', 'cannot be asked: broken'));
  t.equal(asked.word('good'), 'safe');
  t.same(asked.told, []);
});

t.test('pods of a namespace are asked together, where one can tell of all', async (t) => {
  const asked = new Asked('namespace');
  asked.see('one', 'two');
  asked.looks.see(watchedPod('three', { namespace: 'other' }));
  await asked.pass(2_000);
  t.same(asked.calls, ['web/one,two', 'other/three']);
  asked.see('four');
  asked.looks.hurry('uid-four');
  await asked.pass(EVERY_MS);
  t.same(asked.calls.slice(2).sort(), ['other/three', 'web/one,two,four']);
  asked.looks.forget('uid-three');
  await asked.pass(EVERY_MS);
  t.same(asked.calls.slice(4), ['web/one,two,four']);
});

t.test('whoever needs a fresh answer has it soon', async (t) => {
  const asked = new Asked();
  asked.see('one');
  await asked.pass(2_000);
  asked.looks.hurry('uid-one');
  await asked.pass(1_500);
  t.equal(asked.calls.length, 2);
});
