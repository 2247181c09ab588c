/**
 * The faults tidegate raises: what they are called, what they say, and how the process ends.
 */
import t from 'tap';
import { EXIT_NOT_FOUND, EXIT_NOT_STARTED } from '../src/cli/hold.js';
import { EXIT_COMMAND_USAGE, EXIT_NOT_SAFE } from '../src/cli/options.js';
import {
  ConfigError,
  EXIT_FAULT,
  EXIT_OK,
  EXIT_USAGE,
  ListenError,
  ValueError,
  settingFault,
} from '../src/errors.js';
import { readDocument, tableBelow } from './documents.js';

t.test('a configuration error names every setting with its value and the reason', (t) => {
  const faults = [
    { key: '--margin', value: '3', reason: 'needs a unit' },
    { key: 'TIDEGATE_LISTEN', value: 'x', reason: 'is no address' },
  ];
  const error = new ConfigError(faults);
  t.equal(error.message, '--margin "3": needs a unit\nTIDEGATE_LISTEN "x": is no address');
  t.equal(error.name, 'ConfigError');
  t.equal(error.code, 'ERR_CONFIG');
  t.equal(error.exitCode, 64);
  t.equal(error.faults, faults);
  t.ok(error instanceof Error);
  t.end();
});

t.test('a listen error names the setting, its address and the cause', (t) => {
  const cause = new Error('address already in use');
  const error = new ListenError('admin', '9180', cause);
  t.equal(error.message, 'admin "9180": address already in use');
  t.equal(error.cause, cause);
  t.match(error, { code: 'ERR_LISTEN', key: 'admin', address: '9180', exitCode: EXIT_FAULT });
  t.end();
});

t.test('a value error is of the kind that the user can put right', (t) => {
  t.match(new ValueError('is odd'), { code: 'ERR_VALUE', exitCode: EXIT_USAGE, message: 'is odd' });
  t.end();
});

t.test('a fault repeats what was written, but for what is meant to be secret', (t) => {
  const shown = (key: string): string => settingFault(key, 'abc', 'is wrong').value;
  for (const key of ['--admin-token', 'TIDEGATE_ADMIN_TOKEN', '--admin-tokens', '--TOKEN']) {
    t.equal(shown(key), '***', key);
  }
  for (const key of ['--admin-token-file', 'TIDEGATE_ADMIN_TOKEN_FILE', '--token-file', '-o']) {
    t.equal(shown(key), 'abc', key);
  }
  t.same(settingFault('--admin-token', '', 'needs a value'), {
    key: '--admin-token',
    value: '',
    reason: 'needs a value',
  });
  t.end();
});

t.test('README.md has every exit code, and none that there is not', (t) => {
  const rows = tableBelow(readDocument('README.md'), 'Exit codes').slice(1);
  const codes = [EXIT_OK, EXIT_FAULT, EXIT_COMMAND_USAGE, EXIT_NOT_SAFE, EXIT_USAGE].map(String);
  t.same(
    rows.map(([code]) => code),
    [...codes, `${EXIT_NOT_STARTED}, ${EXIT_NOT_FOUND}`],
  );
  t.ok(rows.every(([, when]) => when !== ''));
  t.end();
});
