/**
 * The differential fuzz at length, with another seed every time; it is printed, and
 * TIDEGATE_TEST_SEED repeats it.
 */
import { fuzzAll } from './fuzz.js';

fuzzAll(1_000_000, Date.now() % 1_000_000_000);
