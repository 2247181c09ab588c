/**
 * Random conversations, random cuts, and a drain that begins, is recalled and refuses upgrades at
 * random moments, held against a model that knows the parts: both ends get exactly what it says.
 * The seed is fixed; TIDEGATE_TEST_SEED sets another.
 */
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { makeLateExchange } from '../peers/late-exchanges.js';
import { type LateExchange, LateModel, answerOf, requestOf } from '../peers/late-model.js';
import { Random, seedOf, seedOfRun } from '../peers/random.js';
import { NONE_LEFT, Wired, turn } from '../peers/wires.js';

const CASES = Number(process.env.TIDEGATE_TEST_CASES ?? 6_000);
const BATCH = 100;
const FAULTS_MAX = 3;
const SETTINGS = ['off', 'if-absent', 'append'] as const;

/** A conversation as it goes on: what each side has yet to say, and what became of it. */
class Talk {
  readonly model: LateModel;
  readonly steps: string[] = [];
  private readonly random: Random;
  private readonly wired: Wired;
  private readonly requests: string[];
  private readonly answers: string[];
  private sent = { client: 0, app: 0 };

  constructor(random: Random, wired: Wired, exchanges: readonly LateExchange[]) {
    this.random = random;
    this.wired = wired;
    this.model = new LateModel(exchanges);
    this.requests = exchanges.map(requestOf);
    this.answers = exchanges.map(answerOf);
  }

  run(): void {
    const isPatient = this.random.once(2);
    for (let idle = 0; idle < 30;) {
      if (this.random.once(12)) this.change();
      const byClient = this.random.once(2);
      const said = byClient
        ? this.say('client', this.mayAsk(isPatient))
        : this.say('app', this.mayAnswer());
      idle = said ? 0 : idle + 1;
    }
  }

  /** A drain begins, or is recalled. */
  private change(): void {
    const { model, random, wired } = this;
    const isDraining = !random.once(4);
    const refusesUpgrades = isDraining && random.once(2);
    Object.assign(model, { isDraining, refusesUpgrades });
    Object.assign(wired.policy, { isDraining, refusesUpgrades });
    this.steps.push(`${isDraining ? 'drain' : 'recall'}${refusesUpgrades ? ', refusing' : ''}`);
  }

  /** How far the client may have got: to the end, or to the next request once the last is answered. */
  private mayAsk(isPatient: boolean): number {
    const { requests, model } = this;
    const count = isPatient ? Math.min(model.answered + 1, requests.length) : requests.length;
    return requests.slice(0, count).join('').length;
  }

  /** An app answers what it has the head of. */
  private mayAnswer(): number {
    return this.answers.slice(0, this.model.headsAtApp).join('').length;
  }

  private say(by: 'client' | 'app', limit: number): boolean {
    const from = this.sent[by];
    if (from >= limit) return false;
    const { random } = this;
    const to = random.once(3) ? limit : Math.min(limit, from + 1 + random.int(40));
    const all = (by === 'client' ? this.requests : this.answers).join('');
    this.sent[by] = to;
    this.steps.push(`${by} ${JSON.stringify(all.slice(from, to))}`);
    this.wired.feed(by, all.slice(from, to));
    if (by === 'client') this.model.fromClient(to - from);
    else this.model.fromApp(to - from);
    return true;
  }
}

async function fuzzOne(seed: number): Promise<unknown> {
  const random = new Random(seed);
  const forwarded = random.pick(SETTINGS);
  const exchanges = [makeLateExchange(random, forwarded, true)];
  while (exchanges.length < 6 && !random.once(4)) {
    exchanges.push(makeLateExchange(random, forwarded, false));
  }
  const wired = await Wired.open({ forwarded, isDraining: false });
  const talk = new Talk(random, wired, exchanges);
  talk.run();
  await turn();
  const { atApp, atClient, ended } = talk.model;
  const leaving = ended ? 'end' : 'open';
  const expected = { atApp, atClient, appSaw: leaving, clientSaw: leaving };
  const { saw, faults } = wired;
  const left = await wired.leftovers();
  const isRight =
    isDeepStrictEqual(saw, expected) && isDeepStrictEqual(left, NONE_LEFT) && faults.length === 0;
  return isRight ? ended : { seed, steps: talk.steps, saw, expected, left, faults };
}

t.test('a drain at any moment makes of any conversation what the model says', async (t) => {
  const run = seedOfRun(20_261_122);
  const faults: unknown[] = [];
  let ended = 0;
  for (let first = 0; first < CASES && faults.length < FAULTS_MAX; first += BATCH) {
    const cases = Array.from({ length: BATCH }, (_, index) => fuzzOne(seedOf(run, first + index)));
    for (const found of await Promise.all(cases)) {
      if (found === true) ended++;
      else if (found !== false) faults.push(found);
    }
  }
  t.comment(`TIDEGATE_TEST_SEED=${run}: ${CASES} conversations, ${ended} ended by the drain`);
  t.same(faults.slice(0, FAULTS_MAX), []);
  t.ok(ended > CASES / 4, 'enough of them are ended');
  t.ok(ended < CASES, 'and not all');
});
