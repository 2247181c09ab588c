/**
 * What command lines of `tidegate rainbow` mean, and what is refused of them.
 */
import t from 'tap';
import { findVerb, type RainbowAsked, readArguments } from '../../../src/cli/rainbow/arguments.js';
import type { SettingFault } from '../../../src/errors.js';

function read(line: string | readonly string[]): { asked: RainbowAsked; faults: string[] } {
  const argv = typeof line === 'string' ? line.split(' ') : line;
  const found = findVerb(argv);
  if (!('verb' in found)) throw new Error(`no verb: ${found.word}`);
  const faults: SettingFault[] = [];
  const asked = readArguments(found.verb, found.rest, faults);
  return { asked, faults: faults.map(({ key, value, reason }) => `${key} "${value}": ${reason}`) };
}

t.test('a verb may stand behind options, as with kubectl', (t) => {
  t.same(findVerb(['-n', 'prod', 'list', '-A']), { verb: 'list', rest: ['-n', 'prod', '-A'] });
  t.same(findVerb(['--output=json', 'status', 'web']), {
    verb: 'status',
    rest: ['--output=json', 'web'],
  });
  t.same(findVerb(['lst']), { word: 'lst' });
  t.same(findVerb(['--help']), { word: '' });
  t.same(findVerb([]), { word: '' });
  t.end();
});

t.test('what is not given is as the help says', (t) => {
  const { asked, faults } = read('cleanup');
  t.same(faults, []);
  t.match(asked, {
    group: '',
    colour: '',
    output: 'table',
    dryRun: 'none',
    timeoutMs: undefined,
    yes: false,
    watch: false,
    services: [],
    pods: { ask: 'proxy', prometheus: undefined, port: undefined },
    cluster: { context: undefined, namespace: undefined, allNamespaces: false },
    policy: {
      keep: 1,
      minAgeMs: 3_600_000,
      drainedForMs: 600_000,
      deleteAfterMs: 86_400_000,
      maxAgeMs: 172_800_000,
      lightlyUsed: { share: 0.01, forMs: 1_800_000 },
      force: false,
    },
  });
  t.end();
});

t.test('every option of cleanup can be given, with its letter or without', (t) => {
  const { asked, faults } = read(
    '-n prod cleanup web --context c --kubeconfig f -ojson --dry-run=server -y --force ' +
      '--ask direct --admin 81 --keep 2 --min-age 2h --drained-for=5m --delete-after 1h ' +
      '--max-age off --lightly-used off',
  );
  t.same(faults, []);
  t.match(asked, {
    group: 'web',
    cluster: { context: 'c', kubeconfig: 'f', namespace: 'prod' },
    output: 'json',
    dryRun: 'server',
    yes: true,
    pods: { ask: 'direct', port: 81 },
    policy: {
      keep: 2,
      minAgeMs: 7_200_000,
      drainedForMs: 300_000,
      deleteAfterMs: 3_600_000,
      maxAgeMs: undefined,
      lightlyUsed: undefined,
      force: true,
    },
  });
  t.match(read('cleanup -A -l team=a,tier!=db').asked, {
    cluster: { allNamespaces: true },
    selector: 'team=a,tier!=db',
  });
  t.equal(
    read('status web --prometheus https://p:9/x').asked.pods.prometheus?.href,
    'https://p:9/x',
  );
  t.end();
});

t.test('images and Services may be given more than once', (t) => {
  const deploy = read('deploy web abc --image app:2 --image side=reg:5000/s@sha256:0 --replicas 3');
  t.same(deploy.faults, []);
  t.same(deploy.asked.images, ['app:2', 'side=reg:5000/s@sha256:0']);
  t.equal(deploy.asked.replicas, 3);
  t.same(read('promote web abc --service a --service b').asked.services, ['a', 'b']);
  t.end();
});

t.test('what has to be named is needed', (t) => {
  t.same(read('status').faults, ['GROUP "": is needed']);
  t.same(read('promote web').faults, ['COLOUR "": is needed']);
  t.same(read('deploy').faults, [
    'GROUP "": is needed',
    'COLOUR "": is needed',
    '--image "": is needed',
  ]);
  t.same(read('rollback web').faults, []);
  t.same(read('cleanup web abc').faults, ['abc "": is not expected here']);
  t.same(read('list web').faults, ['web "": is not expected here']);
  t.end();
});

t.test('what cannot stand in a path or a label is refused', (t) => {
  for (const word of ['a/b', '..', 'a b', 'é', 'x'.repeat(64), 'a?b']) {
    t.same(read(['status', word]).faults, [
      `GROUP "${word}": is not what a label may have for its value`,
    ]);
  }
  t.same(read('list -n a/b').faults, ['-n "a/b": is not the name of a namespace']);
  t.same(read('promote web a --service ../x').faults, [
    '--service "../x": is not the name of a Service',
  ]);
  t.end();
});

t.test('values that cannot be used are refused, all together and each once', (t) => {
  const line = 'cleanup -o xml --dry-run=maybe --admin 0 --keep x --min-age 5 -n A';
  t.same(
    new Set(read(line).faults),
    new Set([
      '-n "A": is not the name of a namespace',
      '-o "xml": is not one of table, wide, json, yaml, name',
      '--dry-run "maybe": is not one of none, client, server',
      '--admin "0": is not a whole number from 1 to 65535',
      '--min-age "5": needs a unit: ms, s, m or h, as in 5s',
      '--keep "x": is not a whole number from 0 to 1000',
    ]),
  );
  t.same(read('status web --prometheus p:9').faults, [
    '--prometheus "p:9": is not a URL like http://prometheus.monitoring:9090',
  ]);
  t.same(read('deploy web a --image =x --replicas -1').faults, [
    '--replicas "-1": is an option; attach a value with =',
    '--image "=x": is not the name of a container',
  ]);
  t.end();
});

t.test('what does not go together is refused', (t) => {
  t.same(read('list -A -n x').faults, ['-n "x": is given beside --all-namespaces']);
  t.same(read('cleanup web -A -l a=b').faults, [
    '-A "": is given beside GROUP',
    '-l "a=b": is given beside GROUP',
  ]);
  t.same(read('status web --prometheus http://p --ask proxy --admin 1').faults, [
    '--ask "proxy": is given beside --prometheus, with which no pod is asked',
    '--admin "1": is given beside --prometheus, with which no pod is asked',
  ]);
  t.same(read('cleanup --max-age 30m').faults, [
    '--max-age "30m": is less than --min-age (1h), before which nothing is done',
  ]);
  t.end();
});

t.test('a verb takes only the options it has', (t) => {
  t.same(read('list --keep 2 -w --yes').faults, [
    '--keep "": is no option of rainbow list',
    '-w "": is no option of rainbow list',
    '--yes "": is no option of rainbow list',
  ]);
  t.end();
});
