import type pg from 'pg';

/** What pg's connection offers to a query that speaks COPY. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/**
 * COPY … FROM STDIN by plain `pg`: one query of its own kind, as pg lets anybody write one. Resolves when the server has the rows
 * committed.
 */
export function copyRows(client: pg.Client, sql: string, lines: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const query = {
      submit: (connection: CopyConnection) => connection.query(sql),
      handleCopyInResponse(connection: CopyConnection) {
        for (let start = 0; start < lines.length; start += CHUNK_BYTES)
          connection.sendCopyFromChunk(lines.subarray(start, start + CHUNK_BYTES));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleError: (error: Error) => (failure = error),
      handleReadyForQuery: () => (failure ? reject(failure) : resolve()),
    };
    client.query(query as unknown as pg.Submittable);
  });
}

const CHUNK_BYTES = 65_536;
