import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** The right of one process to run the parts that live in a data directory. */
export interface DataDirLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a data directory for this process.
 *
 * The lock is a socket in Linux' abstract namespace, named after the directory's device and inode: the kernel gives it
 * to one process at a time and takes it back when that process ends, however it ends. A lock file would have to guess
 * whether the owner written in it still lives. The file `owner.pid` beside it only serves the error message.
 * Two containers with separate network namespaces do not see each other's locks: give each its own data directory.
 *
 * @throws Error naming the owner's pid when another process holds it
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const { dev, ino } = statSync(dataDir);
  const name = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
  const ownerFile = join(dataDir, 'owner.pid');
  const server = createServer((socket) => socket.destroy());

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? heldError(dataDir, ownerFile) : error),
    );
    server.listen(`\0relight-data-${name}`, resolve);
  });
  server.unref();
  rmSync(ownerFile, { force: true }); // It may belong to root, if root ran here before us.
  writeFileSync(ownerFile, `${process.pid}\n`);
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

function heldError(dataDir: string, ownerFile: string): Error {
  let owner = 'another process';
  try {
    owner = `process ${readFileSync(ownerFile, 'utf8').trim()}`;
  } catch {
    // The owner has taken the lock a moment ago and not yet written its pid.
  }
  return new Error(
    `${dataDir} is in use by ${owner}: stop that Relight first, or give this one its own directory with DATA_DIR`,
  );
}
