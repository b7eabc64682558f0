import pg from 'pg';
import type { Logger } from './log.js';
import { assert, CommitUnknownError } from './errors.js';
import { LIMITS } from './limits.js';

/** A statement with a name, so that each connection parses and plans it once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

const names = new Map<string, string>();

/** PostgreSQL cuts longer names off without a word, and two that differ only behind that would be one. */
const NAME_BYTES = 63;

/** Declares a statement. Two texts under one name would run the wrong one, so that is refused at start. */
export function statement(name: string, text: string): Statement {
  if (Buffer.byteLength(name) > NAME_BYTES)
    throw new Error(`statement name ${name} is longer than ${NAME_BYTES} bytes`);
  const known = names.get(name);
  if (known !== undefined && known !== text) throw new Error(`two statements are named ${name}`);
  names.set(name, text);
  return { name, text };
}

/** Runs statements: on one connection inside a transaction, or on any connection outside. */
export interface Reader {
  rows<Row = Record<string, unknown>>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

/** An open transaction. Rooms take it as their first argument and never open one. */
export interface Tx extends Reader {
  /** Runs `act` once the commit is known to have happened; its failure is logged, never thrown. */
  afterCommit(act: () => void): void;
}

const { types } = pg;
const parsers: Record<number, (text: string) => unknown> = {
  20: BigInt, // int8: money, energy, sequences; a float would lose fen
  1016: (text) => (types.getTypeParser(1009 as never) as (t: string) => string[])(text).map(BigInt),
  1082: (text) => text, // date: a calendar day has no instant
};
const customTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    parsers[oid] ?? types.getTypeParser(oid, format as 'text')) as pg.CustomTypesConfig['getTypeParser'],
};

const RETRYABLE = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

/** The writing side of PostgreSQL: one pool, prepared statements, transactions with bounded retries. */
export class Database implements Reader {
  readonly pool: pg.Pool;

  constructor(
    readonly url: string,
    private readonly log: Logger,
    poolSize = 20,
  ) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: poolSize,
      types: customTypes,
      application_name: 'relight',
      // A statement that hangs would hold an account's lock, and with it a restore.
      statement_timeout: 60_000,
      idle_in_transaction_session_timeout: 60_000,
    });
    // The pool takes its own listener off while it hands a connection on; if it died in that moment, nobody would hear the error, and
    // an error event that nobody hears ends the process. Whoever uses the connection next is told by its first statement.
    this.pool.on('connect', (client) =>
      client.on('error', (error) => log.warn({ err: error }, 'database connection lost')),
    );
    this.pool.on('error', (error) =>
      log.warn({ err: error }, 'idle database connection lost; the pool opens a new one'),
    );
  }

  async rows<Row = Record<string, unknown>>(stmt: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.pool.query({ name: stmt.name, text: stmt.text, values: values as unknown[] })).rows as Row[];
  }

  /**
   * Runs `work` in one READ COMMITTED transaction and commits it. Deadlocks and serialization failures run it again from
   * the start, so `work` must have no effect outside the transaction but through {@link Tx.afterCommit}.
   *
   * @throws CommitUnknownError when the connection dies while committing
   */
  async transaction<Result>(name: string, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(name, work);
      } catch (error) {
        if (!RETRYABLE.has(codeOf(error) ?? '') || attempt >= LIMITS.transactionRetries.value) throw error;
        this.log.info({ transaction: name, attempt, code: codeOf(error) }, 'transaction runs again after a conflict');
        await new Promise((resume) => setTimeout(resume, Math.random() * 20 * attempt));
      }
    }
  }

  private async attempt<Result>(name: string, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    const afterCommit: (() => void)[] = [];
    const tx: Tx = {
      rows: async <Row>(stmt: Statement, values: readonly unknown[] = []) =>
        (await client.query({ name: stmt.name, text: stmt.text, values: values as unknown[] })).rows as Row[],
      afterCommit: (act) => afterCommit.push(act),
    };
    let broken: Error | undefined;
    const onError = (error: Error) => (broken = error);
    client.on('error', onError);
    let result: Result;
    try {
      await client.query('BEGIN');
      result = await work(tx);
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
      client.off('error', onError);
      client.release(broken);
      throw error;
    }
    let ended: string;
    try {
      ended = (await client.query('COMMIT')).command;
    } catch (error) {
      client.off('error', onError);
      client.release(error as Error);
      // The server said why it refused (a deferred constraint, say): then nothing was stored. Silence, or a server that is
      // going down (classes 08 and 57), leaves the outcome open.
      if (/^(?!08|57)[0-9A-Z]{5}$/.test(codeOf(error) ?? '')) throw error;
      throw new CommitUnknownError(name, error);
    }
    client.off('error', onError);
    client.release(broken);
    // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which a statement failed.
    assert(ended === 'COMMIT', `transaction ${name} swallowed an error of the database; nothing was stored`);
    for (const act of afterCommit) {
      try {
        act();
      } catch (error) {
        this.log.error({ err: error, transaction: name }, 'an act after commit failed; the sweep will do it');
      }
    }
    return result;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
