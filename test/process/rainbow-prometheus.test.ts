/**
 * What the one query about pods means to a real Prometheus that scrapes them: who has
 * been safe for two scrapes is, who was not in between is not, who is not scraped any more is told
 * of, and nobody is taken for a pod of another namespace.
 */
import { systemClock } from '../../src/clock.js';
import type { PodAsked } from '../../src/rainbow/ask.js';
import type { PodAnswer } from '../../src/rainbow/contract.js';
import { askPrometheus } from '../../src/rainbow/prometheus.js';
import { ExposedFleet } from '../peers/exposed-fleet.js';
import { testWith } from '../peers/programs.js';
import { Prometheus } from '../peers/prometheus.js';
import { until } from '../peers/until.js';

const PODS = 40;

const isSafe = (answer: PodAnswer | undefined): boolean => answer?.known === true && answer.safe;

testWith(
  ['prometheus'],
  'one query tells what Prometheus has seen of each pod',
  async (t, { prometheus: program }) => {
    const fleet = new ExposedFleet();
    for (let index = 0; index < PODS; index++) fleet.told.set(`p-${index}`, {});
    fleet.told.set('p-1', { active: 3 });
    fleet.told.set('p-4', { phase: 'drained' });
    fleet.told.set('p-5', { active: 9, namespace: 'other' });
    fleet.render();
    const port = await fleet.serve(t);
    const prometheus = await Prometheus.start(t, program, { host: '127.0.0.1', port });
    const pods = Array.from({ length: PODS }, (_, index): PodAsked => {
      const name = `p-${index}`;
      return { name, uid: name, isReady: index !== 4, address: undefined, port: 9180 };
    });
    const ask = askPrometheus(new URL(prometheus.url), systemClock);
    let answers = await ask('web', pods);
    const seen = async (holds: () => boolean, what: string): Promise<void> => {
      const isSeen = async (): Promise<boolean> => {
        answers = await ask('web', pods);
        return holds();
      };
      await until(isSeen, what, 60_000);
    };
    await seen(() => isSafe(answers.get('p-0')), 'two scrapes say that p-0 is safe');
    const safe = [...answers.values()].filter(isSafe);
    t.equal(safe.length, PODS - 2, 'all but the busy one and the one of another namespace');
    t.match(answers.get('p-0'), { active: 0, idle: 2, leases: 0, phase: 'serving' });
    t.match(answers.get('p-1'), { known: true, safe: false, reason: 'active', active: 3, idle: 2 });
    t.ok((answers.get('p-1') as { oldestSeconds: number }).oldestSeconds > 1_000_000);
    t.match(answers.get('p-4'), { known: true, safe: true, phase: 'drained' });
    t.match(answers.get('p-5'), { known: false, reason: 'stale' });

    fleet.told.set('p-2', { active: 1 });
    fleet.told.delete('p-3');
    fleet.render();
    // A scrape that failed makes all of them stale for a moment: those of one answer are compared.
    const isBusy = (answer: PodAnswer | undefined): boolean =>
      answer?.known === true && answer.active === 1;
    await seen(() => isBusy(answers.get('p-2')), 'p-2 is seen to be busy');
    t.match(answers.get('p-3'), { known: false, reason: 'stale' });
    fleet.told.set('p-2', {});
    fleet.render();
    const isIdle = (answer: PodAnswer | undefined): boolean =>
      answer?.known === true && answer.active === 0;
    await seen(() => isIdle(answers.get('p-2')), 'p-2 is seen to be idle again');
    t.match(answers.get('p-2'), { known: true, safe: false, reason: 'not-quiet' });
    t.match(answers.get('p-0'), { known: true, safe: true });
  },
);
