import { statement, type Reader, type Tx } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import type { DunningPauseFact } from './ladder.js';

const PAUSES = statement(
  'dunning-pauses-of-accounts',
  `SELECT account_id AS "accountId", from_date AS "from", least(until_date, ended_on - 1) AS until, reason
   FROM dunning_pause WHERE account_id = ANY($1::uuid[]) AND coalesce(least(until_date, ended_on - 1), 'infinity') >= greatest(from_date, $2::date)
   ORDER BY account_id, from_date`,
);

/** Pauses of each of these accounts that run on a local day or begin later, in one statement. An account without one is not in the map. */
export async function pausesOfAccounts(
  tx: Reader,
  accountIds: readonly string[],
  today: LocalDate,
): Promise<Map<string, DunningPauseFact[]>> {
  if (accountIds.length === 0) return new Map();
  const rows = await tx.rows<DunningPauseFact & { accountId: string }>(PAUSES, [accountIds, today]);
  return Map.groupBy(rows, ({ accountId }) => accountId);
}

// Without the reason, which is for people: the guard may not read it.
const PAUSED_ON = statement(
  'dunning-pauses-on-day',
  `SELECT account_id AS "accountId", least(until_date, ended_on - 1) AS until FROM dunning_pause
   WHERE account_id = ANY($1::uuid[]) AND from_date <= $2::date AND coalesce(least(until_date, ended_on - 1), 'infinity') >= greatest(from_date, $2::date)`,
);

/** The pause that covers a local day, of each of these accounts that has one: its last day, null until it is resumed. */
export async function pausesOnDay(
  tx: Reader,
  accountIds: readonly string[],
  day: LocalDate,
): Promise<Map<string, Pick<DunningPauseFact, 'until'>>> {
  if (accountIds.length === 0) return new Map();
  const rows = await tx.rows<Pick<DunningPauseFact, 'until'> & { accountId: string }>(PAUSED_ON, [accountIds, day]);
  return new Map(rows.map(({ accountId, until }) => [accountId, { until }]));
}

/** A pause as a person sets it. */
export interface NewPause {
  readonly id: string;
  readonly accountId: string;
  readonly reason: string;
  readonly from: LocalDate;
  readonly until: LocalDate | null;
}

const COVERING = statement(
  'dunning-pause-covering',
  `SELECT id, from_date AS "from", least(until_date, ended_on - 1) AS until, reason FROM dunning_pause
   WHERE account_id = $1 AND ($3::date IS NULL OR from_date <= $3)
     AND coalesce(least(until_date, ended_on - 1), 'infinity') >= greatest(from_date, $2::date)
   ORDER BY from_date LIMIT 1`,
);

/** The earliest pause of an account that covers a day of [from, until]; until null: for ever. The account must be locked. */
export async function pauseCovering(
  tx: Tx,
  accountId: string,
  from: LocalDate,
  until: LocalDate | null,
): Promise<(DunningPauseFact & { readonly id: string }) | undefined> {
  return (await tx.rows<DunningPauseFact & { id: string }>(COVERING, [accountId, from, until]))[0];
}

const INSERT = statement(
  'dunning-pause-insert',
  `INSERT INTO dunning_pause (id, account_id, reason, from_date, until_date, paused_at, paused_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
);

/** Records a pause. The account must be locked and the days free; the caller writes the audit entry. */
export async function insertPause(
  tx: Tx,
  pause: NewPause,
  by: { readonly at: Date; readonly who: string },
): Promise<void> {
  await tx.rows(INSERT, [pause.id, pause.accountId, pause.reason, pause.from, pause.until, by.at, by.who]);
}

const END = statement(
  'dunning-pause-end',
  `UPDATE dunning_pause SET ended_on = $2, ended_at = $3, ended_by = $4, ending_reason = $5 WHERE id = $1 AND ended_on IS NULL RETURNING id`,
);

/** Ends a pause: from the local day `endedOn` on it holds nothing back. False if it was ended before. */
export async function endPause(
  tx: Tx,
  pauseId: string,
  end: { readonly endedOn: LocalDate; readonly at: Date; readonly who: string; readonly reason: string },
): Promise<boolean> {
  return (await tx.rows(END, [pauseId, end.endedOn, end.at, end.who, end.reason])).length > 0;
}
