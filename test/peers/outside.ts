/**
 * This machine seen from elsewhere: a test that needs an address which is not loopback gets one of
 * its own, and is skipped under a name that says so where there is none.
 */
import { networkInterfaces } from 'node:os';
import t, { type Test } from 'tap';
import { mayBeSkipped } from './programs.js';

/** An IPv4 address of this machine that is not loopback. */
export function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** A test that runs only where there is such an address; its body gets it. */
export function testFromOutside(
  title: string,
  body: (t: Test, address: string) => Promise<void>,
): void {
  const address = ownAddress();
  const reason = 'misses an IPv4 address that is not loopback';
  if (address !== undefined) void t.test(title, (t) => body(t, address));
  else if (mayBeSkipped()) void t.test(`${title} (${reason})`, { skip: true }, () => undefined);
  else t.fail(`${title}: ${reason}`);
}
