import { randomUUID } from 'node:crypto';
import { openInterruptionAt } from '../../src/flows/change-interruption.js';
import { decideCuts } from '../../src/flows/cut-decisions.js';
import { endHold, expireHolds } from '../../src/flows/end-hold.js';
import { openHold, type HoldOpening } from '../../src/flows/open-hold.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { openHoldsOf } from '../../src/dunning/holds.js';
import { standingOf } from '../../src/dunning/standings.js';
import type { HoldOutcome } from '../../src/dunning/hold.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, contextAt, cutOff, meterObeys, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { commandOf, commandsOf, interruptionsOf, refusal } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterEach(async () => {
  await send(relight);
});
afterAll(async () => {
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  await relight.stop();
});

const clerk = person('clerk');
const manager = person('district-manager');
type Opening = Partial<HoldOpening> & Pick<HoldOpening, 'kind'>;
const open = (house: House, opening: Opening, at = relight.ctx) =>
  openHold(
    at,
    { accountId: house.accountId, reason: 'the customer called', idempotencyKey: newKey(), ...opening },
    clerk,
  );
const end = (holdId: string, outcome: HoldOutcome, change: { idempotencyKey?: string } = {}) =>
  endHold(relight.ctx, { holdId, outcome, note: 'looked into it', idempotencyKey: newKey(), ...change }, manager);
const guarantee = (change: Partial<HoldOpening> = {}): Opening => ({
  kind: 'GUARANTEE',
  amountMinor: 10_000n,
  untilDate: '2026-03-20',
  ...change,
});
interface HoldRow {
  readonly kind: string;
  readonly outcome: string | null;
  readonly fromDate: string;
  readonly untilDate: string | null;
  readonly amountMinor: bigint | null;
  readonly rulingOwner: string | null;
  readonly rulingDueAt: Date | null;
  readonly closingReason: string | null;
}
const holdOf = async (holdId: string): Promise<HoldRow> =>
  (
    await relight.sql<HoldRow>(
      `SELECT kind, outcome, from_date AS "fromDate", until_date AS "untilDate", amount_minor AS "amountMinor", ruling_owner AS "rulingOwner",
              ruling_due_at AS "rulingDueAt", closing_reason AS "closingReason" FROM hold WHERE id = $1`,
      [holdId],
    )
  )[0]!;
const holdsOf = async (house: House) =>
  (
    await relight.sql<{ hold: string }>(
      `SELECT kind || ' ' || coalesce(outcome, 'OPEN') AS hold FROM hold WHERE account_id = $1 ORDER BY id`,
      [house.accountId],
    )
  ).map(({ hold }) => hold);
const expireOn = (at: string) => expireHolds(relight.ctx, new Date(at));

describe('opening a hold', () => {
  test('cancels a cut that was not sent, whether it waits for approval or for its turn', async () => {
    const [waiting, queued] = [await buildDebtor(relight), await buildDebtor(relight)];
    const { commandId } = await askForCut(relight, waiting);
    const queuedId = await queueCut(relight, queued);
    expect((await open(waiting, { kind: 'COMPLAINT' })).restoreCommandIds).toEqual([]);
    await open(queued, { kind: 'HARDSHIP', untilDate: '2026-03-20' });
    for (const id of [commandId, queuedId]) {
      expect(await commandOf(relight, id)).toMatchObject({ state: 'CANCELLED', failureCode: 'HOLD_OPENED' });
    }
    expect(await send(relight)).toEqual([]);
  });

  test('answers a cut on its way by a restore with a higher sequence', async () => {
    const house = await buildDebtor(relight);
    const cut = await queueCut(relight, house);
    const [cutting] = await send(relight);
    const { restoreCommandIds } = await open(house, { kind: 'DISPUTE' });
    expect(await commandOf(relight, cut)).toMatchObject({ state: 'SUPERSEDED', failureCode: 'HOLD_OPENED' });
    expect(await interruptionsOf(relight, house)).toEqual([]);
    const [restoring] = await send(relight);
    expect(restoring!.commandId).toBe(restoreCommandIds[0]);
    expect(restoring!.sequence > cutting!.sequence).toBe(true);
  });

  test('does not bring back power that is off already, unless it is a guarantee', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    expect((await open(house, { kind: 'DISPUTE' })).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
    const { restoreCommandIds } = await open(house, guarantee());
    expect(restoreCommandIds).toHaveLength(1);
    expect(await interruptionsOf(relight, house)).toEqual([]);
    const [order] = await send(relight);
    await meterObeys(relight, house, order!);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE VERIFIED']);
  });

  test('a guarantee brings back no power that is off for danger', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const danger = {
      servicePointId: house.servicePointId,
      reason: 'SAFETY' as const,
      note: 'smoke',
      idempotencyKey: newKey(),
    };
    await openInterruptionAt(relight.ctx, danger, manager);
    expect((await open(house, guarantee())).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['SAFETY']);
  });

  test('is once: same key, first answer; same key for something else, refused', async () => {
    const house = await buildDebtor(relight);
    const idempotencyKey = newKey();
    const first = await open(house, guarantee({ idempotencyKey }));
    expect(await open(house, guarantee({ idempotencyKey }))).toEqual({ ...first, replayed: true });
    expect(await refusal(open(house, guarantee({ idempotencyKey, untilDate: '2026-03-21' })))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    expect(await holdsOf(house)).toEqual(['GUARANTEE OPEN']);
  });

  test('a complaint has three working days and an owner', async () => {
    const { holdId } = await open(await buildDebtor(relight), { kind: 'COMPLAINT' });
    expect(await holdOf(holdId)).toMatchObject({
      rulingOwner: 'manager-0001',
      // Opened on Tuesday 10 March: until the end of Friday 13 March in Jinan.
      rulingDueAt: new Date('2026-03-13T16:00:00Z'),
    });
  });

  test('sixteen at once: one hold', async () => {
    const house = await buildDebtor(relight);
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => open(house, { kind: 'DISPUTE' })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await holdsOf(house)).toEqual(['DISPUTE OPEN']);
  });
});

