import pg from 'pg';
import { putPoliciesInForce } from '../../src/dunning/policies-in-force.js';
import { loadPolicyBook } from '../../src/dunning/policy-book.js';
import type { FlowContext } from '../../src/flows/context.js';
import { receivePayment, type PaymentInput } from '../../src/flows/receive-payment.js';
import { ProductClock } from '../../src/platform/clock.js';
import { Database, type Statement, type Tx } from '../../src/platform/database.js';
import { createLogger } from '../../src/platform/log.js';
import { Nudges } from '../../src/platform/nudges.js';
import { SIMULATION_START } from '../../src/simulation/world.js';
import { DEFAULT_SWITCH_TIMINGS } from '../../src/switching/switch-timings.js';
import { chineseHolidays } from '../../src/platform/holidays.js';

/** A statement as the product sent it. */
export interface RecordedStatement extends Statement {
  readonly values: readonly unknown[];
}

/** What the product sends to PostgreSQL for one payment, between BEGIN and COMMIT. */
export type RecordedPayment = readonly RecordedStatement[];

/** A database that lets a flow run, notes what it sends, and undoes it: the same statements can then be sent again for real. */
class RecordingDatabase extends Database {
  recorded: RecordedStatement[] = [];

  override async transaction<Result>(_name: string, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    this.recorded = [];
    const tx: Tx = {
      rows: async <Row>({ name, text }: Statement, values: readonly unknown[] = []) => {
        this.recorded.push({ name, text, values });
        return (await client.query({ name, text, values: [...values] })).rows as Row[];
      },
      afterCommit: () => undefined,
    };
    try {
      await client.query('BEGIN');
      return await work(tx);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }
}

/** Records the statements of these payments, each as if it alone were made now. */
export async function recordPayments(
  databaseUrl: string,
  inputs: readonly PaymentInput[],
  progress: (done: number) => void,
): Promise<RecordedPayment[]> {
  const log = createLogger('warn');
  const db = new RecordingDatabase(databaseUrl, log, 1);
  try {
    const ctx: FlowContext = {
      db,
      clock: await ProductClock.open(db, SIMULATION_START),
      // Never started: what would be announced is undone.
      nudges: new Nudges(databaseUrl, log),
      log,
      timeZone: 'Asia/Shanghai',
      holidays: chineseHolidays,
      policies: await putPoliciesInForce(db, loadPolicyBook('CHINA').policies, SIMULATION_START),
      timings: DEFAULT_SWITCH_TIMINGS,
    };
    const payments: RecordedPayment[] = [];
    for (const input of inputs) {
      await receivePayment(ctx, input, { kind: 'PERSON', id: 'bench-counter' });
      payments.push(db.recorded);
      progress(payments.length);
    }
    return payments;
  } finally {
    await db.close();
  }
}

/** Connections of plain `pg` that send recorded payments, each with its statements prepared by name. */
export class PlainPayers {
  private constructor(private readonly connections: readonly pg.Client[]) {}

  static async open(databaseUrl: string, count: number): Promise<PlainPayers> {
    const connections = Array.from(
      { length: count },
      () => new pg.Client({ connectionString: databaseUrl, application_name: 'bench floor' }),
    );
    await Promise.all(connections.map((connection) => connection.connect()));
    return new PlainPayers(connections);
  }

  /** Sends all payments over all connections; resolves with the time from the first BEGIN to the last COMMIT, ms. */
  async pay(payments: readonly RecordedPayment[]): Promise<number> {
    const left = [...payments];
    const startedAtMs = performance.now();
    await Promise.all(
      this.connections.map(async (connection) => {
        for (let payment = left.pop(); payment; payment = left.pop()) {
          await connection.query('BEGIN');
          for (const { name, text, values } of payment) await connection.query({ name, text, values: [...values] });
          await connection.query('COMMIT');
        }
      }),
    );
    return performance.now() - startedAtMs;
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.end()));
  }
}
