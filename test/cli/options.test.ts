/**
 * The help of the commands, as it is printed.
 */
import t from 'tap';
import { COMMANDS, commandHelp, optionsOf } from '../../src/cli/options.js';
import { flagOf } from '../../src/settings/setting.js';

t.test('the help of wait says what it is for, its options and its exit codes', (t) => {
  t.equal(
    commandHelp('wait'),
    `Usage: tidegate wait [OPTION...]

Waits until the pod of a running tidegate may be deleted. Starts nothing.

  --admin PORT|HOST:PORT
      The admin port of the tidegate that is meant; or TIDEGATE_ADMIN.
      Default: 127.0.0.1:9180.
  --pod [NAMESPACE/]NAME
      The pod it is in, reached through the API server (pods/proxy); of --admin
      the port alone then counts. Default: none.
  --context NAME
      Of the kubeconfig. Default: its current one.
  --kubeconfig FILE
      How the cluster is reached. Default: those in KUBECONFIG, else
      ~/.kube/config, else the service account of the pod it runs in.
  -o, --output table|json
      For people, or as the admin port answers. Default: table.
  --timeout DURATION
      How long to wait at most, like 30s or 1h30m. Default: for ever.
  -h, --help
      Prints this.

Exit codes: 0 safe to delete, 3 not safe within the timeout;
1 not reached or refused, 2 usage.
`,
  );
  t.end();
});

t.test('every help names the options of its command alone, in 80 columns', (t) => {
  for (const command of COMMANDS) {
    const lines = commandHelp(command).split('\n');
    const flags = lines.flatMap((line) => /^  (?:-\w, )?(--[a-z-]+)/.exec(line)?.[1] ?? []);
    t.same(
      flags,
      optionsOf(command).map(([key]) => flagOf(key)),
    );
    t.ok(
      lines.every((line) => line.length <= 80),
      command,
    );
  }
  t.end();
});

t.test('no letter means two options', (t) => {
  for (const command of COMMANDS) {
    const letters = optionsOf(command).flatMap(([, { letter }]) => letter ?? []);
    t.equal(new Set(letters).size, letters.length);
  }
  t.end();
});
