/**
 * Which answers are taken for tidegate's.
 */
import t from 'tap';
import { fits, isAdminError, SAFE_TO_DELETE, type Shape, STATUS } from '../../src/admin/shapes.js';
import { DRAINING, SAFE, SERVING } from '../cli/fixtures.js';

t.test('what the contract says fits, and what is said beyond it', (t) => {
  t.ok(fits(SERVING, STATUS));
  t.ok(fits(DRAINING, STATUS));
  t.ok(fits({ ...DRAINING, tides: 2 }, STATUS));
  t.ok(fits(SAFE, SAFE_TO_DELETE));
  t.ok(fits(DRAINING.verdict, SAFE_TO_DELETE));
  t.end();
});

t.test('an answer without any one of its fields, or with another type, does not fit', (t) => {
  for (const [whole, shape] of [
    [DRAINING, STATUS],
    [DRAINING.verdict, SAFE_TO_DELETE],
  ] as [object, Shape][]) {
    for (const key of Object.keys(whole).filter((key) => key !== 'reason')) {
      const { [key]: gone, ...rest } = whole as Record<string, unknown>;
      t.not(gone, undefined);
      t.notOk(fits(rest, shape), `without ${key}`);
      t.notOk(fits({ ...rest, [key]: ['x'] }, shape), `with another ${key}`);
    }
  }
  t.end();
});

t.test('a fault far inside is found', (t) => {
  const byKind = { ...DRAINING.connections.byKind, tcp: { active: '1', idle: 0 } };
  const status = { ...DRAINING, connections: { ...DRAINING.connections, byKind } };
  t.notOk(fits(status, STATUS));
  t.end();
});

t.test('other JSON is neither an answer nor an error', (t) => {
  for (const value of [null, 1, 'x', true, [], {}, [DRAINING]]) {
    t.notOk(fits(value, STATUS));
    t.notOk(isAdminError(value));
  }
  t.ok(isAdminError({ error: 'forbidden', reason: 'because' }));
  t.end();
});
