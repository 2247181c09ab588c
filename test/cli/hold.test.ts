/**
 * A program under a lease, with time driven by hand: what the admin port is asked and when, what is
 * said where it fails, and with which code it ends.
 */
import t from 'tap';
import type { Answer, Method } from '../../src/bounded-call.js';
import { AdminPort } from '../../src/cli/admin-port.js';
import { AskError, type Target } from '../../src/cli/ask.js';
import { EXIT_NOT_FOUND, EXIT_NOT_STARTED, holdWhile, type Programs } from '../../src/cli/hold.js';
import { HandClock } from '../peers/clock.js';

const TURNS = 20;
const ASKED = { name: 'job', ttlMs: 30_000, holder: undefined };
const GONE: Reply = [404, { error: 'no-such-lease', reason: 'it has expired' }];
const CLOSING: Reply = [409, { error: 'too-late', reason: 'this pod is about to go' }];

type Reply = readonly [status: number, body: object] | AskError;

function lease(id: string): object {
  const times = { since: 'x', expires: 'y', phase: 'serving', deadline: null };
  return { id, name: 'job', holder: null, ttlSeconds: 30, ...times };
}

/** An admin port that answers as a test says, and one program. */
class Stage {
  readonly clock = new HandClock();
  /** What was asked, a line each. */
  readonly calls: string[] = [];
  readonly said: string[] = [];
  readonly signals: string[] = [];
  /** Replies to the next calls; then all is well. */
  replies: Reply[] = [];
  started: readonly string[] | undefined;
  fault: NodeJS.ErrnoException | undefined;
  code: number | undefined;
  ends: (code: number) => void = () => undefined;
  sends: (name: NodeJS.Signals, code: number) => void = () => undefined;
  private ids = 0;

  run(asked = ASKED): Promise<void> {
    const target: Target = {
      name: 'stage',
      hasToken: false,
      ask: (method, path, json) => this.answer(method, path, json),
    };
    const programs: Programs = {
      start: (words) => {
        this.started = words;
        if (this.fault !== undefined) return { ended: Promise.reject(this.fault), signal: () => 0 };
        const ended = new Promise<number>((resolve) => (this.ends = resolve));
        return { ended, signal: (name) => void this.signals.push(name) };
      },
      onSignal: (act) => (this.sends = act),
    };
    const { clock } = this;
    const port = new AdminPort(target, clock);
    const complain = (sentence: string): void => void this.said.push(sentence);
    return holdWhile(['work', '-x'], asked, { port, clock, programs, complain }).then(
      (code) => void (this.code = code),
      (error: unknown) => void this.said.push(String(error)),
    );
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
  }

  private answer(method: Method, path: string, json?: object): Promise<Answer> {
    this.calls.push(`${method} ${path}${json === undefined ? '' : ` ${JSON.stringify(json)}`}`);
    const well: Reply = [method === 'POST' ? 201 : 200, lease(`id${this.ids}`)];
    const reply = this.replies.shift() ?? well;
    if (reply instanceof AskError) return Promise.reject(reply);
    const [status, body] = reply === well && method === 'POST' ? this.another() : reply;
    return Promise.resolve({ status, body: JSON.stringify(body), atMs: undefined });
  }

  private another(): readonly [number, object] {
    this.ids++;
    return [201, lease(`id${this.ids}`)];
  }
}

t.test('the lease is taken first, renewed at a third of its time, and let go', async (t) => {
  const stage = new Stage();
  const over = stage.run();
  t.equal(stage.started, undefined);
  await stage.pass(0);
  t.same(stage.started, ['work', '-x']);
  t.same(stage.calls.splice(0), ['POST /leases {"name":"job","ttl":"30s"}']);
  await stage.pass(9_999);
  t.same(stage.calls, []);
  await stage.pass(1);
  await stage.pass(10_000);
  t.same(stage.calls.splice(0), ['PUT /leases/id1', 'PUT /leases/id1']);
  stage.ends(3);
  await over;
  t.same(stage.calls, ['DELETE /leases/id1']);
  t.same([stage.code, stage.said, stage.clock.pending], [3, [], 0]);
});

