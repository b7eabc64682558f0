import { lockAccounts } from '../../src/accounts/accounts.js';
import { ladderOfAccounts } from '../../src/flows/ladder-of-accounts.js';
import { prepareLastCalls } from '../../src/flows/prepare-last-calls.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { claimNotices } from '../../src/flows/send-notices.js';
import { takeDeliveryReport } from '../../src/flows/take-delivery-report.js';
import { CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt } from './support/acts.js';
import { buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { dun, ladderOf, morning, noticesOf, outcomesOf, sendAll, told } from './support/ladders.js';

const CLERK = person('clerk');

describe('paid ahead, and the last call', () => {
  let relight: TestRelight;
  beforeEach(async () => {
    relight = await startTestRelight({ wire: false, policies: CHINA, plan: { arrearsShare: 0, metersPerDistrict: 1 } });
  });
  afterEach(() => relight.stop());

  const pay = (house: House, day: string, amountMinor: bigint) =>
    receivePayment(
      contextAt(relight, morning(day)),
      {
        idempotencyKey: newKey(),
        accountNumber: house.accountNumber,
        amountMinor,
        currency: 'CNY',
        channel: 'MOBILE_APP',
        valueDate: day,
      },
      CLERK,
    );
  /** Use of one day, billed at midnight of the next. */
  const use = (house: House, day: string, next: string, minor: bigint) =>
    issueBill(relight, house, minor, { periodFrom: day, periodTo: next, dueDate: next });
  const factsOf = async (house: House, day: string) =>
    (await ladderOfAccounts(relight.ctx, relight.ctx.db, [house.accountId], morning(day))).get(house.accountId)!;

  test('each line is told once, a top-up ends it, and the next fall is told anew', async () => {
    const house = await buildHouse(relight, { paymentMode: 'PREPAID' });
    await pay(house, '2026-03-01', 10_000n);
    expect(await ladderOf(relight, house, '2026-03-01')).toBe('CLEAR wwww');
    await use(house, '2026-03-01', '2026-03-02', 6_000n);
    await dun(relight, house, '2026-03-02');
    await sendAll(relight, '2026-03-02');
    expect(await told(relight, house)).toEqual(['WARN_50 SMS SERVED']);
    // From 40 yuan to less than nothing in a day: only that is told.
    await use(house, '2026-03-02', '2026-03-03', 4_500n);
    await dun(relight, house, '2026-03-03');
    expect(await ladderOf(relight, house, '2026-03-03')).toBe('REMINDED Dssw');
    await sendAll(relight, '2026-03-03');
    expect(await told(relight, house)).toEqual(['WARN_50 SMS SERVED', 'BELOW_ZERO SMS SERVED']);
    expect(await ladderOf(relight, house, '2026-03-03')).toBe('CUT_READY DssD');
    await pay(house, '2026-03-04', 10_000n);
    await dun(relight, house, '2026-03-04');
    expect(await ladderOf(relight, house, '2026-03-04')).toBe('CLEAR wwww');
    expect(await outcomesOf(relight, house)).toEqual(['WARN_30 SKIPPED DEBT_SETTLED', 'WARN_10 SKIPPED DEBT_SETTLED']);
    await use(house, '2026-03-04', '2026-03-05', 5_000n);
    await dun(relight, house, '2026-03-05');
    expect((await told(relight, house)).at(-1)).toBe('WARN_50 SMS PREPARED');
  });

  test('the ledger tells since when the balance has been below the line', async () => {
    const house = await buildHouse(relight, { paymentMode: 'PREPAID' });
    await pay(house, '2026-03-01', 1_000n);
    await use(house, '2026-03-01', '2026-03-02', 1_500n);
    // One yuan of it is the least late fee.
    await pay(house, '2026-03-05', 700n);
    await use(house, '2026-03-05', '2026-03-06', 101n);
    await use(house, '2026-03-06', '2026-03-07', 1n);
    const { facts } = await factsOf(house, '2026-03-08');
    expect(facts.balanceMinor).toBe(-2n);
    // Below since the bill of the 6th, not since that of the 2nd: in between the customer had paid.
    expect(facts.belowLineSince).toEqual(new Date('2026-03-05T16:00:00Z'));
  });

  test('a partial payment takes back what was not sent yet: the sum it names is not owed any more', async () => {
    const house = await buildHouse(relight);
    await issueBill(relight, house, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    await dun(relight, house, '2026-03-10');
    await pay(house, '2026-03-10', 4_000n);
    await dun(relight, house, '2026-03-10');
    expect((await noticesOf(relight, house)).at(-1)).toMatchObject({ state: 'WITHDRAWN', code: 'AMOUNT_CHANGED' });
    await dun(relight, house, '2026-03-10');
    const [message] = await sendAll(relight, '2026-03-10');
    expect(message!.body).toContain('未缴电费共60.00元');
  });

  test('the last call names the hour, goes first, and a newer one takes its place', async () => {
    const house = await buildHouse(relight);
    await issueBill(relight, house, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    const reminded = await buildHouse(relight);
    await issueBill(relight, reminded, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    await dun(relight, reminded, '2026-04-27');
    const at = morning('2026-04-27');
    const ctx = contextAt(relight, at);
    const call = (announcedAt: Date) =>
      ctx.db.transaction('test-last-call', async (tx) => {
        await lockAccounts(tx, [house.accountId]);
        const { facts, inForce } = await factsOf(house, '2026-04-27');
        const calls = [{ accountId: house.accountId, policy: inForce, facts, announcedAt }];
        await prepareLastCalls(ctx, tx, calls, { actor: CLERK, at });
      });
    await call(new Date(at.getTime() + 30 * 60_000));
    await call(new Date(at.getTime() + 40 * 60_000));
    expect(await told(relight, house)).toEqual(['LAST_CALL VOICE WITHDRAWN', 'LAST_CALL VOICE PREPARED']);
    const claimed = await claimNotices(ctx);
    expect(claimed).toHaveLength(2);
    const message = claimed.find(({ body }) => body.includes(house.accountNumber))!;
    expect(message).toMatchObject({ channel: 'VOICE' });
    expect(message.body).toContain('将于2026-04-27 11:10以后停止供电');
    await takeDeliveryReport(ctx, { messageId: message.messageId, outcome: 'DELIVERED', reference: 'call-8' }, CLERK);
    expect(
      await relight.sql(
        `SELECT state, proof_kind AS proof, proof_reference AS reference FROM notice WHERE account_id = $1 ORDER BY id DESC LIMIT 1`,
        [house.accountId],
      ),
    ).toEqual([{ state: 'SERVED', proof: 'CALL_RECORD', reference: 'call-8' }]);
  });

  test('a claimed notice may be paid for: the last call of a settled debt is not sent', async () => {
    const house = await buildHouse(relight);
    await issueBill(relight, house, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    const at = morning('2026-04-27');
    const ctx = contextAt(relight, at);
    await ctx.db.transaction('test-last-call', async (tx) => {
      await lockAccounts(tx, [house.accountId]);
      const { facts, inForce } = await factsOf(house, '2026-04-27');
      const announcedAt = new Date(at.getTime() + 40 * 60_000);
      await prepareLastCalls(ctx, tx, [{ accountId: house.accountId, policy: inForce, facts, announcedAt }], {
        actor: CLERK,
        at,
      });
    });
    await pay(house, '2026-04-27', 20_000n);
    expect(await claimNotices(ctx)).toEqual([]);
    await dun(relight, house, '2026-04-27');
    expect(await told(relight, house)).toEqual(['LAST_CALL VOICE WITHDRAWN']);
  });

  test('the database refuses what no code should ask for', async () => {
    const house = await buildHouse(relight);
    await issueBill(relight, house, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    await dun(relight, house, '2026-03-10');
    const [notice] = await noticesOf(relight, house);
    const refused = (text: string, values: readonly unknown[] = []) =>
      relight.sql(text, values).then(
        () => 'nothing',
        (error: { constraint?: string; message: string }) => error.constraint ?? error.message,
      );
    await relight.sql(`UPDATE notice SET state = 'WITHDRAWN' WHERE id = $1`, [notice!.id]);
    expect(await refused(`UPDATE notice SET state = 'PREPARED' WHERE id = $1`, [notice!.id])).toBe('notice_move');
    expect(await refused(`DELETE FROM notice`)).toContain('append-only');
    expect(await refused(`UPDATE notice_bill SET principal_minor = 1`)).toContain('append-only');
    const pause = (from: string, until: string | null) =>
      refused(
        `INSERT INTO dunning_pause (id, account_id, reason, from_date, until_date, paused_at, paused_by) VALUES (gen_random_uuid(), $1, 'test', $2, $3, now(), 'test')`,
        [house.accountId, from, until],
      );
    expect(await pause('2026-03-10', '2026-03-20')).toBe('nothing');
    expect(await pause('2026-03-20', '2026-03-25')).toBe('dunning_pause_overlaps');
    expect(await pause('2026-03-01', null)).toBe('dunning_pause_overlaps');
    expect(await pause('2026-03-21', null)).toBe('nothing');
  });
});
