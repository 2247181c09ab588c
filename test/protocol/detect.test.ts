/**
 * What holds for every opening of a connection; single openings are in `test/wire`.
 */
import t from 'tap';
import { Follower } from '../peers/follower.js';
import { Random, seedOfRun } from '../peers/random.js';

const NAMES = (
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH LINK UNLINK COPY LOCK MKCOL MOVE PROPFIND ' +
  'PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH ' +
  'NOTIFY SUBSCRIBE UNSUBSCRIBE MKCALENDAR PURGE QUERY SOURCE'
).split(' ');

function kindOf(opening: string): string {
  const follower = new Follower();
  follower.feed('client', Buffer.from(opening, 'latin1'));
  return follower.log[0] ?? 'undecided';
}

t.test('every method of HTTP/1.1 opens HTTP, and not before its space', (t) => {
  for (const name of NAMES) {
    t.equal(kindOf(`${name} `), 'carries http1', name);
    t.equal(kindOf(name), 'undecided', name);
    t.equal(kindOf(name.slice(0, -1) + ' '), 'carries tcp', name.slice(0, -1));
  }
  t.end();
});

t.test('every single byte is either a possible beginning or raw at once', (t) => {
  const possible = new Set([...NAMES.map((name) => name[0]), '\r', '\n', '\x16']);
  for (let byte = 0; byte < 256; byte++) {
    const opening = String.fromCharCode(byte);
    t.equal(kindOf(opening), possible.has(opening) ? 'undecided' : 'carries tcp', `byte ${byte}`);
  }
  t.end();
});

t.test('an opening is told the same however it is cut', (t) => {
  const random = new Random(seedOfRun(3));
  const parts = [
    'PROXY TCP4 a\r\n',
    '\r\n\r\n\0\r\nQUIT\n',
    '\x21\x11\0\x04abcd',
    '\x16\x03',
    'GET ',
  ];
  parts.push('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '/ HTTP/1.1\r\n\r\n', '\r\n', 'x', '\0\0');
  for (let round = 0; round < 3_000; round++) {
    let text = '';
    for (let count = 1 + random.int(4); count > 0; count--) text += random.pick(parts);
    const bytes = Buffer.from(text, 'latin1');
    const at = random.int(bytes.length + 1);
    const [whole, single, cut] = [new Follower(), new Follower(), new Follower()];
    whole.feed('client', bytes);
    for (let from = 0; from < bytes.length; from++) {
      single.feed('client', bytes.subarray(from, from + 1));
    }
    cut.feed('client', bytes.subarray(0, at));
    cut.feed('client', bytes.subarray(at));
    const log = whole.log.join();
    if (log !== single.log.join() || log !== cut.log.join()) t.fail(JSON.stringify(text));
  }
  t.end();
});

t.test('a server that speaks first makes the connection raw, whatever came before', (t) => {
  for (const opening of [
    '',
    'G',
    'PROXY TCP4',
    'PROXY UNKNOWN\r\n',
    '\x16',
    '\r\n\r\n\0\r\nQUIT\n\x21',
  ]) {
    const follower = new Follower();
    follower.feed('client', Buffer.from(opening, 'latin1'));
    follower.feed('app', Buffer.from('220 hello\r\n'));
    t.equal(follower.log.at(-1), 'carries tcp', JSON.stringify(opening));
  }
  t.end();
});

t.test('an HTTP/2 server may speak before its client has', (t) => {
  const settings = Buffer.from('\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64', 'latin1');
  const openings = ['', 'PROXY UNKNOWN\r\n'].map((preamble) =>
    Buffer.from(`${preamble}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, 'latin1'),
  );
  for (const opening of openings) {
    // The app's bytes come whole and cut, before every byte that the client says.
    for (let heard = 0; heard < opening.length; heard++) {
      for (let cut = 0; cut < settings.length; cut++) {
        const follower = new Follower();
        follower.feed('client', opening.subarray(0, heard));
        follower.feed('app', settings.subarray(0, cut));
        follower.feed('app', settings.subarray(cut));
        follower.feed('client', opening.subarray(heard));
        if (follower.log.at(-1) !== 'carries http2') t.fail(`${heard}, ${cut}`);
      }
    }
  }
  t.end();
});

t.test(
  'bytes that are not quite SETTINGS make the connection raw, and so does any other answer',
  (t) => {
    const settings = '\0\0\x06\x04\0\0\0\0\0';
    const log = (app: string, client: string): string[] => {
      const follower = new Follower();
      follower.feed('app', Buffer.from(app, 'latin1'));
      follower.feed('client', Buffer.from(client, 'latin1'));
      return follower.log;
    };
    for (const at of [0, 3, 4, 5, 6, 7, 8]) {
      const app = `${settings.slice(0, at)}\x01${settings.slice(at + 1)}`;
      t.same(log(app, ''), ['carries tcp'], `byte ${at}`);
    }
    for (const client of ['GET / HTTP/1.1\r\n', '\x16\x03', 'x']) {
      t.same(log(settings, client), ['carries tcp'], client);
    }
    t.same(log(settings, ''), [], 'until the client speaks');
    t.end();
  },
);
