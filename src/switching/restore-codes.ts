import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { RestoreCodeEnding, RestoreCodeState } from './restore-code.js';

/** A meter tries so many sequences after its last (schema/mqtt/README.md, Restore code). */
export const CODE_WINDOW = 20n;

/** A code to be issued. */
export interface NewRestoreCode {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly meterId: string;
  readonly installationId: string;
  readonly commandId: string;
  readonly origin: 'PERSON' | 'NO_ANSWER';
  readonly expiresAt: Date;
}

/** A code that was issued, with all that its digits follow from. */
export interface IssuedCode {
  readonly id: string;
  readonly commandId: string;
  readonly serial: string;
  readonly installationId: string;
  readonly sequence: bigint;
  readonly expiresAt: Date;
}

const VOID_FORMER = statement(
  'restore-code-void-former',
  `WITH ended AS (
     UPDATE restore_code SET state = 'VOID', ended_at = $2, ended_by = 'NEW_CODE' WHERE meter_id = ANY($1::uuid[]) AND state = 'ISSUED'
     RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
   SELECT $2, $3, $4, 'restore-code.ended', 'RestoreCode', id, account_id, service_point_id, 'ISSUED', 'VOID', 'NEW_CODE' FROM ended`,
);

// The sequence is taken under the meter's row lock. One that the meter would not try (too many orders it never heard) is not given out.
const ISSUE = statement(
  'restore-code-issue',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, "accountId" uuid, "servicePointId" uuid, "meterId" uuid, "installationId" uuid,
       "commandId" uuid, origin text, "expiresAt" timestamptz)),
   numbered AS (
     UPDATE meter m SET sequence = m.sequence + 1 FROM wanted w
     WHERE m.id = w."meterId" AND m.sequence + 1 <= m.reported_sequence + ${CODE_WINDOW}
     RETURNING m.id, m.serial, m.sequence),
   issued AS (
     INSERT INTO restore_code (id, account_id, service_point_id, meter_id, installation_id, command_id, sequence, state, origin, issued_at, issued_by, reason,
       expires_at)
     SELECT w.id, w."accountId", w."servicePointId", w."meterId", w."installationId", w."commandId", n.sequence, 'ISSUED', w.origin, $2, $4, $5, w."expiresAt"
     FROM wanted w JOIN numbered n ON n.id = w."meterId" RETURNING *),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason, detail)
     SELECT $2, $3, $4, 'restore-code.issued', 'RestoreCode', id, account_id, service_point_id, 'ISSUED', $5,
            jsonb_build_object('commandId', command_id, 'sequence', sequence, 'expiresAt', expires_at) FROM issued)
   SELECT i.id, i.command_id AS "commandId", n.serial, i.installation_id AS "installationId", i.sequence, i.expires_at AS "expiresAt"
   FROM issued i JOIN numbered n ON n.id = i.meter_id`,
);

/**
 * Issues codes, one for each meter; a former one is void. A meter that has not heard the last twenty orders would not try the next: it gets none.
 * The digits are not made here.
 */
export async function issueCodes(
  tx: Tx,
  codes: readonly NewRestoreCode[],
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string },
): Promise<IssuedCode[]> {
  if (codes.length === 0) return [];
  const { actor, at, reason } = by;
  await tx.rows(VOID_FORMER, [codes.map(({ meterId }) => meterId), at, actor.kind, actor.id]);
  return tx.rows<IssuedCode>(ISSUE, [JSON.stringify(codes), at, actor.kind, actor.id, reason]);
}

const END = (where: string): string => `WITH ended AS (
     UPDATE restore_code r SET state = $2, ended_at = $4, ended_by = $3 WHERE r.state = 'ISSUED' AND ${where}
     RETURNING r.id, r.account_id, r.service_point_id, r.command_id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
     SELECT $4, $5, $6, 'restore-code.ended', 'RestoreCode', id, account_id, service_point_id, 'ISSUED', $2, $3 FROM ended)
   SELECT id, command_id AS "commandId" FROM ended`;
const END_BY_METERS = statement('restore-code-end-meters', END('r.meter_id = ANY($1::uuid[])'));
const END_BY_POINTS = statement('restore-code-end-points', END('r.service_point_id = ANY($1::uuid[])'));
const END_OVERDUE = statement('restore-code-end-overdue', END('r.expires_at <= $4 AND $1::uuid[] IS NOT NULL'));
// The meter's last sequence says it all: equal, and the code was typed; greater, and an order came first.
const END_BY_STATE = (operator: '=' | '>'): string =>
  END(
    `r.meter_id = ANY($1::uuid[]) AND EXISTS (SELECT FROM meter m WHERE m.id = r.meter_id AND m.reported_sequence ${operator} r.sequence)`,
  );
const END_USED = statement('restore-code-end-used', END_BY_STATE('='));
const END_OVERTAKEN = statement('restore-code-end-overtaken', END_BY_STATE('>'));

export interface EndedCode {
  readonly id: string;
  readonly commandId: string;
}
type By = { readonly actor: Actor; readonly at: Date };
type Ending = { readonly state: Exclude<RestoreCodeState, 'ISSUED'>; readonly endedBy: RestoreCodeEnding };

const end = (tx: Tx, sql: typeof END_BY_METERS, ids: readonly string[], ending: Ending, by: By): Promise<EndedCode[]> =>
  tx.rows(sql, [ids, ending.state, ending.endedBy, by.at, by.actor.kind, by.actor.id]);

/** Ends the open codes of these meters. */
export const endCodesOfMeters = (tx: Tx, meterIds: readonly string[], ending: Ending, by: By): Promise<EndedCode[]> =>
  meterIds.length === 0 ? Promise.resolve([]) : end(tx, END_BY_METERS, meterIds, ending, by);

/** Ends the open codes of these service points. */
export const endCodesOfPoints = (tx: Tx, pointIds: readonly string[], ending: Ending, by: By): Promise<EndedCode[]> =>
  pointIds.length === 0 ? Promise.resolve([]) : end(tx, END_BY_POINTS, pointIds, ending, by);

/** Ends the codes whose time is over at `by.at`. */
export const endOverdueCodes = (tx: Tx, by: By): Promise<EndedCode[]> =>
  end(tx, END_OVERDUE, [], { state: 'EXPIRED', endedBy: 'TIME' }, by);

/** These meters have just said what the greatest sequence is that they accepted: what that says of their codes. */
export async function endCodesByState(tx: Tx, meterIds: readonly string[], by: By): Promise<EndedCode[]> {
  if (meterIds.length === 0) return [];
  const used = await end(tx, END_USED, meterIds, { state: 'ACCEPTED', endedBy: 'METER_STATE' }, by);
  const overtaken = await end(tx, END_OVERTAKEN, meterIds, { state: 'VOID', endedBy: 'LATER_ORDER' }, by);
  return [...used, ...overtaken];
}

const COUNT_REFUSALS = statement(
  'restore-code-refusals',
  `UPDATE restore_code SET refusals = refusals + 1 WHERE meter_id = ANY($1::uuid[]) AND state = 'ISSUED'`,
);

/** These meters refused a code: the customer may have mistyped it. */
export async function countRefusals(tx: Tx, meterIds: readonly string[]): Promise<void> {
  if (meterIds.length > 0) await tx.rows(COUNT_REFUSALS, [meterIds]);
}
