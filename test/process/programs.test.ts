/**
 * How tests find the programs they talk to: what is missing is told by its name and the package
 * that brings it, and is a failure where nothing may be left out.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { inPath, mayBeSkipped, whatIsMissing } from '../peers/programs.js';
import { folderFor } from '../peers/running.js';

t.test('a program is found where a shell would find it', (t) => {
  const folder = folderFor(t);
  const program = join(folder, 'a-program-of-this-test');
  writeFileSync(program, '');
  t.equal(inPath('a-program-of-this-test', `/nowhere:${folder}`), undefined, 'not to be run');
  chmodSync(program, 0o755);
  t.equal(inPath('a-program-of-this-test', `/nowhere:${folder}`), program);
  t.equal(inPath('a-program-of-this-test', ''), undefined);
  t.equal(inPath('.', folder), undefined, 'a folder is no program');
  t.end();
});

t.test('what is missing is told by name', (t) => {
  t.equal(whatIsMissing('nginx'), 'misses nginx (Debian package nginx-light)');
  t.end();
});

t.test('a missing program is a failure where TIDEGATE_TEST_ALL is 1', (t) => {
  t.equal(mayBeSkipped({}), true);
  t.equal(mayBeSkipped({ TIDEGATE_TEST_ALL: '0' }), true);
  t.equal(mayBeSkipped({ TIDEGATE_TEST_ALL: '1' }), false);
  t.end();
});
