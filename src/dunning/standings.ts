import type { ProtectionKind } from '../accounts/customer.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import { addMonths, DEFAULT_TIME_ZONE, localDate, type LocalDate } from '../platform/local-date.js';
import { contactQuality, MISSES_THAT_COUNT, type ContactFacts, type ContactQuality } from './contact-quality-policy.js';
import {
  HISTORY_MONTHS,
  rateCredit,
  RECENT_MONTHS,
  VERY_LATE_DAYS,
  type CreditHistory,
  type RatingReason,
} from './credit-rating-policy.js';
import type { ContactMeans, ContactOutcome } from './standing.js';
import type { ArrearsCause, CreditRating } from './words.js';

/** How a customer stands with the company, as far as one account goes. */
export interface Standing {
  /** Contacts proven to reach somebody (contact-quality-policy.ts). */
  readonly reachableContacts: number;
  readonly contactQuality: ContactQuality;
  /** Last attempt by voice or in person, whether or not it reached anybody. */
  readonly lastContactAttemptAt: Date | null;
  readonly creditRating: CreditRating;
  readonly ratingReasons: readonly RatingReason[];
  /** Null: nobody has found out. */
  readonly arrearsCause: ArrearsCause | null;
  /** Protections whose reason is not established to be gone; those past their date included. */
  readonly protections: readonly { readonly kind: ProtectionKind; readonly validUntil: LocalDate | null }[];
  /** Null: never asked, which is not a "no". */
  readonly protectionAskedOn: LocalDate | null;
  /** End of the last hold: a notice served before it does not speak of what is demanded now. Null: there was none. */
  readonly heldUntil: Date | null;
}

// Each step is worked off once for the whole page; as lateral subqueries the same work took five times as long.
const PERSON_FACTS = statement(
  'standing-person-facts',
  `WITH people AS MATERIALIZED (
     SELECT a.id, a.customer_id, c.protection_asked_on FROM account a JOIN customer c ON c.id = a.customer_id WHERE a.id = ANY($1::uuid[])),
   customers AS MATERIALIZED (SELECT DISTINCT customer_id FROM people),
   proven AS MATERIALIZED (
     SELECT x.contact_id, max(x.at) FILTER (WHERE x.outcome = 'REACHED') AS reached_at,
            max(x.at) FILTER (WHERE x.how IN ('CALL', 'VISIT')) AS spoken_at,
            (array_agg(x.outcome ORDER BY x.at DESC, x.id DESC))[1:${MISSES_THAT_COUNT}] AS latest
     FROM customers c JOIN contact k ON k.customer_id = c.customer_id JOIN contact_proof x ON x.contact_id = k.id AND x.at <= $2 GROUP BY 1),
   reach AS MATERIALIZED (
     SELECT k.customer_id, max(s.spoken_at) AS attempt_at,
       json_agg(json_build_object('contactId', k.id, 'kind', k.kind, 'valid', k.valid, 'lastReachedOn', (s.reached_at AT TIME ZONE $3)::date,
                                  'lastReachedAt', s.reached_at, 'latest', coalesce(s.latest, '{}')) ORDER BY k.id) AS contacts
     FROM customers c JOIN contact k ON k.customer_id = c.customer_id LEFT JOIN proven s ON s.contact_id = k.id GROUP BY 1),
   protected AS MATERIALIZED (
     SELECT x.customer_id, json_agg(json_build_object('kind', x.kind, 'validUntil', x.valid_until) ORDER BY x.id) AS list
     FROM customers c JOIN protection x ON x.customer_id = c.customer_id WHERE x.ended_at IS NULL OR x.ended_at > $2 GROUP BY 1),
   causes AS MATERIALIZED (
     SELECT DISTINCT ON (x.account_id) x.account_id, x.cause FROM arrears_cause x
     WHERE x.account_id = ANY($1::uuid[]) AND x.found_at <= $2 ORDER BY x.account_id, x.found_at DESC, x.id DESC),
   held AS MATERIALIZED (
     SELECT e.account_id, max(e.ended_at) AS until FROM (
       SELECT h.account_id, coalesce(h.closed_at, (h.until_date + 1)::timestamp AT TIME ZONE $3) AS ended_at
       FROM hold h WHERE h.account_id = ANY($1::uuid[])) e
     WHERE e.ended_at <= $2 GROUP BY 1)
   SELECT p.id AS "accountId", p.protection_asked_on AS "protectionAskedOn", causes.cause AS "arrearsCause", held.until AS "heldUntil",
     reach.attempt_at AS "lastContactAttemptAt", coalesce(reach.contacts, '[]') AS contacts, coalesce(protected.list, '[]') AS protections
   FROM people p LEFT JOIN causes ON causes.account_id = p.id LEFT JOIN held ON held.account_id = p.id
   LEFT JOIN reach ON reach.customer_id = p.customer_id LEFT JOIN protected ON protected.customer_id = p.customer_id`,
);

