import { policiesOf } from '../../src/dunning/policies-in-force.js';
import { endHold } from '../../src/flows/end-hold.js';
import { accountFactsOf } from '../../src/flows/gather-account-facts.js';
import { openHold } from '../../src/flows/open-hold.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { pauseDunning, resumeDunning } from '../../src/flows/pause-dunning.js';
import { renewNotice } from '../../src/flows/renew-notice.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { runDunning } from '../../src/flows/run-dunning.js';
import { giveUpNotices } from '../../src/flows/send-notices.js';
import { takeDeliveryReport } from '../../src/flows/take-delivery-report.js';
import { CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt } from './support/acts.js';
import { buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { refusal } from './support/looks.js';
import { dun, ladderOf, morning, noticesOf, outcomesOf, personServes, sendAll, told } from './support/ladders.js';

const MANAGER = person('manager-1');

describe('the ladder on real rows', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight({ wire: false, policies: CHINA, plan: { arrearsShare: 0, metersPerDistrict: 1 } });
  });
  afterAll(() => relight.stop());

  /** A house with a bill of 100 yuan read on 5 March and due on the 25th. */
  async function debtor(): Promise<House> {
    const house = await buildHouse(relight);
    await issueBill(relight, house, 10_000n, {
      periodFrom: '2026-02-05',
      periodTo: '2026-03-05',
      dueDate: '2026-03-25',
    });
    return house;
  }
  const pay = (house: House, day: string, amountMinor = 10_000n) =>
    receivePayment(
      contextAt(relight, morning(day)),
      {
        idempotencyKey: newKey(),
        accountNumber: house.accountNumber,
        amountMinor,
        currency: 'CNY',
        channel: 'COUNTER_CASH',
        valueDate: day,
        reference: null,
      } as unknown as Parameters<typeof receivePayment>[1],
      person('clerk'),
    );
  /** As far as the demand in person: steps 1 to 3. */
  async function remindedDebtor(): Promise<House> {
    const house = await debtor();
    await dun(relight, house, '2026-03-10');
    await sendAll(relight, '2026-03-10');
    await dun(relight, house, '2026-03-15');
    await personServes(relight, house, 'DAY_10', '2026-03-15', { proofKind: undefined, proofReference: undefined });
    await dun(relight, house, '2026-03-20');
    await personServes(relight, house, 'DAY_20_OF_MONTH', '2026-03-20', {
      proofKind: undefined,
      proofReference: undefined,
    });
    return house;
  }

  test('a month, day by day: each step once, in order, and the cut notice last', async () => {
    const house = await debtor();
    const days: string[] = [];
    for (let day = 5; day <= 31; day += 1) days.push(`2026-03-${String(day).padStart(2, '0')}`);
    for (let day = 1; day <= 30; day += 1) days.push(`2026-04-${String(day).padStart(2, '0')}`);
    days.push('2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04');
    const seen: string[] = [];
    for (const day of days) {
      await dun(relight, house, day);
      await dun(relight, house, day);
      await sendAll(relight, day);
      for (const { step, byGateway, state } of await noticesOf(relight, house))
        if (!byGateway && state === 'PREPARED')
          await personServes(
            relight,
            house,
            step,
            day,
            step === 'DAY_10' || step === 'DAY_20_OF_MONTH' ? { proofKind: undefined, proofReference: undefined } : {},
          );
      const stage = await ladderOf(relight, house, day);
      if (stage !== seen.at(-1)?.slice(11)) seen.push(`${day} ${stage}`);
    }
    expect(seen).toEqual([
      '2026-03-05 DUE wwwww',
      '2026-03-10 REMINDED Dwwww',
      '2026-03-15 REMINDED DDwww',
      '2026-03-20 DEMANDED DDDww',
      '2026-04-01 DEMANDED DDDDw',
      // Rating B of a new customer: five days of grace.
      '2026-04-26 NOTICE_SERVED DDDDD',
      '2026-04-30 CUT_READY DDDDD',
      '2026-05-04 NOTICE_SERVED DDDDD',
    ]);
    expect(await told(relight, house)).toEqual([
      'DAY_5 SMS SERVED',
      'DAY_10 VOICE SERVED',
      'DAY_20_OF_MONTH VOICE SERVED',
      'ARREARS_NOTICE VISIT SERVED',
      'CUT_NOTICE VISIT SERVED',
      'CUT_NOTICE VISIT SERVED',
    ]);
  });

  test('paid: what is under way is taken back, and each untaken step keeps its reason', async () => {
    const house = await remindedDebtor();
    await dun(relight, house, '2026-04-01');
    await pay(house, '2026-04-02', 12_000n);
    await dun(relight, house, '2026-04-02');
    expect(await told(relight, house)).toEqual([
      'DAY_5 SMS SERVED',
      'DAY_10 VOICE SERVED',
      'DAY_20_OF_MONTH VOICE SERVED',
      'ARREARS_NOTICE VISIT WITHDRAWN',
    ]);
    expect(await outcomesOf(relight, house)).toEqual([
      'ARREARS_NOTICE WITHDRAWN DEBT_SETTLED',
      'CUT_NOTICE SKIPPED DEBT_SETTLED',
    ]);
    await dun(relight, house, '2026-04-03');
    expect((await outcomesOf(relight, house)).length).toBe(2);
    expect(await ladderOf(relight, house, '2026-04-03')).toBe('CLEAR wwwww');
  });

  test('a payment that is reversed brings the ladder back from its first step, in a case of its own', async () => {
    const house = await remindedDebtor();
    const { payment } = await pay(house, '2026-03-21');
    await dun(relight, house, '2026-03-21');
    await reversePayment(
      contextAt(relight, morning('2026-03-23')),
      { paymentId: payment.id, idempotencyKey: newKey(), reason: 'the cheque bounced' },
      person('clerk'),
    );
    expect(await ladderOf(relight, house, '2026-03-23')).toBe('DUE Uwwww');
    await dun(relight, house, new Date(morning('2026-03-23').getTime() + 1_000));
    expect((await told(relight, house)).at(-1)).toBe('DAY_5 SMS PREPARED');
    expect(
      await relight.sql(`SELECT closed_at IS NULL AS open FROM dunning_case WHERE account_id = $1 ORDER BY id`, [
        house.accountId,
      ]),
    ).toEqual([{ open: false }, { open: true }]);
  });

  test('a message that goes out names the debt, and not a settled one', async () => {
    const house = await debtor();
    await dun(relight, house, '2026-03-10');
    await pay(house, '2026-03-10');
    expect((await sendAll(relight, '2026-03-10')).filter(({ body }) => body.includes(house.accountNumber))).toEqual([]);
    const other = await debtor();
    await dun(relight, other, '2026-03-10');
    const message = (await sendAll(relight, '2026-03-10')).find(({ body }) => body.includes(other.accountNumber));
    expect(message).toMatchObject({ channel: 'SMS', language: 'zh', to: expect.stringMatching(/^139/) as string });
    expect(message!.body).toContain('未缴电费共100.00元');
    expect(message!.body).toContain(other.accountNumber);
  });

  test('a mandatory notice that reaches nobody blocks until it is prepared again and served', async () => {
    const house = await remindedDebtor();
    await dun(relight, house, '2026-04-01');
    await personServes(relight, house, 'ARREARS_NOTICE', '2026-04-01', {
      outcome: 'FAILED',
      proofKind: undefined,
      proofReference: undefined,
    });
    expect(await ladderOf(relight, house, '2026-04-22')).toBe('DEMANDED DDDBw');
    await dun(relight, house, '2026-04-22');
    expect((await told(relight, house)).at(-1)).toBe('ARREARS_NOTICE VISIT FAILED');
    const failed = (await noticesOf(relight, house)).at(-1)!;
    const ctx = contextAt(relight, morning('2026-04-22'));
    const renewal = { noticeId: failed.id, note: 'the customer has moved upstairs', idempotencyKey: newKey() };
    const { noticeId } = await renewNotice(ctx, renewal, MANAGER);
    expect(await renewNotice(ctx, renewal, MANAGER)).toEqual({ noticeId, replayed: true });
    expect(await refusal(renewNotice(ctx, { ...renewal, idempotencyKey: newKey() }, MANAGER))).toBe(
      'NOTICE_NOT_FAILED',
    );
    await personServes(relight, house, 'ARREARS_NOTICE', '2026-04-22');
    expect(await ladderOf(relight, house, '2026-04-22')).toBe('DEMANDED DDDDw');
  });

  test('a service dated before its notice failed is none; one after it is', async () => {
    const house = await remindedDebtor();
    await dun(relight, house, '2026-04-01');
    const nobody = { outcome: 'FAILED', proofKind: undefined, proofReference: undefined } as const;
    await personServes(relight, house, 'ARREARS_NOTICE', '2026-04-02', nobody);
    const [failed] = await relight.sql<{ at: Date }>(
      `SELECT failed_at AS at FROM notice WHERE account_id = $1 AND state = 'FAILED'`,
      [house.accountId],
    );
    const serve = (at: Date) => personServes(relight, house, 'ARREARS_NOTICE', '2026-04-03', { at });
    expect(await refusal(serve(new Date(failed!.at.getTime() - 1)))).toBe('SERVED_BEFORE_FAILURE');
    expect((await told(relight, house)).at(-1)).toBe('ARREARS_NOTICE VISIT FAILED');
    await serve(failed!.at);
    expect((await told(relight, house)).at(-1)).toBe('ARREARS_NOTICE VISIT SERVED');
  });

  test('a notice that counts from its sending lapses with a hold, as a served one does; one that needs proof is still under way', async () => {
    const house = await debtor();
    await dun(relight, house, '2026-03-10');
    await relight.sql(
      `UPDATE notice SET step_code = 'CUT_NOTICE', purpose = 'CUT_NOTICE', state = 'SENT', sent_at = created_at WHERE account_id = $1`,
      [house.accountId],
    );
    const { holdId } = await openHold(
      contextAt(relight, morning('2026-03-21')),
      { accountId: house.accountId, kind: 'HARDSHIP', reason: 'out of work', idempotencyKey: newKey() },
      MANAGER,
    );
    const after = contextAt(relight, morning('2026-03-22'));
    await endHold(after, { holdId, outcome: 'WITHDRAWN', note: 'found work', idempotencyKey: newKey() }, MANAGER);
    const cutNotices = async (ctx: Parameters<typeof accountFactsOf>[0]) =>
      (await accountFactsOf(ctx, relight.ctx.db, [house.accountId], morning('2026-03-23')))
        .get(house.accountId)!
        .notices.filter(({ purpose }) => purpose === 'CUT_NOTICE').length;
    const unproven = policiesOf(
      relight.ctx.policies.list.map(({ policy, version }) => ({
        policy: { ...policy, steps: policy.steps.map((step) => ({ ...step, proof: [] })) },
        version,
      })),
    );
    expect(await cutNotices(after)).toBe(1);
    expect(await cutNotices({ ...after, policies: unproven })).toBe(0);
  });

  test('what nobody did before its deadline is given up, unless it is mandatory', async () => {
    const house = await debtor();
    await dun(relight, house, '2026-03-10');
    await sendAll(relight, '2026-03-10');
    await dun(relight, house, '2026-03-15');
    expect((await noticesOf(relight, house)).at(-1)).toMatchObject({
      step: 'DAY_10',
      byGateway: false,
      owner: '95598',
    });
    await giveUpNotices(contextAt(relight, morning('2026-03-18')));
    expect((await told(relight, house)).at(-1)).toBe('DAY_10 VOICE PREPARED');
    await giveUpNotices(contextAt(relight, morning('2026-03-19')));
    expect((await noticesOf(relight, house)).at(-1)).toMatchObject({ state: 'FAILED', code: 'NEVER_ACTIONED' });
    expect(await ladderOf(relight, house, '2026-03-20')).toBe('REMINDED DnUww');
  });

  test('a pause shifts nothing; what was prepared is taken back and due again afterwards', async () => {
    const house = await debtor();
    await dun(relight, house, '2026-03-10');
    const ctx = contextAt(relight, morning('2026-03-10'));
    const request = { accountId: house.accountId, days: 3, note: 'in hospital', idempotencyKey: newKey() };
    const first = await pauseDunning(ctx, request, MANAGER);
    expect(first).toMatchObject({ until: '2026-03-12', replayed: false });
    expect(await pauseDunning(ctx, request, MANAGER)).toMatchObject({ pauseId: first.pauseId, replayed: true });
    expect(await refusal(pauseDunning(ctx, { ...request, idempotencyKey: newKey() }, MANAGER))).toBe('PAUSE_OVERLAPS');
    expect(await refusal(pauseDunning(ctx, { ...request, days: 91, idempotencyKey: newKey() }, MANAGER))).toBe(
      'PAUSE_TOO_LONG',
    );
    expect((await sendAll(relight, '2026-03-10')).filter(({ body }) => body.includes(house.accountNumber))).toEqual([]);
    await dun(relight, house, '2026-03-11');
    expect(await told(relight, house)).toEqual(['DAY_5 SMS WITHDRAWN']);
    expect(await ladderOf(relight, house, '2026-03-12')).toBe('DUE Pwwww');
    expect(await ladderOf(relight, house, '2026-03-13')).toBe('DUE Uwwww');
    const resumed = { accountId: house.accountId, note: 'home again', idempotencyKey: newKey() };
    await resumeDunning(contextAt(relight, morning('2026-03-12')), resumed, MANAGER);
    expect(await ladderOf(relight, house, '2026-03-12')).toBe('DUE Uwwww');
    expect(
      await refusal(
        resumeDunning(contextAt(relight, morning('2026-03-12')), { ...resumed, idempotencyKey: newKey() }, MANAGER),
      ),
    ).toBe('NOT_PAUSED');
  });

  test('a slip for another account, an unfit proof, a wrong time: a named error, nothing changed', async () => {
    const house = await remindedDebtor();
    await dun(relight, house, '2026-04-01');
    const serve = (change: Parameters<typeof personServes>[4]) =>
      refusal(personServes(relight, house, 'ARREARS_NOTICE', '2026-04-01', change));
    expect(await serve({ accountNumber: '9900999999' })).toBe('NOTICE_OF_ANOTHER_ACCOUNT');
    expect(await serve({ proofKind: 'PHOTO' })).toBe('PROOF_NOT_ACCEPTED');
    expect(await serve({ proofKind: undefined })).toBe('PROOF_NOT_ACCEPTED');
    expect(await serve({ proofReference: undefined })).toBe('PROOF_REFERENCE_MISSING');
    expect(await serve({ at: morning('2026-04-02') })).toBe('SERVED_IN_FUTURE');
    expect(await serve({ at: morning('2026-03-31') })).toBe('SERVED_BEFORE_PREPARED');
    expect(await serve({ noticeId: house.accountId })).toBe('NOTICE_NOT_FOUND');
    const late = (change: Parameters<typeof personServes>[4]) =>
      refusal(personServes(relight, house, 'ARREARS_NOTICE', '2026-04-03', change));
    const recordedAt = morning('2026-04-03').getTime() + 3_660_000;
    const twoDaysMs = 2 * 86_400_000;
    expect(await late({ at: new Date(recordedAt - twoDaysMs - 1) })).toBe('SERVED_TOO_LONG_AGO');
    expect((await noticesOf(relight, house)).at(-1)).toMatchObject({ state: 'PREPARED' });
    await personServes(relight, house, 'ARREARS_NOTICE', '2026-04-01');
    expect(await serve({})).toBe('NOTICE_ENDED');
  });

  test('a run over everybody, twice at once: each step once', async () => {
    const house = await debtor();
    const at = morning('2026-03-10');
    const ctx = contextAt(relight, at);
    await Promise.all([runDunning(ctx, at), runDunning(ctx, at)]);
    expect(await told(relight, house)).toEqual(['DAY_5 SMS PREPARED']);
    expect(await runDunning(ctx, at)).toMatchObject({ prepared: 0, casesOpened: 0 });
  });

  test('a report tells that a contact is good; an unknown message is a named error', async () => {
    const house = await debtor();
    await dun(relight, house, '2026-03-10');
    const sent = (await sendAll(relight, '2026-03-10')).find(({ body }) => body.includes(house.accountNumber))!;
    const ctx = contextAt(relight, morning('2026-03-11'));
    const report = { messageId: sent.messageId, outcome: 'DELIVERED' as const };
    await takeDeliveryReport(ctx, report, person('gateway'));
    await takeDeliveryReport(ctx, report, person('gateway'));
    expect(
      await relight.sql(
        `SELECT outcome, how FROM contact_proof p JOIN contact c ON c.id = p.contact_id WHERE c.customer_id = $1`,
        [house.customerId],
      ),
    ).toEqual([{ outcome: 'REACHED', how: 'SMS_REPORT' }]);
    expect(await refusal(takeDeliveryReport(ctx, { ...report, messageId: 'x.1' }, person('gateway')))).toBe(
      'MESSAGE_UNKNOWN',
    );
    expect(
      await refusal(takeDeliveryReport(ctx, { ...report, messageId: `${house.accountId}.1` }, person('gateway'))),
    ).toBe('MESSAGE_UNKNOWN');
  });
});
