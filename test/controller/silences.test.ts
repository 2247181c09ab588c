/**
 * Namespaces whose pods cannot be reached: told once when that lasts, and once when it is over.
 */
import t from 'tap';
import { Silences } from '../../src/controller/silences.js';
import { unknown } from '../../src/rainbow/answers.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { HandClock } from '../peers/clock.js';
import { SAFE } from '../peers/rainbow.js';
import { watchedPod } from '../peers/watched-pods.js';

const EVERY_MS = 20_000;
const REFUSED = unknown('unreachable', 'refuses the connection');

class Stage {
  readonly clock = new HandClock();
  readonly heard: string[] = [];
  isTold = false;
  readonly silences = new Silences({
    ...{ clock: this.clock, everyMs: EVERY_MS },
    isTold: () => this.isTold,
    silent: (namespace, pods, words) => this.heard.push(`${namespace} ${pods}: ${words}`),
    heard: (namespace) => this.heard.push(`${namespace} is heard`),
  });

  /** A round of `pods`, each with its answer. */
  round(...answers: readonly PodAnswer[]): void {
    answers.forEach((answer, at) => this.silences.looked(pod(at), answer));
    this.clock.advance(EVERY_MS);
  }
}

const pod = (at: number): ReturnType<typeof watchedPod> =>
  watchedPod({ namespace: 'web', name: `pod-${at}`, uid: `u${at}` });

t.test('most of them silent for three rounds is told once, with what one of them does', (t) => {
  const stage = new Stage();
  for (let round = 0; round < 3; round++) stage.round(SAFE, REFUSED, REFUSED);
  t.same(stage.heard, []);
  for (let round = 0; round < 9; round++) stage.round(SAFE, REFUSED, REFUSED);
  t.match(stage.heard, ['web 2: pod pod-1 refuses the connection']);
  t.equal(stage.heard.length, 1);
  stage.round(SAFE, SAFE, REFUSED);
  stage.round(SAFE, SAFE, SAFE);
  t.same(stage.heard.slice(1), ['web is heard']);
  t.end();
});

t.test('half of them, those that are not ready, and a moment are nothing', (t) => {
  const stage = new Stage();
  const unready = unknown('unready', 'is not ready');
  for (let round = 0; round < 9; round++) stage.round(SAFE, REFUSED, unready, unready);
  for (let round = 0; round < 3; round++) stage.round(REFUSED, REFUSED);
  stage.round(SAFE, SAFE);
  for (let round = 0; round < 3; round++) stage.round(REFUSED, REFUSED);
  t.same(stage.heard, []);
  t.end();
});

t.test('what is told already, and pods that are gone, are not told', (t) => {
  const stage = new Stage();
  stage.isTold = true;
  for (let round = 0; round < 9; round++) stage.round(REFUSED, REFUSED);
  t.same(stage.heard, []);
  stage.isTold = false;
  stage.silences.forget(pod(0));
  stage.silences.forget(pod(1));
  stage.round(REFUSED);
  t.same(stage.heard, [], 'they are others');
  t.end();
});
