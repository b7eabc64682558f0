import { ladderFor } from '../../../src/dunning/ladder-policy.js';
import { pausesOfAccounts } from '../../../src/dunning/dunning-pauses.js';
import { accountFactsOf } from '../../../src/flows/gather-account-facts.js';
import { dunAccounts } from '../../../src/flows/run-dunning.js';
import { claimNotices, recordSent } from '../../../src/flows/send-notices.js';
import { serveNotice, type NoticeService } from '../../../src/flows/serve-notice.js';
import { takeDeliveryReport } from '../../../src/flows/take-delivery-report.js';
import { localDate, startOfLocalDay } from '../../../src/platform/local-date.js';
import { person, type TestRelight } from '../../support/test-relight.js';
import { look } from '../../unit/support/ladder-facts.js';
import { contextAt } from './acts.js';
import { newKey, type House } from './houses.js';

/** 10:30 on a local day. */
export const morning = (day: string): Date => new Date(startOfLocalDay(day).getTime() + 10.5 * 3_600_000);

export interface NoticeRow {
  readonly id: string;
  readonly step: string;
  readonly state: string;
  readonly channel: string;
  readonly byGateway: boolean;
  readonly owner: string | null;
  readonly code: string | null;
  readonly body: string;
  readonly attemptKey: number;
}

/** Notices of a house, oldest first. */
export const noticesOf = (relight: TestRelight, house: House): Promise<NoticeRow[]> =>
  relight.sql<NoticeRow>(
    `SELECT id, coalesce(step_code, purpose) AS step, state, channel, by_gateway AS "byGateway", owner, failure_code AS code, body,
            attempt_key AS "attemptKey" FROM notice WHERE account_id = $1 ORDER BY created_at, id`,
    [house.accountId],
  );

/** The same in short: 'DAY_5 SMS SERVED'. */
export const told = async (relight: TestRelight, house: House): Promise<string[]> =>
  (await noticesOf(relight, house)).map(({ step, channel, state }) => `${step} ${channel} ${state}`);

/** Looks at the ladder of one house on the morning of a day and does what is due. */
export const dun = (relight: TestRelight, house: House, day: string | Date) => {
  const at = typeof day === 'string' ? morning(day) : day;
  return dunAccounts(contextAt(relight, at), [house.accountId], at);
};

/** Hands everything that is prepared to a gateway that takes it and reports delivery. Returns the messages. */
export async function sendAll(relight: TestRelight, day: string) {
  const ctx = contextAt(relight, new Date(morning(day).getTime() + 60_000));
  const claimed = await claimNotices(ctx);
  await recordSent(
    ctx,
    claimed.map((notice) => ({
      notice,
      outcome: { kind: 'ACCEPTED' as const, gatewayMessageId: `gw-${notice.messageId}` },
    })),
  );
  for (const { messageId } of claimed)
    await takeDeliveryReport(ctx, { messageId, outcome: 'DELIVERED' }, person('gateway'));
  return claimed;
}

/** A person says what became of the latest notice of a step. */
export async function personServes(
  relight: TestRelight,
  house: House,
  step: string,
  day: string,
  change: Partial<NoticeService> = {},
) {
  const at = new Date(morning(day).getTime() + 3_600_000);
  const notice = (await noticesOf(relight, house)).findLast((one) => one.step === step);
  if (!notice) throw new Error(`no notice of ${step}`);
  return serveNotice(
    contextAt(relight, new Date(at.getTime() + 60_000)),
    {
      noticeId: notice.id,
      accountNumber: house.accountNumber,
      outcome: 'SERVED',
      proofKind: 'SIGNATURE',
      proofReference: 'slip 17',
      at,
      note: 'handed over at the door',
      idempotencyKey: newKey(),
      ...change,
    },
    person('reader-1'),
  );
}

/** Stage and one letter a step at noon of a day, from the facts on record. */
export async function ladderOf(relight: TestRelight, house: House, day: string): Promise<string> {
  const at = new Date(morning(day).getTime() + 4 * 3_600_000);
  const facts = (await accountFactsOf(relight.ctx, relight.ctx.db, [house.accountId], at)).get(house.accountId)!;
  const { policy } = relight.ctx.policies.of(facts.customerClass, facts.paymentMode)!;
  const pauses = await pausesOfAccounts(relight.ctx.db, [house.accountId], localDate(at));
  return look(ladderFor(facts, policy, at, pauses.get(house.accountId)));
}

/** Outcomes of steps that were not taken: 'CUT_NOTICE SKIPPED DEBT_SETTLED'. */
export const outcomesOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (
    await relight.sql<{ text: string }>(
      `SELECT step_code || ' ' || state || ' ' || reason_code AS text FROM ladder_step_outcome WHERE account_id = $1 ORDER BY at, id`,
      [house.accountId],
    )
  ).map(({ text }) => text);
