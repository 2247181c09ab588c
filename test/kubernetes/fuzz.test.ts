/**
 * Several candidates, and everything that goes wrong between them and the API server at random:
 * never do two of them lead, and one does soon after it is over.
 */
import t, { type Test } from 'tap';
import { Leadership } from '../../src/kubernetes/lease.js';
import { HandClock } from '../peers/clock.js';
import { FakeObjects } from '../peers/fake-objects.js';
import { Random, seedOf, seedOfRun } from '../peers/random.js';
import { type Fate, MemoryApi, passes, refused, settled } from './memory-api.js';
import { OwnClock } from './own-clock.js';

const RUNS = 40;
const STEP_MS = 50;
const FAULTS_MS = 120_000;
/** After the last fault. */
const LED_MS_MAX = 20_000;
/** And then on and on. */
const STEADY_MS = 20_000;

interface Process {
  readonly identity: string;
  readonly clock: OwnClock;
  readonly leadership: Leadership;
  /** What it was told last. */
  heard: boolean;
  pausedUntilMs: number;
}

/** How bad it is in one run: each fault once in so many calls, or steps. */
interface Weather {
  readonly lost: number;
  readonly unanswered: number;
  readonly hangs: number;
  readonly refuses: number;
  readonly delayMs: number;
  readonly pauses: number;
  readonly kills: number;
  readonly stops: number;
  readonly edits: number;
}

class Stage {
  readonly clock = new HandClock();
  readonly objects = new FakeObjects(() => this.clock.wall().getTime());
  readonly random: Random;
  readonly weather: Weather;
  processes: Process[] = [];
  isCalm = false;
  /** How often somebody else led than before. */
  turns = 0;
  private started = 0;
  private last = '';
  private readonly stopping: Promise<void>[] = [];

  constructor(random: Random) {
    this.random = random;
    const often = (): number => random.pick([3, 10, 40, Infinity]);
    const rarely = (): number => random.pick([200, 1_000, Infinity]);
    this.weather = {
      ...{ lost: often(), unanswered: often(), hangs: often(), refuses: often() },
      delayMs: random.pick([10, 500, 3_000, 6_000]),
      ...{ pauses: rarely(), kills: rarely(), stops: rarely(), edits: rarely() },
    };
    for (let at = 0; at < 2 + random.int(2); at++) this.start();
  }

  start(): void {
    const { random } = this;
    const identity = `candidate-${++this.started}`;
    const pace = 1 + (random.int(101) - 50) / 1_000;
    const clock = new OwnClock(this.clock, { pace, skewMs: random.int(7_200_000) - 3_600_000 });
    const api = new MemoryApi(clock, this.objects);
    api.fate = () => this.fate();
    const leadership = new Leadership({
      ...{ api, clock, namespace: 'web', name: 'tidegate', identity },
      changed: (isLeader) => (process.heard = isLeader),
      failed: () => undefined,
      random: () => random.int(1_000) / 1_000,
    });
    const process: Process = { identity, clock, leadership, heard: false, pausedUntilMs: 0 };
    this.processes.push(process);
    leadership.start();
  }

  private fate(): Fate {
    const { random, weather } = this;
    if (this.isCalm) return { thereMs: random.int(20), backMs: random.int(20) };
    const fault = this.fault();
    const delays = { thereMs: random.int(weather.delayMs), backMs: random.int(weather.delayMs) };
    return fault === undefined ? delays : { ...delays, fault };
  }

  private fault(): Fate['fault'] {
    const { random, weather } = this;
    const is = (times: number): boolean => times !== Infinity && random.once(times);
    if (is(weather.lost)) return 'lost';
    if (is(weather.unanswered)) return 'unanswered';
    if (is(weather.hangs)) return 'hangs';
    return is(weather.refuses) ? refused(503, 'ServiceUnavailable') : undefined;
  }

  /** What happens to processes and to the Lease itself. */
  strike(): void {
    const { random, weather } = this;
    const is = (times: number): boolean => times !== Infinity && random.once(times);
    const process = random.pick(this.processes);
    if (is(weather.pauses)) this.pause(process, 500 + random.int(30_000));
    else if (is(weather.kills)) this.replace(process, () => process.clock.pause());
    else if (is(weather.stops) && process.pausedUntilMs === 0) {
      this.replace(process, () => void this.stopping.push(process.leadership.stop()));
    } else if (is(weather.edits)) this.edit();
  }

