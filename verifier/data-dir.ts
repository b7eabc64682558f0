import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a data directory of Relight holds for the verifier. */
export interface DataDir {
  readonly databaseUrl: string;
  readonly publicKey: string;
  readonly checkpointFile: string;
}

/**
 * Finds the database that runs in a data directory, the audit's public key and its checkpoint file.
 * @throws Error when no product runs there
 */
export function findInDataDir(dir: string): DataDir {
  const publicHalf = join(dir, 'keys', 'audit.pub.pem');
  return {
    databaseUrl: databaseUrlOf(dir),
    publicKey: existsSync(publicHalf) ? publicHalf : join(dir, 'keys', 'audit.pem'),
    checkpointFile: join(dir, 'audit', 'checkpoints.jsonl'),
  };
}

function databaseUrlOf(dir: string): string {
  try {
    const password = readFileSync(join(dir, 'postgres.password'), 'utf8').trim();
    // The lines of postmaster.pid: pid, directory, start, port, socket directory, address.
    const lines = readFileSync(join(dir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    const [port, host] = [lines[3]?.trim(), lines[5]?.trim()];
    if (!/^\d+$/.test(port ?? '')) throw new Error('postmaster.pid names no port');
    return `postgres://relight:${encodeURIComponent(password)}@${host || '127.0.0.1'}:${port}/relight`;
  } catch (cause) {
    throw new Error(
      `No PostgreSQL runs in ${dir} (${(cause as Error).message}). Start the product there (npm start), or name a database with --database-url.`,
      { cause },
    );
  }
}
