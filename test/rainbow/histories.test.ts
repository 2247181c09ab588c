/**
 * Reads what the real admin port shows of connections that are staged: how old those are that are
 * open, for how long those lived that ended, and which pods are asked at all.
 */
import { request } from 'node:http';
import t, { type Test } from 'tap';
import { type Answer, boundedCall, CallError } from '../../src/bounded-call.js';
import { systemClock } from '../../src/clock.js';
import type { CallPod } from '../../src/rainbow/ask.js';
import type { Facts, PodFacts } from '../../src/rainbow/contract.js';
import type { ColourConnections } from '../../src/rainbow/estimate.js';
import { connectionsOf, readHistories } from '../../src/rainbow/histories.js';
import { openAdmin, type StagedAdmin } from '../peers/admin.js';
import { busy, colourOf, groupOf, HOUR, NOW, podOf, SILENT } from '../peers/rainbow.js';

/** Pods by their addresses, each with an admin port of its own. */
class Pods {
  readonly calls: string[] = [];
  readonly call: CallPod;
  private readonly admins = new Map<string, StagedAdmin>();

  constructor() {
    this.call = async (_namespace, { name, address }, path, limits): Promise<Answer> => {
      this.calls.push(`${name} ${path}`);
      const admin = this.admins.get(address);
      if (admin === undefined) throw new CallError('broken');
      return boundedCall(() => request({ ...admin.at, path, agent: false }), limits, systemClock);
    };
  }

  /** One with this many WebSockets that lived for a minute, and as many that have done so yet. */
  async add(t: Test, name: string, ended: number, open: number): Promise<PodFacts> {
    const admin = await openAdmin(t);
    this.admins.set(name, admin);
    const { traffic, clock } = admin.staged;
    const first = Array.from({ length: ended }, () => traffic.websocket());
    clock.advance(30_000);
    for (let at = 0; at < open; at++) traffic.websocket();
    clock.advance(30_000);
    for (const tunnel of first) traffic.end(tunnel);
    return podAt(name, open);
  }
}

function podAt(name: string, active: number): PodFacts {
  return podOf(name, { admin: { address: name, port: 9180 }, answer: busy(active) });
}

async function read(facts: Facts, call: CallPod): Promise<ColourConnections[]> {
  const histories = await readHistories(facts, call, systemClock);
  return facts.colours.map((colour) => connectionsOf(colour, histories, facts.nowMs));
}

t.test('ages and lifetimes are those of all pods of a colour', async (t) => {
  const pods = new Pods();
  const blue = [await pods.add(t, 'b1', 3, 2), await pods.add(t, 'b2', 1, 4)];
  const state = { wasLive: true, lostTrafficMs: NOW - HOUR, peak: 9, samples: [] };
  const facts = groupOf([colourOf('blue', blue, { state })], []);
  const [{ active, unknownPods, leases, kinds }] = await read(facts, pods.call);
  t.same({ active, unknownPods, leases }, { active: 6, unknownPods: 0, leases: 0 });
  const { websocket } = kinds;
  t.same(
    websocket.ended.filter(({ count }) => count > 0),
    [{ to: 60, count: 4 }],
  );
  t.equal(websocket.ended.at(-1)?.to, Infinity);
  t.same(websocket.active, new Array(6).fill({ seconds: 30, count: 1 }));
  t.same(websocket.open, websocket.active);
  t.equal(websocket.oldestSeconds, 9 * 3_600, 'a pod is there for 9 h');
  t.equal(websocket.youngestSeconds, 30, 'younger ones than an hour are there all the same');
});

t.test('what a drain has ended says nothing about how long connections live', async (t) => {
  const pods = new Pods();
  const pod = await pods.add(t, 'b1', 3, 2);
  const inner = pods.call;
  const call: CallPod = async (...asked) => {
    const answer = await inner(...asked);
    const name = 'tidegate_connections_closed_total{kind="websocket",ended_by="drain"}';
    return { ...answer, body: answer.body.replace(`${name} 0`, `${name} 2`) };
  };
  const [{ kinds }] = await read(groupOf([colourOf('blue', [pod])], []), call);
  t.ok(kinds.websocket.ended.every(({ count }) => count === 0));
  t.same(kinds.websocket.open, []);
  t.equal(kinds.websocket.active.length, 2, 'they are there nevertheless');
});

t.test('of those beyond the list, ages are taken to be even', async (t) => {
  const pods = new Pods();
  const pod = await pods.add(t, 'b1', 0, 1_040);
  const facts = groupOf([colourOf('blue', [pod])], []);
  const [{ kinds }] = await read(facts, pods.call);
  const { active } = kinds.websocket;
  t.equal(active.length, 1_020);
  t.equal(Math.round(active.reduce((total, { count }) => total + count, 0)), 1_040);
  t.ok(active.slice(1_000).every(({ seconds }) => seconds > 0 && seconds < 30));
});

t.test('a pod that does not answer, or not as a tidegate, is left out', async (t) => {
  const pods = new Pods();
  const good = await pods.add(t, 'b1', 0, 2);
  const gone = podAt('b2', 7);
  const silent = podOf('b3', { answer: SILENT });
  const facts = groupOf([colourOf('blue', [good, gone, silent])], []);
  for (const body of ['{}', '[]', 'no JSON', '{"connections":[{"kind":"websocket"}]}']) {
    const call: CallPod = async (namespace, pod, path, limits) => {
      if (pod.name !== 'b1') return { status: 200, body, atMs: undefined };
      return pods.call(namespace, pod, path, limits);
    };
    const [blue] = await read(facts, call);
    t.equal(blue.kinds.websocket.active.length, 2);
    t.same([blue.active, blue.unknownPods], [9, 1]);
  }
});

t.test('at most 20 pods of a colour are asked, and 200 of a group', async (t) => {
  const pods = new Pods();
  const many = (name: string): PodFacts[] =>
    Array.from({ length: 50 }, (_, at) => podAt(`${name}-${at}`, at));
  await read(groupOf([colourOf('blue', many('blue'))], []), pods.call);
  t.equal(pods.calls.length, 40, 'each twice');
  t.ok(pods.calls.includes('blue-49 /metrics'), 'those with the most');
  pods.calls.length = 0;
  const colours = Array.from({ length: 40 }, (_, at) => colourOf(`c${at}`, many(`c${at}`)));
  await read(groupOf(colours, []), pods.call);
  t.equal(pods.calls.length, 400);
});
