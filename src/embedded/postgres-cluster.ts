import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { giveTree, type Account } from './postgres-account.js';
import { POSTGRES_ENV } from './postgres-binaries.js';

/** Role and database of the product. The role is no superuser: what works here works on a managed PostgreSQL too. */
export const PRODUCT_ROLE = 'relight';
export const PRODUCT_DATABASE = 'relight';

/**
 * How PostgreSQL is told its directory. It never leaves that directory as its working directory, so this name works
 * without walking through the parent folders, which root may have closed to others (a project below /root).
 */
export const CLUSTER_DIR_ARGUMENT = '/proc/self/cwd';

/**
 * Only our roles (the product's, and the guard's that may only read), only our machine, only by password. The superuser has no password
 * and so no way in but single-user mode.
 */
const HBA = `# Written by Relight at every start.
host all ${PRODUCT_ROLE} 127.0.0.1/32 scram-sha-256
host all "/^${PRODUCT_ROLE}_guard(_[0-9a-f]+)?$" 127.0.0.1/32 scram-sha-256
`;

/** Where the PostgreSQL directory of a data directory is. */
export const clusterDirOf = (dataDir: string): string => join(dataDir, 'postgres');

/** The password made together with the cluster; readable by its owner only. */
export function readPassword(dataDir: string): string {
  const file = passwordFile(dataDir);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new Error(
      `cannot read the database password in ${file}: restore the file, or delete ${dataDir} to begin with an empty database`,
      { cause },
    );
  }
}

/** Makes the cluster on first use. It gets its name only when it is complete, so a first start may be killed at any point. */
export async function createClusterIfMissing(dataDir: string, binaries: string, account: Account): Promise<void> {
  const clusterDir = clusterDirOf(dataDir);
  if (existsSync(clusterDir)) {
    requireOwner(clusterDir, account);
    giveTree(clusterDir, account);
    // A directory made by an earlier Relight knows fewer roles.
    writeFileSync(join(clusterDir, 'pg_hba.conf'), HBA);
    return;
  }
  const building = `${clusterDir}.new`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { mode: 0o700 });
  if (account) chownSync(building, account.uid, account.gid);

  const password = randomBytes(24).toString('base64url');
  writeFileSync(passwordFile(dataDir), `${password}\n`, { mode: 0o600 });
  await buildCluster({ building, binaries, account, password });

  renameSync(building, clusterDir);
  syncPath(passwordFile(dataDir));
  syncPath(dataDir);
}

/** An ordinary user cannot run another user's cluster; PostgreSQL would say so less plainly, and only in its log. */
function requireOwner(clusterDir: string, account: Account): void {
  const { uid } = statSync(clusterDir);
  if (!account && uid !== process.getuid?.()) {
    throw new Error(
      `${clusterDir} belongs to uid ${uid}, which is not the user running Relight: ` +
        'start it as that user or as root, or choose another directory with DATA_DIR',
    );
  }
}

const passwordFile = (dataDir: string): string => join(dataDir, 'postgres.password');

interface Building {
  building: string;
  binaries: string;
  account: Account;
  password: string;
}

async function buildCluster({ building, binaries, account, password }: Building): Promise<void> {
  const run = (program: string, args: string[], input = '') =>
    runTool(join(binaries, 'bin', program), args, { cwd: building, account, input });

  // The builtin C.UTF-8 sorts by code point: the same on every machine, and no index is spoilt by a glibc update.
  // Nothing is synced at first; one pass at the end does it for all, before the first row is acknowledged.
  await run('initdb', [
    ...['-D', CLUSTER_DIR_ARGUMENT, '--username=postgres', '--auth=reject', '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync', '--no-instructions'],
  ]);
  writeFileSync(join(building, 'pg_hba.conf'), HBA);
  await run(
    'postgres',
    ['--single', '-D', CLUSTER_DIR_ARGUMENT, '-c', 'fsync=off', '-c', 'exit_on_error=on', 'postgres'],
    // Through standard input, so the password shows in no process list. CREATEROLE is for the guard's read-only role.
    `CREATE ROLE ${PRODUCT_ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '${password}' IN ROLE pg_monitor\n` +
      `CREATE DATABASE ${PRODUCT_DATABASE} OWNER ${PRODUCT_ROLE}\n`,
  );
  // One flush of the file system instead of a thousand of files: a quarter of the time, more so right after `npm ci`.
  await run('initdb', ['-D', CLUSTER_DIR_ARGUMENT, '--sync-only', '--sync-method=syncfs']);
}

interface ToolOptions {
  cwd: string;
  account: Account;
  input: string;
}

function runTool(program: string, args: string[], { cwd, account, input }: ToolOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: POSTGRES_ENV, ...account });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${program} ended with ${code ?? signal} in ${cwd}. Put right what it says, or set DATABASE_URL to a ` +
              `PostgreSQL 18 of your own. It said:\n${output.trim()}`,
          ),
        );
    });
    child.stdin.on('error', () => undefined); // It ended without reading; its exit code tells why.
    child.stdin.end(input);
  });
}

/** Puts a file's content, or a folder's list of names, on disk. */
function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
