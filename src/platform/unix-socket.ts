import { constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** The kernel's bound on the address of a Unix socket (sun_path of unix(7)), less its ending zero, bytes. */
const MAX_ADDRESS_BYTES = 107;
const folders = new Map<string, number>();

/**
 * The address under which a Unix socket at `path` is listened on or connected to. Where the path is too long for the kernel, it goes by
 * way of its opened folder, which is kept open.
 */
export function socketAddress(path: string): string {
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return path;
  const folder = dirname(path);
  const known = folders.get(folder);
  const descriptor = known ?? openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  folders.set(folder, descriptor);
  return `/proc/self/fd/${descriptor}/${basename(path)}`;
}
