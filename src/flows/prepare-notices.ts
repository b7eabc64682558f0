import { draftNotices, type Addressee, type NoticeDraft } from '../dunning/notice-draft-policy.js';
import type { LadderFacts } from '../dunning/ladder.js';
import { insertNotices, moveNotices } from '../dunning/notices.js';
import type { PolicyInForce } from '../dunning/policies-in-force.js';
import type { LadderStep } from '../dunning/policy-schema.js';
import type { NoticeChannel } from '../dunning/words.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';

// A contact that has reached somebody lately is tried first.
const ADDRESSEES = statement(
  'prepare-notices-addressees',
  `SELECT a.id AS "accountId", a.account_number AS "accountNumber", c.name AS "customerName", d.service_phone AS "servicePhone", d.manager,
     coalesce((SELECT p.address FROM service_point p WHERE p.account_id = a.id ORDER BY p.id LIMIT 1), '') AS address,
     (SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'kind', k.kind)
        ORDER BY (SELECT max(x.at) FROM contact_proof x WHERE x.contact_id = k.id AND x.outcome = 'REACHED') DESC NULLS LAST, k.id), '[]')
      FROM contact k WHERE k.customer_id = c.id AND k.valid) AS contacts,
     (SELECT coalesce(jsonb_object_agg(b.id, b.period_from), '{}') FROM bill b WHERE b.account_id = a.id AND b.paid_minor < b.total_minor) AS "periodFrom"
   FROM account a JOIN customer c ON c.id = a.customer_id JOIN transformer_district d ON d.id = a.district_id WHERE a.id = ANY($1::uuid[])`,
);

/** Names, ways to reach them and bill periods of these accounts, by account id. Personal data: for the text of a notice, never for a log. */
export async function addresseesOf(tx: Reader, accountIds: readonly string[]): Promise<Map<string, Addressee>> {
  if (accountIds.length === 0) return new Map();
  return new Map((await tx.rows<Addressee>(ADDRESSEES, [accountIds])).map((one) => [one.accountId, one]));
}

const NEEDS_CONTACT: readonly NoticeChannel[] = ['SMS', 'VOICE', 'EMAIL'];

/** A notice wanted for an account. */
export interface WantedNotice {
  readonly facts: LadderFacts;
  readonly inForce: PolicyInForce;
  /** Null: the last call. */
  readonly step: LadderStep | null;
  readonly caseId: string | null;
  /** For the last call. */
  readonly cutAt?: Date;
}

/**
 * Writes the notices and puts them on record, PREPARED; one that no contact on file can take is FAILED at once, with its reason. The
 * accounts must be locked. Returns the ids of the notices made, of copies too.
 */
export async function prepareNotices(
  tx: Tx,
  wanted: readonly WantedNotice[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<string[]> {
  const addressees = await addresseesOf(
    tx,
    wanted.map(({ facts }) => facts.accountId),
  );
  const notices = wanted.flatMap(({ facts, inForce, step, caseId, cutAt }) => {
    const draft: NoticeDraft = {
      facts,
      policy: inForce.policy,
      policyVersion: inForce.version,
      step,
      caseId,
      at: by.at,
      addressee: addressees.get(facts.accountId)!,
      newId,
      ...(cutAt ? { cutAt } : {}),
    };
    return draftNotices(draft);
  });
  const made = new Set(await insertNotices(tx, notices, by));
  const unreachable = notices.filter(
    ({ id, contactId, channel }) => made.has(id) && contactId === null && NEEDS_CONTACT.includes(channel),
  );
  await moveNotices(
    tx,
    unreachable.map(({ id }) => ({
      id,
      from: 'PREPARED' as const,
      to: 'FAILED' as const,
      code: 'NO_CONTACT',
      reason: 'no contact on file can take it; correct the contacts',
    })),
    by,
  );
  return [...made];
}