// A bill was settled on the day its last money was paid by the customer (value date), whenever the bank or we got to know. What a bank or an
// upheld dispute made late is not the customer's doing. Account by account through the indexes: joined as sets, a plan made for few accounts
// would compare every bill of a page with every other. OFFSET 0 keeps what is read once from being read again wherever it is named.
const CREDIT_FACTS = statement(
  'standing-credit-facts',
  `SELECT a.id AS "accountId", b.*, extract(year FROM age($2::date, c.created_at::date))::int AS "customerYears",
     (SELECT count(*)::int FROM interruption i JOIN switch_command k ON k.id = i.command_id AND k.state = 'VERIFIED'
      WHERE i.account_id = a.id AND i.reason IN ('ARREARS', 'PREPAID_EXHAUSTED') AND i.opened_at >= $3::date
        AND NOT EXISTS (SELECT FROM hold h WHERE h.account_id = a.id AND h.outcome = 'UPHELD' AND h.closed_at >= i.opened_at
                        AND h.opened_at <= coalesce(i.closed_at, 'infinity'))) AS "cuts24",
     (SELECT count(*)::int FROM hold h WHERE h.account_id = a.id AND h.outcome = 'BROKEN' AND h.ended_on >= $3::date) AS "brokenPromises24",
     (SELECT count(*)::int FROM payment p JOIN payment_reversal r ON r.payment_id = p.id
      WHERE p.account_id = a.id AND p.state = 'REVERSED' AND p.channel IN ('COUNTER_CHEQUE', 'BANK', 'BANK_FILE') AND r.reversed_at >= $3::date) AS "bouncedPayments24"
   FROM unnest($1::uuid[]) AS wanted (id) JOIN account a ON a.id = wanted.id JOIN customer c ON c.id = a.customer_id
   CROSS JOIN LATERAL (
     SELECT count(*) FILTER (WHERE settled)::int AS "settled24",
            count(*) FILTER (WHERE settled AND due_date >= $4::date)::int AS "settled12",
            count(*) FILTER (WHERE settled AND late BETWEEN 1 AND ${VERY_LATE_DAYS} AND due_date >= $4::date)::int AS "late12",
            count(*) FILTER (WHERE settled AND late BETWEEN 1 AND ${VERY_LATE_DAYS})::int AS "late24",
            count(*) FILTER (WHERE settled AND late > ${VERY_LATE_DAYS} AND due_date >= $4::date)::int AS "veryLate12",
            count(*) FILTER (WHERE settled AND late > ${VERY_LATE_DAYS})::int AS "veryLate24",
            coalesce(max(late) FILTER (WHERE settled), 0)::int AS "worstLateDays24",
            count(*) FILTER (WHERE NOT settled)::int AS "openOverdue",
            coalesce(max(late) FILTER (WHERE NOT settled), 0)::int AS "openOverdueDays"
     FROM (
       SELECT w.due_date, w.settled,
              CASE WHEN w.ended_on > w.due_date AND NOT EXISTS (
                     SELECT FROM hold h WHERE h.account_id = a.id AND (h.outcome = 'UPHELD' OR (h.kind = 'BANK_LATE' AND h.outcome = 'SETTLED'))
                       AND h.from_date <= w.ended_on AND h.ended_on >= w.due_date)
                   THEN w.ended_on - w.due_date ELSE 0 END AS late
       FROM (
         SELECT b.due_date, b.paid_minor = b.total_minor AS settled,
                CASE WHEN b.paid_minor = b.total_minor THEN coalesce(
                  (SELECT max(coalesce(p.value_date, (x.at AT TIME ZONE $5)::date)) FROM payment_allocation x LEFT JOIN payment p ON p.id = x.payment_id
                   WHERE x.bill_id = b.id AND x.principal_minor > 0 AND p.state IS DISTINCT FROM 'REVERSED'), b.due_date)
                ELSE $2::date END AS ended_on
         FROM bill b WHERE b.account_id = a.id AND b.corrects_bill_id IS NULL AND b.due_date < $2::date AND b.due_date >= $3::date OFFSET 0) w OFFSET 0) late_bills) b`,
);

