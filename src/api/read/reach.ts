import { statement, type Reader } from '../../platform/database.js';
import type { Viewer } from '../auth/viewer.js';

/**
 * Which rows a viewer can see at all. What is out of reach looks exactly like what does not exist.
 * ALL: everything. ACCOUNTS: what hangs on these accounts. DISTRICTS: what hangs on accounts of these districts.
 * BANK: any account's amounts by number, and the payments this bank handed in itself.
 */
export type Reach =
  | { readonly kind: 'ALL' }
  | { readonly kind: 'ACCOUNTS'; readonly accountIds: readonly string[]; readonly districtIds: readonly string[] }
  | { readonly kind: 'DISTRICTS'; readonly districtIds: readonly string[] }
  | { readonly kind: 'BANK'; readonly subject: string };

const ACCOUNTS_BY_NUMBER = statement(
  'api-reach-accounts',
  `SELECT id, district_id AS "districtId" FROM account WHERE account_number = ANY($1::text[])`,
);
const DISTRICTS_BY_CODE = statement(
  'api-reach-districts',
  `SELECT id FROM transformer_district WHERE code = ANY($1::text[])`,
);

const EVERYTHING: Reach = { kind: 'ALL' };

/** What this viewer can see. Costs a query only for roles whose reach is bounded by numbers in the token. */
export async function reachOf(db: Reader, viewer: Viewer): Promise<Reach> {
  if (viewer.roles.includes('CUSTOMER')) {
    const accounts = await db.rows<{ id: string; districtId: string }>(ACCOUNTS_BY_NUMBER, [viewer.accountNumbers]);
    return {
      kind: 'ACCOUNTS',
      accountIds: accounts.map(({ id }) => id),
      districtIds: accounts.map(({ districtId }) => districtId),
    };
  }
  if (viewer.roles.includes('DISTRICT_MANAGER')) {
    const districts = await db.rows<{ id: string }>(DISTRICTS_BY_CODE, [viewer.districtCodes]);
    return { kind: 'DISTRICTS', districtIds: districts.map(({ id }) => id) };
  }
  if (viewer.roles.includes('BANK')) return { kind: 'BANK', subject: viewer.subject };
  return EVERYTHING;
}
