import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import { FOLLOW_UP_EVERY_HOURS, type FollowUpOutcome, type FollowUpState } from './follow-up.js';
import type { ContactMeans } from './standing.js';

type By = { readonly actor: Actor; readonly at: Date };

const DEBT = DEBT_REASONS.map((reason) => `'${reason}'`).join(', ');

const OPEN = statement(
  'follow-up-open',
  `WITH opened AS (
     INSERT INTO follow_up (id, interruption_id, command_id, account_id, service_point_id, owner, state, opened_at, next_due_at)
     SELECT w.id, i.id, i.command_id, i.account_id, i.service_point_id, coalesce(i.owner, d.manager, '95598'), 'OPEN', $1,
            $1::timestamptz + interval '${FOLLOW_UP_EVERY_HOURS} hours'
     FROM unnest($4::uuid[], $5::uuid[]) AS w (id, command_id)
     JOIN interruption i ON i.command_id = w.command_id AND i.reason IN (${DEBT}) AND i.closed_at IS NULL
     JOIN service_point p ON p.id = i.service_point_id JOIN transformer_district d ON d.id = p.district_id
     ORDER BY w.id ON CONFLICT (interruption_id) DO NOTHING RETURNING *)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
   SELECT $1, $2, $3, 'follow-up.opened', 'FollowUp', id, account_id, service_point_id, state,
          jsonb_build_object('commandId', command_id, 'nextDueAt', next_due_at) FROM opened`,
);

/** Cuts for debt were carried out: the named person of each follows the customer up. Other cuts are passed over. */
export async function openFollowUps(tx: Tx, commandIds: readonly string[], by: By): Promise<void> {
  if (commandIds.length === 0) return;
  const ids = commandIds.map(() => newId());
  await tx.rows(OPEN, [by.at, by.actor.kind, by.actor.id, ids, commandIds]);
}

const CLOSE = (where: string): string => `WITH closed AS (
     UPDATE follow_up f SET state = 'CLOSED', closed_at = $1, closing_reason = $4, next_due_at = NULL
     WHERE f.state = 'OPEN' AND ${where}
       AND NOT EXISTS (SELECT FROM interruption i WHERE i.service_point_id = f.service_point_id AND i.closed_at IS NULL)
     RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
   SELECT $1, $2, $3, 'follow-up.closed', 'FollowUp', id, account_id, service_point_id, 'OPEN', 'CLOSED', $4 FROM closed
   RETURNING subject_id AS id`;

const CLOSE_AT = statement('follow-up-close', CLOSE('f.service_point_id = ANY($5::uuid[])'));
// A restore closes its own; this finds power that came back on another way: closed on site, or after a field visit.
const CLOSE_LIT = statement(
  'follow-up-close-lit',
  CLOSE(`EXISTS (SELECT FROM meter_installation n JOIN meter m ON m.id = n.meter_id JOIN interruption x ON x.id = f.interruption_id
           WHERE n.service_point_id = f.service_point_id AND n.removed_at IS NULL AND m.reported_relay = 'CLOSED' AND m.reported_at > x.closed_at)`),
);

/** Power is proven to be back at these service points: nobody needs to be followed up there any more. Where a reason is open, nothing is closed. */
export async function closeFollowUps(tx: Tx, servicePointIds: readonly string[], by: By & { readonly reason: string }) {
  if (servicePointIds.length > 0)
    await tx.rows(CLOSE_AT, [by.at, by.actor.kind, by.actor.id, by.reason, servicePointIds]);
}

/** Closes every follow-up of a place whose meter has reported a closed relay since the reason ended. Returns how many. */
export async function closeFollowUpsInLight(tx: Tx, by: By & { readonly reason: string }): Promise<number> {
  return (await tx.rows(CLOSE_LIT, [by.at, by.actor.kind, by.actor.id, by.reason])).length;
}

/** A follow-up under lock. */
export interface LockedFollowUp {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly owner: string;
  readonly state: FollowUpState;
  readonly openedAt: Date;
}

const LOCK = statement(
  'follow-up-lock',
  `SELECT id, account_id AS "accountId", service_point_id AS "servicePointId", owner, state, opened_at AS "openedAt"
   FROM follow_up WHERE id = $1 FOR UPDATE`,
);

/** Locks a follow-up; whoever records a contact needs no other lock. */
export async function lockFollowUp(tx: Tx, id: string): Promise<LockedFollowUp | undefined> {
  return (await tx.rows<LockedFollowUp>(LOCK, [id]))[0];
}

/** A contact to be put on record. */
export interface NewFollowUpContact {
  readonly at: Date;
  readonly means: ContactMeans;
  readonly outcome: FollowUpOutcome;
  readonly note: string;
  readonly nextDueAt: Date;
}

const RECORD = statement(
  'follow-up-record-contact',
  `WITH contact AS (
     INSERT INTO follow_up_contact (id, follow_up_id, at, means, outcome, note, recorded_by, stand_in, next_due_at, recorded_at)
     SELECT $2, f.id, $3, $4, $5, $6, $8, f.owner <> $8, $7, $9 FROM follow_up f WHERE f.id = $1 RETURNING id, follow_up_id, stand_in),
   planned AS (UPDATE follow_up SET next_due_at = $7 WHERE id = $1 RETURNING account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, detail)
   SELECT $9, $10, $8, 'follow-up.contact', 'FollowUp', follow_up_id, account_id, service_point_id, 'OPEN', 'OPEN',
          jsonb_build_object('contactId', c.id, 'means', $4::text, 'outcome', $5::text, 'standIn', stand_in, 'nextDueAt', $7::timestamptz)
   FROM contact c, planned
   RETURNING detail->>'contactId' AS id`,
);

/** Puts a contact on record and sets when the next is due; the follow-up must be locked and open. Returns the contact's id. */
export async function recordFollowUpContact(
  tx: Tx,
  followUpId: string,
  contact: NewFollowUpContact,
  by: By,
): Promise<string> {
  const { at, means, outcome, note, nextDueAt } = contact;
  const values = [followUpId, newId(), at, means, outcome, note, nextDueAt, by.actor.id, by.at, by.actor.kind];
  return (await tx.rows<{ id: string }>(RECORD, values))[0]!.id;
}