interface PersonRow {
  readonly accountId: string;
  readonly protectionAskedOn: LocalDate | null;
  readonly arrearsCause: ArrearsCause | null;
  readonly heldUntil: Date | null;
  readonly lastContactAttemptAt: Date | null;
  readonly contacts: readonly (Omit<ContactFacts, 'lastReachedAt'> & { readonly lastReachedAt: string | null })[];
  readonly protections: Standing['protections'];
}

/**
 * The standing of each of these accounts at an instant, in two statements however many there are; callers page (5,000 accounts are a
 * few megabytes). An unknown account is left out. Bills and payments are taken as they are now.
 */
export async function standingOf(
  tx: Reader,
  accountIds: readonly string[],
  at: Date,
  timeZone: string = DEFAULT_TIME_ZONE,
): Promise<Map<string, Standing>> {
  if (accountIds.length === 0) return new Map();
  const today = localDate(at, timeZone);
  const people = await tx.rows<PersonRow>(PERSON_FACTS, [accountIds, at, timeZone]);
  const credits = await tx.rows<CreditHistory & { accountId: string }>(CREDIT_FACTS, [
    accountIds,
    today,
    addMonths(today, -HISTORY_MONTHS),
    addMonths(today, -RECENT_MONTHS),
    timeZone,
  ]);
  const creditOf = new Map(credits.map((row) => [row.accountId, row]));
  return new Map(
    people.map((person) => {
      const quality = contactQuality(
        person.contacts.map((contact) => ({
          ...contact,
          lastReachedAt: contact.lastReachedAt === null ? null : new Date(contact.lastReachedAt),
        })),
        today,
      );
      const { rating, reasons } = rateCredit(creditOf.get(person.accountId)!);
      const standing: Standing = {
        reachableContacts: quality.reachable,
        contactQuality: quality,
        lastContactAttemptAt: person.lastContactAttemptAt,
        creditRating: rating,
        ratingReasons: reasons,
        arrearsCause: person.arrearsCause,
        protections: person.protections,
        protectionAskedOn: person.protectionAskedOn,
        heldUntil: person.heldUntil,
      };
      return [person.accountId, standing];
    }),
  );
}

const INSERT_PROOFS = statement(
  'contact-proof-insert',
  `INSERT INTO contact_proof (id, contact_id, at, outcome, how, reference, recorded_at, recorded_by)
   SELECT p.id, p."contactId", p.at, p.outcome, p.how, p.reference, $2, $3
   FROM jsonb_to_recordset($1::jsonb) AS p (id uuid, "contactId" uuid, at timestamptz, outcome text, how text, reference text)`,
);

/** An attempt to reach a customer, to be recorded. */
export interface NewContactProof {
  readonly id: string;
  readonly contactId: string;
  readonly at: Date;
  readonly outcome: ContactOutcome;
  readonly how: ContactMeans;
  readonly reference: string | null;
}

/** Records attempts to reach customers in one statement. The caller writes the audit entry. */
export async function insertContactProofs(
  tx: Tx,
  proofs: readonly NewContactProof[],
  by: { readonly at: Date; readonly actor: { readonly id: string } },
): Promise<void> {
  if (proofs.length > 0) await tx.rows(INSERT_PROOFS, [JSON.stringify(proofs), by.at, by.actor.id]);
}

const INSERT_CAUSES = statement(
  'arrears-cause-insert',
  `INSERT INTO arrears_cause (id, account_id, cause, found_at, found_by, note, evidence)
   SELECT c.id, c."accountId", c.cause, $2, $3, c.note, c.evidence
   FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, "accountId" uuid, cause text, note text, evidence text)`,
);

/** A cause of arrears that somebody found out. */
export interface NewArrearsCause {
  readonly id: string;
  readonly accountId: string;
  readonly cause: ArrearsCause;
  readonly note: string;
  readonly evidence: string | null;
}

/** Records causes of arrears in one statement. The caller writes the audit entry. */
export async function insertArrearsCauses(
  tx: Tx,
  causes: readonly NewArrearsCause[],
  by: { readonly at: Date; readonly actor: { readonly id: string } },
): Promise<void> {
  if (causes.length > 0) await tx.rows(INSERT_CAUSES, [JSON.stringify(causes), by.at, by.actor.id]);
}
