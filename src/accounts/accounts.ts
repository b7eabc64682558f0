import { statement, type Tx } from '../platform/database.js';
import type { PaymentMode } from './account.js';
import type { CustomerClass } from './customer.js';

/** What a flow knows of an account once it holds its lock. */
export interface LockedAccount {
  readonly id: string;
  readonly accountNumber: string;
  readonly customerId: string;
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
  readonly currency: string;
  readonly dueMinor: bigint;
  readonly creditMinor: bigint;
}

const LOCKED_COLUMNS = `id, account_number AS "accountNumber", customer_id AS "customerId", currency,
  (SELECT c.customer_class FROM customer c WHERE c.id = customer_id) AS "customerClass", payment_mode AS "paymentMode",
  due_minor AS "dueMinor", credit_minor AS "creditMinor"`;

// NO KEY UPDATE: excludes every other flow on this account, but not the foreign-key checks of rows that merely name it.
const LOCK_BY_NUMBER = statement(
  'account-lock-by-number',
  `SELECT ${LOCKED_COLUMNS} FROM account WHERE account_number = $1 FOR NO KEY UPDATE`,
);
const LOCK_BY_ID = statement(
  'account-lock-by-id',
  `SELECT ${LOCKED_COLUMNS} FROM account WHERE id = $1 FOR NO KEY UPDATE`,
);
const LOCK_MANY = statement(
  'account-lock-many',
  `SELECT ${LOCKED_COLUMNS} FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
);

/** Locks the account row: the one lock of every flow that decides about its money or its supply. */
export async function lockAccountByNumber(tx: Tx, accountNumber: string): Promise<LockedAccount | undefined> {
  return (await tx.rows<LockedAccount>(LOCK_BY_NUMBER, [accountNumber]))[0];
}

/** As {@link lockAccountByNumber}, by id. */
export async function lockAccount(tx: Tx, accountId: string): Promise<LockedAccount | undefined> {
  return (await tx.rows<LockedAccount>(LOCK_BY_ID, [accountId]))[0];
}

/** Locks several accounts in the order of their ids, so that two flows never wait for each other. */
export async function lockAccounts(tx: Tx, accountIds: readonly string[]): Promise<LockedAccount[]> {
  return tx.rows<LockedAccount>(LOCK_MANY, [accountIds]);
}