describe('bad input changes nothing', () => {
  test('a second hold of the kind names the open one', async () => {
    const house = await buildDebtor(relight);
    const { holdId } = await open(house, { kind: 'DISPUTE' });
    await expect(open(house, { kind: 'DISPUTE' })).rejects.toMatchObject({ code: 'HOLD_OVERLAPS', detail: { holdId } });
    await open(house, { kind: 'COMPLAINT' });
    expect(await holdsOf(house)).toEqual(['DISPUTE OPEN', 'COMPLAINT OPEN']);
  });

  test('days that an ended hold covered cannot be held again; the day of its end can', async () => {
    const house = await buildDebtor(relight);
    const { holdId } = await open(house, { kind: 'BANK_LATE', fromDate: '2026-03-05', untilDate: '2026-03-12' });
    await end(holdId, 'REJECTED');
    const again = (fromDate: string) => open(house, { kind: 'BANK_LATE', fromDate, untilDate: '2026-03-12' });
    await expect(again('2026-03-09')).rejects.toMatchObject({ code: 'HOLD_OVERLAPS', detail: { holdId } });
    await again('2026-03-10');
    expect(await holdsOf(house)).toEqual(['BANK_LATE REJECTED', 'BANK_LATE OPEN']);
  });

  test('the database refuses it too, whoever writes', async () => {
    const house = await buildDebtor(relight);
    const { holdId } = await open(house, { kind: 'BANK_LATE', fromDate: '2026-03-05', untilDate: '2026-03-12' });
    const insert = (fromDate: string) =>
      relight.sql(
        `INSERT INTO hold (id, account_id, kind, reason, opened_at, opened_by, from_date) VALUES ($1, $2, 'BANK_LATE', 'by hand', now(), 'test', $3)`,
        [randomUUID(), house.accountId, fromDate],
      );
    await expect(insert('2026-03-10')).rejects.toMatchObject({ constraint: 'hold_one_open' });
    await end(holdId, 'REJECTED');
    await expect(insert('2026-03-09')).rejects.toMatchObject({ constraint: 'hold_overlaps' });
    await expect(relight.sql('DELETE FROM hold WHERE id = $1', [holdId])).rejects.toMatchObject({ code: '23001' });
  });

  test.each<[what: string, opening: Opening, code: string]>([
    [
      'a plan that is not the debt',
      { kind: 'PAYMENT_PLAN', instalments: [{ dueDate: '2026-03-20', amountMinor: 9_999n }] },
      'PLAN_NOT_THE_DEBT',
    ],
    ['until before from', { kind: 'HARDSHIP', untilDate: '2026-03-09' }, 'HOLD_UNTIL_BEFORE_FROM'],
    ['a guarantee too small', guarantee({ amountMinor: 9_999n }), 'HOLD_AMOUNT_TOO_SMALL'],
  ])('%s', async (_what, opening, code) => {
    const house = await buildDebtor(relight);
    const cut = await queueCut(relight, house);
    expect(await refusal(open(house, opening))).toBe(code);
    expect(await holdsOf(house)).toEqual([]);
    expect(await commandOf(relight, cut)).toMatchObject({ state: 'QUEUED' });
  });

  test("longer than the policy's longest", async () => {
    const house = await buildDebtor(relight);
    const maxDays = relight.ctx.policies
      .of('RESIDENTIAL', 'POSTPAID')!
      .policy.holds.find(({ kind }) => kind === 'PROMISE_TO_PAY')!.maxDays!;
    expect(maxDays).toBeGreaterThan(0);
    const untilDate = new Date(Date.parse('2026-03-10T00:00:00Z') + (maxDays + 1) * 86_400_000)
      .toISOString()
      .slice(0, 10);
    expect(await refusal(open(house, { kind: 'PROMISE_TO_PAY', amountMinor: 1n, untilDate }))).toBe('HOLD_TOO_LONG');
    expect(await holdsOf(house)).toEqual([]);
  });

  test('no such account, no such hold', async () => {
    const house = { ...(await buildDebtor(relight)), accountId: randomUUID() };
    expect(await refusal(open(house, { kind: 'DISPUTE' }))).toBe('ACCOUNT_NOT_FOUND');
    expect(await refusal(end(randomUUID(), 'UPHELD'))).toBe('HOLD_NOT_FOUND');
  });
});