t.test('what is said of the lease reaches the admin port; the rest is left to it', async (t) => {
  const all = new Stage();
  void all.run({ name: 'a b', ttlMs: 90_000, holder: 'w-1' } as unknown as typeof ASKED);
  t.same(all.calls, ['POST /leases {"name":"a b","ttl":"1m30s","holder":"w-1"}']);
  const least = new Stage();
  void least.run({ name: 'x', ttlMs: undefined, holder: undefined } as unknown as typeof ASKED);
  t.same(least.calls, ['POST /leases {"name":"x"}']);
  await Promise.resolve();
});

t.test('without a lease nothing is started', async (t) => {
  for (const reply of [CLOSING, new AskError('nothing listens there', true)]) {
    const stage = new Stage();
    stage.replies = [reply];
    await stage.run();
    t.equal(stage.started, undefined);
    t.match(stage.said, [/AskError|Error: (stage refuses \(409 too-late\)|nothing listens)/]);
    t.same([stage.calls.length, stage.clock.pending], [1, 0]);
  }
});

t.test('a program that cannot be started lets go of the lease', async (t) => {
  for (const [code, exit] of [
    ['ENOENT', EXIT_NOT_FOUND],
    ['EACCES', EXIT_NOT_STARTED],
  ] as const) {
    const stage = new Stage();
    stage.fault = Object.assign(new Error(`spawn work ${code}`), { code });
    await stage.run();
    t.same([stage.code, stage.said], [exit, [`work cannot be started: spawn work ${code}`]]);
    t.same(stage.calls.slice(1), ['DELETE /leases/id1']);
  }
});

t.test('signals go to the program; one that comes before it is its end', async (t) => {
  const stage = new Stage();
  const over = stage.run();
  await stage.pass(0);
  stage.sends('SIGTERM', 143);
  stage.sends('SIGHUP', 129);
  t.same(stage.signals, ['SIGTERM', 'SIGHUP']);
  stage.ends(143);
  await over;
  t.equal(stage.code, 143);
  const early = new Stage();
  const soon = early.run();
  early.sends('SIGINT', 130);
  await soon;
  t.same([early.started, early.code], [undefined, 130]);
  t.same(early.calls.slice(1), ['DELETE /leases/id1']);
});

t.test('a renewal that fails is said once, tried again, and said when it is well', async (t) => {
  const stage = new Stage();
  const over = stage.run();
  await stage.pass(0);
  const away = new AskError('nothing listens there', true);
  stage.replies = [away, away];
  for (let times = 0; times < 4; times++) await stage.pass(10_000);
  t.equal(stage.calls.length, 5);
  t.same(stage.said, [
    'the lease is not renewed: nothing listens there; the program runs on, trying again',
    'the lease is held again',
  ]);
  stage.ends(0);
  await over;
});

t.test('a lease that has expired is taken anew', async (t) => {
  const stage = new Stage();
  const over = stage.run();
  await stage.pass(0);
  stage.replies = [GONE];
  await stage.pass(10_000);
  await stage.pass(10_000);
  t.same(stage.calls.slice(1), [
    'PUT /leases/id1',
    'POST /leases {"name":"job","ttl":"30s"}',
    'PUT /leases/id2',
  ]);
  t.same(stage.said, []);
  stage.ends(0);
  await over;
  t.equal(stage.calls.at(-1), 'DELETE /leases/id2');
});

t.test('where none is given any more, the program runs on without', async (t) => {
  const stage = new Stage();
  const over = stage.run();
  await stage.pass(0);
  stage.replies = [GONE, CLOSING, CLOSING];
  await stage.pass(10_000);
  await stage.pass(10_000);
  t.equal(stage.calls.length, 4);
  t.match(stage.said, [/^the lease is not renewed: stage refuses \(409 too-late\)/]);
  stage.ends(0);
  await over;
  t.equal(stage.code, 0);
  t.notMatch(stage.calls.at(-1), 'DELETE', 'and nothing is left to let go of');
});

t.test('a lease that is gone at the end is no fault, one that stays is told', async (t) => {
  for (const [reply, said] of [
    [GONE, []],
    [new AskError('gone', true), ['the lease stays until it expires: gone']],
  ] as const) {
    const stage = new Stage();
    const over = stage.run();
    await stage.pass(0);
    stage.replies = [reply];
    stage.ends(0);
    await over;
    t.same([stage.code, stage.said], [0, said]);
  }
});
