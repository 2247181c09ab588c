/**
 * An upload of 1 GiB by a second chance: streamed, with no more memory than a short one takes.
 */
import t from 'tap';
import { streamsUpload } from '../peers/chance.js';

t.test('1 GiB is streamed, and the memory stays flat', (t) => streamsUpload(t, 1_073_741_824));
