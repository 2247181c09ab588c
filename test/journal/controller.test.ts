/**
 * The controller's log: which line each sentence is, and that a bug cannot fill a disk.
 */
import t from 'tap';
import { ListenError } from '../../src/errors.js';
import { type ControllerJournal, createControllerJournal } from '../../src/journal/controller.js';

type Line = Readonly<Record<string, unknown>>;

/** What a journal writes, without the time. */
function written(act: (journal: ControllerJournal) => void): Line[] {
  const texts: string[] = [];
  act(createControllerJournal('debug', { write: (text) => void texts.push(text) }));
  return texts.map((text) => {
    const { time, ...line } = JSON.parse(text) as { time: string };
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    return line;
  });
}

/** The one line of it. */
function line(act: (journal: ControllerJournal) => void): Line {
  const lines = written(act);
  t.equal(lines.length, 1);
  return lines[0];
}

t.test('its start says what is run, and for whom', (t) => {
  const how = { version: '1', cluster: 'here', namespaces: 'web', identity: 'a', rainbow: true };
  const more = { marks: true, dryRun: false };
  const started = line((journal) => journal.started({ ...how, ...more, admin: { port: 9180 } }));
  const msg = 'the controller has started';
  t.same(started, { level: 'info', ...how, ...more, admin: '9180', msg });
  t.end();
});

t.test('what keeps it from starting is an error with its value', (t) => {
  const fault = { key: '--keep', value: 'x', reason: 'is none' };
  t.same(
    line((journal) => journal.settingRefused(fault)),
    { level: 'error', ...fault, msg: 'a setting cannot be used' },
  );
  const refused = new ListenError('admin', '80', new Error('permission denied'));
  t.match(
    line((journal) => journal.portRefused(refused)),
    { level: 'error', key: 'admin', value: '80', err: { message: 'permission denied' } },
  );
  t.match(
    line((journal) => journal.clusterUnknown('there is no kubeconfig')),
    { level: 'error', reason: 'there is no kubeconfig' },
  );
  t.end();
});

t.test('a right that is missing says what stands still, and where', (t) => {
  const right = { verb: 'patch', resource: 'pods', namespace: 'web' };
  const reason = 'pods are not marked';
  const msg = 'a right is missing; the rest goes on';
  t.same(
    line((journal) => journal.rightMissing(right, reason)),
    { level: 'warn', ...right, reason, msg },
  );
  const everywhere = { ...right, namespace: undefined };
  t.match(
    line((journal) => journal.rightThere(everywhere)),
    { level: 'info', namespace: '*', msg: 'a right that was missing is there' },
  );
  t.end();
});

const DEED = { namespace: 'web', group: 'shop', colour: 'c1', action: 'zero', reason: 'why' };
const POD = { kind: 'Pod', namespace: 'web', name: 'p' };

t.test('a deed names its colour, its action and why, and nothing else', (t) => {
  const deed = { ...DEED, more: 'x' };
  t.same(
    line((journal) => journal.done(deed)),
    { level: 'info', ...DEED, msg: 'a colour was changed' },
  );
  t.match(
    written((journal) => {
      journal.planned(deed);
      journal.stopped(deed);
      journal.failed(deed);
    }),
    [
      { level: 'info', action: 'zero' },
      { level: 'info', action: 'zero' },
      { level: 'warn', action: 'zero' },
    ],
  );
  t.end();
});

t.test('who needs to look is warned, by the name of the object', (t) => {
  const lines = written((journal) => {
    journal.silentDeath('web', 'OOMKilled');
    journal.podsUnasked('web', 'refused');
    journal.foreignMarks({ ...POD, kind: 'Deployment' }, 'evict', 'true');
    journal.rival(POD, 'an autoscaler');
    journal.standstill('web', 'shop', 'two are live');
    journal.groupUnknown('web', 'shop', 'refused');
    journal.leaseFailed('refused');
    journal.serverUnreachable('nothing listens');
    journal.unwritten({ ...POD, action: 'mark' }, 'denied');
    journal.podsSilent('web', 3, 'pod p refuses the connection');
    journal.unreadable('pods web/p', 'it has no uid');
    journal.blind();
  });
  t.same(new Set(lines.map(({ level }) => level)), new Set(['warn']));
  t.match(lines[0], { namespace: 'web', reason: 'OOMKilled' });
  t.match(lines[2], { kind: 'Deployment', key: 'evict', value: 'true' });
  t.end();
});

t.test('what comes and goes is told at both ends', (t) => {
  const lines = written((journal) => {
    journal.leading('a');
    journal.following('a');
    journal.serverReached();
    journal.goesOn('web', 'shop');
    journal.podsAsked('web');
    journal.sighted();
    journal.synced({ pods: 3, tookMs: 2.4 });
    journal.ending('SIGTERM');
  });
  t.same(new Set(lines.map(({ level }) => level)), new Set(['info']));
  t.match(lines[6], { pods: 3, tookMs: 2 });
  t.end();
});

t.test('a fault that never ends is told a hundred times', (t) => {
  const lines = written((journal) => {
    for (let times = 0; times < 150; times++) journal.fault(new Error('oops'));
  });
  t.equal(lines.length, 101);
  t.match(lines[0], { level: 'error', err: { message: 'oops' } });
  t.match(lines[100], { msg: 'further faults are not logged' });
  t.end();
});