describe('ending a hold', () => {
  test('an upheld dispute brings back the power in the same transaction', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { holdId } = await open(house, { kind: 'DISPUTE' });
    const idempotencyKey = newKey();
    const upheld = await end(holdId, 'UPHELD', { idempotencyKey });
    expect(upheld.restoreCommandIds).toHaveLength(1);
    expect(await end(holdId, 'UPHELD', { idempotencyKey })).toEqual({ ...upheld, replayed: true });
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
    expect(await refusal(end(holdId, 'REJECTED'))).toBe('HOLD_CLOSED');
  });

  test('a rejected one switches nothing, and tells from when notices count', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { holdId } = await open(house, { kind: 'DISPUTE' });
    const before = relight.ctx.clock.now();
    expect((await end(holdId, 'REJECTED')).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
    const standing = (await standingOf(relight.ctx.db, [house.accountId], relight.ctx.clock.now())).get(
      house.accountId,
    )!;
    expect(standing.heldUntil!.getTime()).toBeGreaterThanOrEqual(before.getTime());
  });

  test('as something that its kind does not know is refused', async () => {
    const { holdId } = await open(await buildDebtor(relight), { kind: 'DISPUTE' });
    expect(await refusal(end(holdId, 'KEPT'))).toBe('HOLD_OUTCOME_NOT_ALLOWED');
  });

  test('a payment and an upheld dispute at once order one restore', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { holdId } = await open(house, { kind: 'DISPUTE' });
    await Promise.all([end(holdId, 'UPHELD'), pay(relight, house, 10_000n)]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
  });
});

