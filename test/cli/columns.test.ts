/**
 * Tables for terminals: what stands below what.
 */
import t from 'tap';
import { cutPainted, layOut } from '../../src/cli/columns.js';

const COLUMNS = [{ head: 'NAME' }, { head: 'N', align: 'right' }, { head: 'WHY' }] as const;

t.test('columns are as wide as their widest word, and nothing trails', (t) => {
  t.same(
    layOut(COLUMNS, [
      ['a', '1', 'x'],
      ['longer', '10', 'much longer'],
    ]),
    ['NAME     N  WHY', 'a        1  x', 'longer  10  much longer'],
  );
  t.same(layOut(COLUMNS, [['a', '1', '']]), ['NAME  N  WHY', 'a     1']);
  t.same(layOut(COLUMNS, []), ['NAME  N  WHY']);
  t.end();
});

t.test('paint takes no room', (t) => {
  const paint = (text: string): string => `<<${text}>>`;
  t.same(
    layOut(COLUMNS, [
      [{ text: 'a', paint }, { text: '1', paint }, 'x'],
      ['bb', '22', 'y'],
    ]),
    ['NAME   N  WHY', '<<a>>      <<1>>  x', 'bb    22  y'],
  );
  t.end();
});

t.test('what would move the cursor does not', (t) => {
  t.same(layOut([{ head: 'A' }], [['\x1b[2J\n']]), ['A', '\u{FFFD}[2J\u{FFFD}']);
  t.end();
});

t.test('a line is cut to its room, and paint takes none', (t) => {
  t.equal(cutPainted('abcdef', 6), 'abcdef');
  t.equal(cutPainted('abcdefg', 6), 'abcde…');
  t.equal(cutPainted('\x1b[1mabc\x1b[0mdef', 6), '\x1b[1mabc\x1b[0mdef');
  t.equal(cutPainted('\x1b[1mabc\x1b[0mdefg', 6), '\x1b[1mabc\x1b[0mde…');
  t.equal(cutPainted('\x1b[1mabcdefg\x1b[0m', 6), '\x1b[1mabcde\x1b[0m…');
  t.equal(cutPainted('ab', 1), '…');
  t.end();
});
