/**
 * A closed set of words as one table: a byte at a time, forward only, so that a word may be cut
 * anywhere and nothing is collected. Exact, unlike a hash; about one array read a byte.
 */

/** Where every word begins. */
export const WORD_START = 1;
/** The node of everything that can no longer become a word. */
export const NO_WORD = 0;

const COLUMNS = 256;

export class Words {
  /** Row: node. Column: byte. Value: the next node. */
  readonly next: Uint8Array;
  private readonly accepted: Uint8Array;

  /**
   * `words` keep their position: `word()` answers 1 for the first. Letters match in any case. Bytes that
   * go on with no word lead where `ends` says.
   */
  constructor(
    words: readonly string[],
    caseMatters = false,
    ends: Uint8Array = new Uint8Array(COLUMNS),
  ) {
    const nodesMax = 2 + words.reduce((sum, word) => sum + word.length, 0);
    if (nodesMax > COLUMNS) throw new RangeError(`too many letters for one table: ${nodesMax}`);
    this.next = new Uint8Array(nodesMax * COLUMNS);
    for (let node = 0; node < nodesMax; node++) this.next.set(ends, node * COLUMNS);
    this.accepted = new Uint8Array(nodesMax);
    let nodes = 2;
    words.forEach((word, index) => {
      let node = WORD_START;
      for (const letter of word) {
        const row = node * COLUMNS;
        const known = this.next[row + letter.charCodeAt(0)];
        node = known === NO_WORD ? nodes++ : known;
        this.next[row + letter.charCodeAt(0)] = node;
        if (!caseMatters) this.next[row + letter.toUpperCase().charCodeAt(0)] = node;
      }
      this.accepted[node] = index + 1;
    });
  }

  /** The node after `byte`. */
  step(node: number, byte: number): number {
    return this.next[node * COLUMNS + byte];
  }

  /** Which word ends at this node, counted from 1; 0 if none does. */
  word(node: number): number {
    return this.accepted[node];
  }
}
