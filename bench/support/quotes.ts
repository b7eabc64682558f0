import { CHINA_LATE_FEE_RULE } from '../../src/billing/late-fee-rules/china.js';
import { amountsDue } from '../../src/billing/late-fees.js';
import { ProductClock } from '../../src/platform/clock.js';
import { Database, statement } from '../../src/platform/database.js';
import { DEFAULT_TIME_ZONE, localDate } from '../../src/platform/local-date.js';
import { createLogger } from '../../src/platform/log.js';
import { SIMULATION_START } from '../../src/simulation/world.js';

const ACCOUNTS = statement(
  'bench-quote-accounts',
  `SELECT id, account_number AS "accountNumber" FROM account WHERE account_number = ANY($1::text[])`,
);

/** What these accounts have to pay today, late fees included: the product's own quote, in minor units by account number. */
export async function quotesOf(databaseUrl: string, accountNumbers: readonly string[]): Promise<Map<string, bigint>> {
  const db = new Database(databaseUrl, createLogger('warn'), 1);
  try {
    const clock = await ProductClock.open(db, SIMULATION_START);
    const accounts = await db.rows<{ id: string; accountNumber: string }>(ACCOUNTS, [accountNumbers]);
    const timeZone = DEFAULT_TIME_ZONE;
    const dues = await amountsDue(
      db,
      accounts.map(({ id }) => id),
      { date: localDate(clock.now(), timeZone), rule: CHINA_LATE_FEE_RULE, timeZone },
    );
    return new Map(accounts.map(({ id, accountNumber }) => [accountNumber, dues.get(id)!.totalMinor]));
  } finally {
    await db.close();
  }
}
