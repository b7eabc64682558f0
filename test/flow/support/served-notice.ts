import { newId } from '../../../src/platform/ids.js';
import { startOfLocalDay } from '../../../src/platform/local-date.js';
import type { TestRelight } from '../../support/test-relight.js';
import type { House } from './houses.js';

const CUT_NOTICE = { code: 'CUT_NOTICE', purpose: 'CUT_NOTICE' };

/** Two in the afternoon of a local day. */
const HOURS_MS = 14 * 3_600_000;

/**
 * Puts on record that the notice of the cut (停电通知书) was served on a local day, with signature, for every bill the account owes; four days
 * before 10 March 2026 unless said otherwise. Returns its id.
 */
export async function serveCutNotice(
  relight: Pick<TestRelight, 'sql'>,
  house: Pick<House, 'accountId'> | Pick<House, 'servicePointId'>,
  servedOn = '2026-03-06',
  step: { readonly code: string; readonly purpose: string } = CUT_NOTICE,
): Promise<string> {
  const id = newId();
  const accountId =
    'accountId' in house
      ? house.accountId
      : (
          await relight.sql<{ id: string }>(`SELECT account_id AS id FROM service_point WHERE id = $1`, [
            house.servicePointId,
          ])
        )[0]!.id;
  const servedAt = new Date(startOfLocalDay(servedOn).getTime() + HOURS_MS);
  await relight.sql(
    `INSERT INTO notice (id, account_id, step_code, purpose, state, channel, recipient, by_gateway, owner, mandatory, language, template_code, template_version, body,
       principal_minor, late_fee_minor, balance_minor, currency, policy_code, policy_version, created_at, sent_at, served_at, proof_kind, proof_reference, proof_recorded_by)
     VALUES ($1, $2, $4, $5, 'SERVED', 'VISIT', 'CUSTOMER', false, 'manager-test', true, 'zh', 'CUT_NOTICE', 1, '停电通知书', 0, 0, 0, 'CNY',
       'CHINA-POSTPAID', 1, $3, $3, $3, 'SIGNATURE', 'signature 17', 'manager-test')`,
    [id, accountId, servedAt, step.code, step.purpose],
  );
  await relight.sql(
    `INSERT INTO notice_bill (notice_id, bill_id, principal_minor, late_fee_minor)
     SELECT $1, id, total_minor - paid_minor, 0 FROM bill WHERE account_id = $2 AND paid_minor < total_minor`,
    [id, accountId],
  );
  return id;
}
