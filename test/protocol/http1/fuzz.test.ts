/**
 * The differential fuzz in the size that every test run can afford. The seed is fixed, so that a
 * run fails only for a change; TIDEGATE_TEST_SEED sets another.
 */
import { fuzzAll } from './fuzz.js';

fuzzAll(20_000, 20_261_121);
