import { UserError } from '../../../src/platform/errors.js';
import type { SwitchCommandState } from '../../../src/switching/switch-command.js';
import type { TestRelight } from '../../support/test-relight.js';
import type { House } from './houses.js';

export interface CommandRow {
  readonly id: string;
  readonly operation: 'CUT' | 'RESTORE';
  readonly state: SwitchCommandState;
  readonly failureCode: string | null;
  readonly sequence: bigint | null;
  readonly attempts: number;
  readonly supersededById: string | null;
  readonly paymentId: string | null;
}
const COMMAND = `SELECT id, operation, state, failure_code AS "failureCode", sequence, attempts, superseded_by_id AS "supersededById", payment_id AS "paymentId" FROM switch_command`;

export const commandOf = async (relight: TestRelight, id: string): Promise<CommandRow> =>
  (await relight.sql<CommandRow>(`${COMMAND} WHERE id = $1`, [id]))[0]!;
/** All commands of a house's service point, oldest first, as 'CUT VERIFIED'. */
export const commandsOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (await relight.sql<CommandRow>(`${COMMAND} WHERE service_point_id = $1 ORDER BY id`, [house.servicePointId])).map(
    ({ operation, state }) => `${operation} ${state}`,
  );
/** Reasons for which power is off at a house now. */
export const interruptionsOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (
    await relight.sql<{ reason: string }>(
      `SELECT reason FROM interruption WHERE service_point_id = $1 AND closed_at IS NULL ORDER BY reason`,
      [house.servicePointId],
    )
  ).map(({ reason }) => reason);
export const balanceOf = async (
  relight: TestRelight,
  house: House,
): Promise<{ dueMinor: bigint; creditMinor: bigint }> =>
  (
    await relight.sql<{ dueMinor: bigint; creditMinor: bigint }>(
      `SELECT due_minor AS "dueMinor", credit_minor AS "creditMinor" FROM account WHERE id = $1`,
      [house.accountId],
    )
  )[0]!;

/** The code of the UserError with which a promise is refused; anything else is thrown on. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error;
  return error.code;
}

/** Whether some statement of this database waits for a lock. */
export const isWaiting = async (relight: TestRelight): Promise<boolean> =>
  (await relight.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))
    .length > 0;

/** Paid of each bill of a house, oldest first. */
export const paidOf = async (relight: TestRelight, house: House): Promise<bigint[]> =>
  (
    await relight.sql<{ paid: bigint }>('SELECT paid_minor AS paid FROM bill WHERE account_id = $1 ORDER BY due_date', [
      house.accountId,
    ])
  ).map(({ paid }) => paid);
export const paymentStateOf = async (relight: TestRelight, paymentId: string): Promise<string> =>
  (await relight.sql<{ state: string }>('SELECT state FROM payment WHERE id = $1', [paymentId]))[0]!.state;
/** Ledger entries that name a payment, in order: 'PAYMENT: CASH from RECEIVABLE 10000'. */
export const entriesOf = async (relight: TestRelight, paymentId: string): Promise<string[]> =>
  (
    await relight.sql<{ entry: string }>(
      `SELECT kind || ': ' || debit_code || ' from ' || credit_code || ' ' || amount_minor AS entry FROM ledger_entry WHERE payment_id = $1 ORDER BY id`,
      [paymentId],
    )
  ).map(({ entry }) => entry);
