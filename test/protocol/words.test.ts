/**
 * The word table is exact: nothing but its words, in the case it was told, wherever they are cut.
 */
import t from 'tap';
import { NO_WORD, WORD_START, Words } from '../../src/protocol/words.js';

function read(words: Words, text: string): number {
  let node = WORD_START;
  for (const letter of text) node = words.step(node, letter.charCodeAt(0));
  return words.word(node);
}

t.test('words are known by their position, in any case', (t) => {
  const words = new Words(['close', 'keep-alive', 'keep']);
  t.equal(read(words, 'close'), 1);
  t.equal(read(words, 'Keep-ALIVE'), 2);
  t.equal(read(words, 'KEEP'), 3);
  t.end();
});

t.test('what is shorter, longer or other than a word is none', (t) => {
  const words = new Words(['close', 'keep-alive', 'keep']);
  for (const text of ['', 'clos', 'closed', 'kee', 'keep-', 'kexp', 'close ', '\xff', '\0']) {
    t.equal(read(words, text), 0, JSON.stringify(text));
  }
  t.end();
});

t.test('what can no longer become a word stays none', (t) => {
  const words = new Words(['a', 'ab']);
  let node = words.step(WORD_START, 0x78);
  t.equal(node, NO_WORD);
  for (let byte = 0; byte < 256; byte++) node = words.step(node, byte);
  t.equal(node, NO_WORD);
  t.end();
});

t.test('case counts where it is told to', (t) => {
  const words = new Words(['GET', 'PUT \r\n\0'], true);
  t.equal(read(words, 'GET'), 1);
  t.equal(read(words, 'get'), 0);
  t.equal(read(words, 'PUT \r\n\0'), 2);
  t.end();
});

t.test('a table of too many letters is refused when it is made', (t) => {
  t.throws(() => new Words(['a'.repeat(255)]), RangeError);
  t.end();
});
