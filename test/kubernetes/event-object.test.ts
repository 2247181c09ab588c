/**
 * An Event's name and its limits: what the API server takes, whatever it is about.
 */
import t from 'tap';
import {
  countName,
  cut,
  eventObject,
  type Occurrence,
  singleName,
} from '../../src/kubernetes/event-object.js';
import { Random, seedOfRun } from '../peers/random.js';

/** As the API server has it for names of Events (RFC 1123). */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAMES = [
  ...['web', 'web.v1', 'web-5f9c', 'a'.repeat(253), `${'a'.repeat(219)}.b`, `${'a'.repeat(219)}-b`],
  ...['', '-', '.', '..', 'system:node', 'Web_1', 'é', '-a-.-b-', 'a..b', `${'.'.repeat(250)}a`],
];

const about = (name: string, reason = 'Drained', key = 'k'): Occurrence => ({
  regarding: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'web', name, uid: 'u' },
  ...({ type: 'Normal', reason, message: 'm', key } as const),
});

t.test('every name is one that may be, and shows what it is about', (t) => {
  for (const name of NAMES) {
    for (const made of [singleName(about(name)), countName(about(name), 7)]) {
      t.match(made, SUBDOMAIN);
      t.ok(made.length <= 253, String(made.length));
    }
  }
  t.match(singleName(about('web-5f9c')), /^web-5f9c\.[0-9a-f]{32}$/);
  const random = new Random(seedOfRun(4_711));
  const signs = [...'aZ09-._/:é ', '\u{1f300}', '\ud800'];
  for (let at = 0; at < 2_000; at++) {
    const length = random.int(random.once(4) ? 300 : 12);
    const name = Array.from({ length }, () => random.pick(signs)).join('');
    const made = singleName(about(name));
    if (!SUBDOMAIN.test(made) || made.length > 253) t.fail(`${name} becomes ${made}`);
  }
  t.end();
});

t.test('the same has the same name, and nothing else has', (t) => {
  t.equal(singleName(about('web')), singleName(about('web')));
  const all = [
    ...NAMES.map((name) => singleName(about(name))),
    ...['A', 'B', 'A"', 'single'].map((reason) => singleName(about('web', reason))),
    ...['', '"', '","', 'k","k', '7'].map((key) => singleName(about('web', 'A', key))),
    singleName(about('web', 'A","k', '')),
    singleName({ ...about('web'), regarding: { ...about('web').regarding, uid: 'v' } }),
    ...[7, 8].map((span) => countName(about('web', 'A'), span)),
  ];
  // Drained of web is there as a name and as a reason.
  t.equal(new Set(all).size, all.length);
  t.end();
});

t.test('a message has 1,024 bytes at most, and ends with a whole character', (t) => {
  for (const sign of ['a', 'é', '…', '🌀']) {
    for (let before = 0; before < 5; before++) {
      const message = '-'.repeat(before) + sign.repeat(1_024 / Buffer.byteLength(sign) + 2);
      const short = cut(message);
      const bytes = Buffer.byteLength(short);
      t.ok(bytes <= 1_024 && bytes > 1_024 - 4, String(bytes));
      t.ok(message.startsWith(short.slice(0, -1)) && short.endsWith('…'));
      t.notMatch(short, /\ufffd/);
    }
  }
  for (const message of ['', 'short', 'a'.repeat(1_024), 'é'.repeat(512)]) {
    t.equal(cut(message), message);
  }
  const times = { count: 1, first: new Date(0), last: new Date(999) };
  const long = { ...about('web', 'R'.repeat(200)), message: 'm'.repeat(2_000) };
  t.match(eventObject('e', long, times), {
    reason: 'R'.repeat(128),
    message: /^m{1021}…$/,
    firstTimestamp: '1970-01-01T00:00:00Z',
    lastTimestamp: '1970-01-01T00:00:00Z',
  });
  t.end();
});
