/**
 * The names of a setting.
 */
import t from 'tap';
import { flagOf, variableOf } from '../../src/settings/setting.js';

t.test('flag and variable follow from the key', (t) => {
  t.equal(flagOf('listen'), '--listen');
  t.equal(flagOf('appConnectTimeout'), '--app-connect-timeout');
  t.equal(variableOf('listen'), 'TIDEGATE_LISTEN');
  t.equal(variableOf('appConnectTimeout'), 'TIDEGATE_APP_CONNECT_TIMEOUT');
  t.end();
});
