import pg from 'pg';

/**
 * Runs `work` while no other process at this database runs work of the same key. The lock belongs to a connection of its own: whoever
 * dies meanwhile gives it back.
 *
 * @param key a number that stands for the work, the same in all processes
 */
export async function oneAtATime<Result>(url: string, key: number, work: () => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, application_name: 'relight one at a time' });
  // Without the lock the work is no worse than before there was one; its own errors are what counts.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [key]);
    return await work();
  } finally {
    await client.end().catch(() => undefined);
  }
}