  private pause(process: Process, ms: number): void {
    process.clock.pause();
    process.pausedUntilMs = this.clock.now() + ms;
  }

  private replace(process: Process, end: () => void): void {
    end();
    this.processes = this.processes.filter((other) => other !== process);
    this.start();
  }

  /** By somebody who knows nothing of it. A new candidate cannot tell a deleted one from none. */
  private edit(): void {
    if (this.objects.find('Lease', 'web', 'tidegate') === undefined) return;
    const { spec } = this.random.pick([
      { spec: { holderIdentity: '' } },
      { spec: { holderIdentity: null, renewTime: null } },
      { spec: { holderIdentity: 'somebody' } },
      { spec: {} },
    ]);
    const annotations = { note: String(this.random.int(1_000)) };
    this.objects.patch('Lease', 'web', 'tidegate', { metadata: { annotations }, spec });
  }

  /** Those who would write, if they were to at this moment. */
  leaders(): readonly string[] {
    const leading = this.processes.filter(({ leadership }) => leadership.isLeader);
    const names = leading.filter(({ pausedUntilMs }) => pausedUntilMs === 0);
    for (const { identity } of names) {
      if (identity !== this.last) this.turns++;
      this.last = identity;
    }
    return names.map(({ identity }) => identity);
  }

  /** Those whose pause is over look at the clock before anything else runs, as a loop does. */
  wake(): readonly string[] {
    const over = this.processes.filter(
      ({ pausedUntilMs }) => pausedUntilMs > 0 && pausedUntilMs <= this.clock.now(),
    );
    for (const process of over) process.pausedUntilMs = 0;
    const leaders = this.leaders();
    for (const { clock } of over) clock.resume();
    return leaders;
  }

  async ended(): Promise<void> {
    for (const process of this.processes) {
      process.pausedUntilMs = 0;
      process.clock.resume();
      this.stopping.push(process.leadership.stop());
    }
    await passes(this.clock, 5_000, STEP_MS);
    await Promise.all(this.stopping);
  }
}

/** Fails at the first moment at which two lead. */
async function step(t: Test, stage: Stage): Promise<boolean> {
  stage.clock.advance(STEP_MS);
  const woken = stage.wake();
  await settled();
  for (const leaders of [woken, stage.leaders()]) {
    if (leaders.length > 1) {
      return t.fail(`${leaders.join(' and ')} lead at ${stage.clock.now()} ms`);
    }
  }
  return true;
}

async function run(t: Test, seed: number): Promise<number> {
  const stage = new Stage(new Random(seed));
  await settled();
  while (stage.clock.now() < FAULTS_MS) {
    stage.strike();
    if (!(await step(t, stage))) break;
  }
  stage.isCalm = true;
  for (const process of stage.processes) process.pausedUntilMs &&= stage.clock.now();
  for (let ms = 0; ms < LED_MS_MAX; ms += STEP_MS) await step(t, stage);
  for (let ms = 0; ms < STEADY_MS; ms += STEP_MS) {
    const [leader = 'nobody'] = stage.leaders();
    const heard = stage.processes.filter((process) => process.heard);
    const told = heard.map(({ identity }) => identity).join(' and ');
    if (leader === told && (await step(t, stage))) continue;
    t.fail(`seed ${seed}: ${leader} leads, and ${told} was told so`);
    break;
  }
  await stage.ended();
  return stage.turns;
}

t.test('whatever goes wrong, two never lead, and one does soon after it is over', async (t) => {
  const first = seedOfRun(20_261);
  let turns = 0;
  for (let at = 0; at < RUNS; at++) turns += await run(t, seedOf(first, at));
  t.comment(`${RUNS} runs of ${FAULTS_MS / 1_000} s, seed ${first}: another led ${turns} times`);
  t.ok(turns > RUNS, 'it has changed hands, and nothing else was seen');
});
