import { createHash } from 'node:crypto';
import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { statement, type Reader } from '../platform/database.js';
import { documentOf } from './policy-book.js';
import type { DunningPolicy } from './policy-schema.js';

/** A policy with the version under which decisions name it. */
export interface PolicyInForce {
  readonly policy: DunningPolicy;
  /** Counts the documents this company has used under the policy's code, from 1. */
  readonly version: number;
}

/** The policies a process decides by, one for each class of customers and way of paying; where none fits, nobody is cut for debt. */
export interface PoliciesInForce {
  readonly list: readonly PolicyInForce[];
  of(customerClass: CustomerClass, paymentMode: PaymentMode): PolicyInForce | undefined;
}

// The same document again keeps its version; another document under the same code gets the next.
const PUT_ON_RECORD = statement(
  'policy-put-on-record',
  `WITH latest AS (SELECT version, document_sha256 FROM policy_version WHERE code = $1 ORDER BY version DESC LIMIT 1),
   added AS (
     INSERT INTO policy_version (code, version, document, document_sha256, in_force_from)
     SELECT $1, coalesce((SELECT version FROM latest), 0) + 1, $2, $3, $4
     WHERE NOT EXISTS (SELECT FROM latest WHERE document_sha256 = $3)
     ON CONFLICT DO NOTHING RETURNING version)
   SELECT version FROM added UNION ALL SELECT version FROM latest WHERE document_sha256 = $3`,
);

/** Puts the policies on record, so that a decision made under one can be explained when it has long been replaced. */
export async function putPoliciesInForce(
  db: Reader,
  policies: readonly DunningPolicy[],
  at: Date,
): Promise<PoliciesInForce> {
  const list: PolicyInForce[] = [];
  for (const policy of policies) {
    const document = JSON.stringify(documentOf(policy));
    const hash = createHash('sha256').update(document).digest();
    // Two processes that start at once may both be first: the one that lost reads what the other wrote.
    const put = () => db.rows<{ version: number }>(PUT_ON_RECORD, [policy.code, document, hash, at]);
    const [row] = await put();
    list.push({ policy, version: (row ?? (await put())[0]!).version });
  }
  return policiesOf(list);
}

/** A version as it is on record. */
export interface PolicyVersion {
  readonly code: string;
  readonly version: number;
  readonly inForceFrom: Date;
  readonly document: Record<string, unknown>;
}

/** Versions are made when somebody edits a policy; far fewer than this. */
const MOST_VERSIONS = 500;
const VERSIONS = statement(
  'policy-versions',
  `SELECT code, version, in_force_from AS "inForceFrom", document FROM policy_version ORDER BY code, version DESC LIMIT ${MOST_VERSIONS}`,
);

/** Every version on record, by code, newest first. */
export const policyVersions = (db: Reader): Promise<PolicyVersion[]> => db.rows<PolicyVersion>(VERSIONS);

/** The policies by class and way of paying. */
export const policiesOf = (list: readonly PolicyInForce[]): PoliciesInForce => ({
  list,
  of: (customerClass, paymentMode) =>
    list.find(({ policy }) => policy.paymentMode === paymentMode && policy.customerClasses.includes(customerClass)),
});
