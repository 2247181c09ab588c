/**
 * The pod's termination message: written in place, and only where the kubelet has put the file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { leaveMessage } from '../src/termination-log.js';

t.test('the message takes the place of what was there, longer or shorter', (t) => {
  const path = join(t.testdir({ log: 'something longer than the message' }), 'log');
  t.equal(leaveMessage(path, 'short\n'), true);
  t.equal(readFileSync(path, 'utf8'), 'short\n');
  t.equal(leaveMessage(path, 'a second drain: über\n'), true);
  t.equal(readFileSync(path, 'utf8'), 'a second drain: über\n');
  t.end();
});

t.test('the file stays the one that the kubelet has mounted', (t) => {
  const folder = t.testdir({ log: '', link: t.fixture('symlink', 'log') });
  t.equal(leaveMessage(join(folder, 'link'), 'drained\n'), true);
  t.equal(readFileSync(join(folder, 'log'), 'utf8'), 'drained\n');
  t.end();
});

t.test('where there is no file none is made, and nothing is thrown', (t) => {
  const folder = t.testdir({ file: '' });
  for (const path of ['nowhere', 'no/folder', 'file/inside', '']) {
    t.equal(leaveMessage(join(folder, path), 'drained\n'), false, path);
  }
  t.notOk(existsSync(join(folder, 'nowhere')));
  t.equal(leaveMessage('', 'drained\n'), false);
  t.end();
});

t.test('a file that cannot be written is let be', (t) => {
  // It can be opened, and takes nothing.
  t.equal(leaveMessage('/dev/full', 'drained\n'), false);
  t.end();
});