describe('holds that end by themselves', () => {
  const PLAN: Opening = {
    kind: 'PAYMENT_PLAN',
    instalments: [
      { dueDate: '2026-03-12', amountMinor: 4_000n },
      { dueDate: '2026-03-20', amountMinor: 6_000n },
    ],
  };
  const paidAt = (house: House, amountMinor: bigint, at: string) =>
    pay({ ...relight, ctx: contextAt(relight, at) }, house, amountMinor);

  test('a plan is kept by payments in time, and broken by one that is missing', async () => {
    const [keeper, breaker] = [await buildDebtor(relight), await buildDebtor(relight)];
    const kept = (await open(keeper, PLAN)).holdId;
    const broken = (await open(breaker, PLAN)).holdId;
    expect(await holdOf(kept)).toMatchObject({ untilDate: '2026-03-20', amountMinor: 10_000n });
    for (const house of [keeper, breaker]) await paidAt(house, 4_000n, '2026-03-12T03:00:00Z');
    await expireOn('2026-03-16T03:00:00Z');
    expect([await holdsOf(keeper), await holdsOf(breaker)]).toEqual([['PAYMENT_PLAN OPEN'], ['PAYMENT_PLAN OPEN']]);
    await paidAt(keeper, 6_000n, '2026-03-20T03:00:00Z');
    await expireOn('2026-03-24T03:00:00Z');
    expect(await holdOf(kept)).toMatchObject({ outcome: 'KEPT' });
    expect(await holdOf(broken)).toMatchObject({
      outcome: 'BROKEN',
      closingReason: expect.stringContaining('instalment 2'),
    });
  });

  test('a bill that comes later is no part of the plan', async () => {
    const house = await buildDebtor(relight);
    const { holdId } = await open(house, PLAN);
    await issueBill(relight, house, 3_000n, {
      periodFrom: '2026-03-10',
      periodTo: '2026-03-11',
      dueDate: '2026-03-25',
    });
    await paidAt(house, 10_000n, '2026-03-12T03:00:00Z');
    await expireOn('2026-03-12T04:00:00Z');
    expect(await holdOf(holdId)).toMatchObject({ outcome: 'KEPT' });
  });

  test('an instalment that bounced was never paid', async () => {
    const house = await buildDebtor(relight);
    const { holdId } = await open(house, PLAN);
    const { payment } = await paidAt(house, 4_000n, '2026-03-12T03:00:00Z');
    await reversePayment(
      relight.ctx,
      { paymentId: payment.id, idempotencyKey: newKey(), reason: 'the cheque bounced' },
      manager,
    );
    await expireOn('2026-03-16T03:00:00Z');
    expect(await holdOf(holdId)).toMatchObject({ outcome: 'BROKEN' });
  });

  test('a guarantee that runs out unpaid cuts nobody', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { holdId } = await open(house, guarantee());
    const [order] = await send(relight);
    await meterObeys(relight, house, order!);
    await expireOn('2026-03-20T15:00:00Z');
    expect(await holdOf(holdId)).toMatchObject({ outcome: null });
    await expireOn('2026-03-20T16:00:00Z');
    expect(await holdOf(holdId)).toMatchObject({ outcome: 'EXPIRED' });
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE VERIFIED']);
    expect(await interruptionsOf(relight, house)).toEqual([]);
  });

  test('a plan holds through its days of grace, until it is found broken', async () => {
    const house = await buildDebtor(relight);
    const instalments = [{ dueDate: '2026-03-09', amountMinor: 10_000n }];
    const { holdId } = await open(
      house,
      { kind: 'PAYMENT_PLAN', instalments },
      contextAt(relight, '2026-03-09T02:00:00Z'),
    );
    const checkOn = async (iso: string) => {
      await expireHolds(contextAt(relight, iso), new Date(iso));
      const question = { servicePointId: house.servicePointId, reason: 'ARREARS' as const };
      const decisions = await decideCuts(relight.ctx, relight.ctx.db, [question], new Date(iso));
      return decisions.get(house.servicePointId)!.checks.find(({ code }) => code === 'NO_HOLD');
    };
    expect(await checkOn('2026-03-12T02:00:00Z')).toMatchObject({
      passed: false,
      evidence: 'PAYMENT_PLAN until 2026-03-09, and not ended yet',
    });
    expect((await holdOf(holdId)).outcome).toBe(null);
    expect(await checkOn('2026-03-13T02:00:00Z')).toMatchObject({ passed: true, evidence: 'no hold is open' });
    expect((await holdOf(holdId)).outcome).toBe('BROKEN');
  });

  test('twice is once', async () => {
    const house = await buildDebtor(relight);
    await open(house, guarantee());
    await Promise.all([expireOn('2026-03-21T00:00:00Z'), expireOn('2026-03-21T00:00:00Z')]);
    const ended = await relight.sql(`SELECT FROM audit_entry WHERE account_id = $1 AND act = 'hold.ended'`, [
      house.accountId,
    ]);
    expect(ended).toHaveLength(1);
  });

  test('a late ruling is reminded of once, and goes on holding', async () => {
    const house = await buildDebtor(relight);
    const { holdId } = await open(house, { kind: 'COMPLAINT' });
    const reminders = () =>
      relight.sql(`SELECT FROM audit_entry WHERE subject_id = $1 AND act = 'hold.ruling-late'`, [holdId]);
    await expireOn('2026-03-13T15:00:00Z');
    expect(await reminders()).toHaveLength(0);
    await expireOn('2026-03-13T16:00:00Z');
    await expireOn('2026-03-14T16:00:00Z');
    expect(await reminders()).toHaveLength(1);
    expect((await openHoldsOf(relight.ctx.db, [house.accountId], '2026-03-15')).get(house.accountId)).toEqual([
      { holdId, kind: 'COMPLAINT', until: null },
    ]);
  });

  test('more holds than one group are all judged', async () => {
    const house = await buildHouse(relight);
    await relight.sql(
      `INSERT INTO account (id, account_number, customer_id, district_id, currency, tariff_code, opened_at)
       SELECT gen_random_uuid(), '77' || lpad(n::text, 8, '0'), $1, $2, 'CNY', 'HUBEI-COMMERCIAL', now() FROM generate_series(1, 1100) n`,
      [house.customerId, house.districtId],
    );
    await relight.sql(
      `INSERT INTO hold (id, account_id, kind, reason, opened_at, opened_by, from_date, until_date)
       SELECT gen_random_uuid(), id, 'HARDSHIP', 'many', '2026-03-10', 'test', '2026-03-10', '2026-03-20' FROM account WHERE account_number LIKE '77%'`,
    );
    await expireOn('2026-03-21T00:00:00Z');
    expect(await relight.sql(`SELECT FROM hold WHERE reason = 'many' AND outcome = 'EXPIRED'`)).toHaveLength(1_100);
  });
});
