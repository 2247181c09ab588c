/**
 * Opens a server's port and says which one it became. Where an address cannot be used, the error
 * names the setting that gave it.
 */
import type { AddressInfo, Server } from 'node:net';
import { ListenError } from './errors.js';
import { type Address, formatAddress } from './settings/address.js';

/** Connections that may wait for us; the kernel caps it by net.core.somaxconn. */
const BACKLOG = 2_048;

/** Resolves with the address listened at, once connections are taken; rejects with ListenError. */
export async function openPort(server: Server, setting: string, at: Address): Promise<Address> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(new ListenError(setting, formatAddress(at), cause));
    };
    server.once('error', refuse);
    server.listen({ ...at, backlog: BACKLOG }, () => {
      server.removeListener('error', refuse);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return { ...at, port };
}
