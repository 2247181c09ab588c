/**
 * Lists of names, separated by commas; blanks around a name are none of it. A name is printable
 * ASCII, as a field of HTTP has it.
 */
import { ValueError } from '../errors.js';

export const NAMES_MAX = 64;
export const NAME_BYTES_MAX = 128;

const PRINTABLE = /^[ -~]*$/;

/** The names in `text`, or a ValueError that says what is wrong with the first that is none. */
export function parseNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.length > NAMES_MAX) throw new ValueError(`has more than ${NAMES_MAX} names`);
  for (const name of names) {
    if (name === '') throw new ValueError('has an empty name');
    if (!PRINTABLE.test(name)) throw new ValueError('has a name that is not printable ASCII');
    if (name.length > NAME_BYTES_MAX) {
      throw new ValueError(`has a name of more than ${NAME_BYTES_MAX} bytes`);
    }
  }
  return names;
}
