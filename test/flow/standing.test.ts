import { endHold, expireHolds } from '../../src/flows/end-hold.js';
import { openHold } from '../../src/flows/open-hold.js';
import { endProtection, recordProtectionInquiry, type ProtectionAnswer } from '../../src/flows/record-protection.js';
import { recordArrearsCause, recordContactProof, type ContactReport } from '../../src/flows/record-standing.js';
import { reversePayment } from '../../src/flows/reverse-payment.js';
import { CHINA_LATE_FEE_RULE } from '../../src/billing/late-fee-rules/china.js';
import { standingOf, type Standing } from '../../src/dunning/standings.js';
import { openHoldsOf } from '../../src/dunning/holds.js';
import type { Reader, Statement } from '../../src/platform/database.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, cutOff, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { commandOf, commandsOf, interruptionsOf, refusal } from './support/looks.js';
import { plainInForce } from '../support/policies.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({
    wire: false,
    plan: { metersPerDistrict: 20, months: 2, arrearsShare: 0.5, allInGoodStanding: false },
  });
});
afterAll(async () => {
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
  await relight.stop();
});

const clerk = person('clerk');
const manager = person('district-manager');
const standing = async (house: House, at = relight.ctx.clock.now()): Promise<Standing> =>
  (await standingOf(relight.ctx.db, [house.accountId], at)).get(house.accountId)!;
const contactOf = async (house: House, kind: 'MOBILE' | 'ADDRESS' = 'MOBILE'): Promise<ContactReport['contact']> =>
  (
    await relight.sql<{ kind: 'MOBILE'; value: string }>(
      `SELECT kind, value FROM contact WHERE customer_id = $1 AND kind = $2`,
      [house.customerId, kind],
    )
  )[0]!;
const report = async (house: House, outcome: ContactReport['outcome'], change: Partial<ContactReport> = {}) =>
  recordContactProof(
    relight.ctx,
    {
      accountId: house.accountId,
      contact: await contactOf(house),
      outcome,
      how: 'CALL',
      note: 'called',
      idempotencyKey: newKey(),
      ...change,
    },
    clerk,
  );
const ask = (
  house: House,
  answers: readonly ProtectionAnswer[],
  change: { askedOn?: string; idempotencyKey?: string } = {},
) =>
  recordProtectionInquiry(
    relight.ctx,
    { customerId: house.customerId, answers, note: 'asked at the door', idempotencyKey: newKey(), ...change },
    clerk,
  );
const endIt = (house: House, by = manager) =>
  endProtection(
    relight.ctx,
    { customerId: house.customerId, kind: 'INFANT', note: 'moved away', idempotencyKey: newKey() },
    by,
  );
const YES: ProtectionAnswer = { kind: 'INFANT', protects: true };

describe('contacts', () => {
  test('a proof makes one reachable, somebody else at the number takes it back', async () => {
    const house = await buildHouse(relight);
    expect(await standing(house)).toMatchObject({ reachableContacts: 0, lastContactAttemptAt: null });
    const at = new Date('2026-03-09T02:00:00Z');
    await report(house, 'REACHED', { at });
    expect(await standing(house)).toMatchObject({ reachableContacts: 1, lastContactAttemptAt: at });
    expect((await standing(house, new Date('2026-03-08T00:00:00Z'))).reachableContacts).toBe(0);
    expect((await standing(house, new Date('2027-03-10T00:00:00Z'))).reachableContacts).toBe(0);
    await report(house, 'WRONG_PERSON');
    expect((await standing(house)).contactQuality.contacts.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual(
      expect.arrayContaining(['MOBILE WRONG_PERSON', 'ADDRESS NEVER_PROVEN']),
    );
  });

  test('a delivery report is no attempt by voice or in person', async () => {
    const house = await buildHouse(relight);
    await report(house, 'REACHED', { how: 'SMS_REPORT' });
    expect(await standing(house)).toMatchObject({ reachableContacts: 1, lastContactAttemptAt: null });
  });

  test('a contact of another customer, or of tomorrow, is refused', async () => {
    const [house, other] = [await buildHouse(relight), await buildHouse(relight)];
    expect(await refusal(report(house, 'REACHED', { contact: await contactOf(other) }))).toBe('CONTACT_NOT_FOUND');
    expect(await refusal(report(house, 'REACHED', { at: new Date('2026-03-11T02:00:00Z') }))).toBe('CONTACT_IN_FUTURE');
    expect((await standing(house)).reachableContacts).toBe(0);
  });
});

test('the latest cause of arrears counts, and the earlier one is kept', async () => {
  const house = await buildDebtor(relight);
  const record = (cause: 'FORGOT' | 'TENANT') =>
    recordArrearsCause(
      relight.ctx,
      { accountId: house.accountId, cause, note: 'told by phone', idempotencyKey: newKey() },
      clerk,
    );
  expect((await standing(house)).arrearsCause).toBeNull();
  await record('FORGOT');
  await record('TENANT');
  expect((await standing(house)).arrearsCause).toBe('TENANT');
  expect(await relight.sql('SELECT FROM arrears_cause WHERE account_id = $1', [house.accountId])).toHaveLength(2);
});

describe('protections', () => {
  test('never asked is told; an inquiry sets the day, an older one does not take it back', async () => {
    const house = await buildHouse(relight, { protectionAskedOn: null });
    expect((await standing(house)).protectionAskedOn).toBeNull();
    await ask(house, [{ kind: 'INFANT', protects: false }], { askedOn: '2026-03-09' });
    await ask(house, [{ kind: 'INFANT', protects: false }], { askedOn: '2026-03-01' });
    expect(await standing(house)).toMatchObject({ protectionAskedOn: '2026-03-09', protections: [] });
  });

  test('a yes withdraws cuts of every account of the customer in the same transaction', async () => {
    const house = await buildDebtor(relight);
    const cut = await queueCut(relight, house);
    await ask(house, [{ ...YES, proof: 'birth certificate', validUntil: '2027-03-10' }]);
    expect(await commandOf(relight, cut)).toMatchObject({ state: 'CANCELLED', failureCode: 'PROTECTION_RECORDED' });
    expect((await standing(house)).protections).toEqual([{ kind: 'INFANT', validUntil: '2027-03-10' }]);
  });

  test('life support brings back power that is off for debt; an infant does not', async () => {
    const [infant, machine] = [await buildDebtor(relight), await buildDebtor(relight)];
    for (const house of [infant, machine]) await cutOff(relight, house);
    await ask(infant, [YES]);
    await ask(machine, [{ kind: 'LIFE_SUPPORT', protects: true }]);
    expect(await interruptionsOf(relight, infant)).toEqual(['ARREARS']);
    expect(await commandsOf(relight, machine)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
    await send(relight);
  });

  test('a second yes renews the one on record, and keeps the proof that was seen', async () => {
    const house = await buildHouse(relight);
    await ask(house, [{ ...YES, proof: 'birth certificate', validUntil: '2026-06-01' }]);
    await ask(house, [{ ...YES, validUntil: '2027-06-01' }]);
    const rows = await relight.sql(
      `SELECT proof, valid_until AS until, proof_verified_by AS by FROM protection WHERE customer_id = $1`,
      [house.customerId],
    );
    expect(rows).toEqual([{ proof: 'birth certificate', until: '2027-06-01', by: 'clerk' }]);
  });

  test('a no ends nothing; a second person does', async () => {
    const house = await buildHouse(relight);
    await ask(house, [YES]);
    await ask(house, [{ kind: 'INFANT', protects: false }]);
    expect((await standing(house)).protections).toHaveLength(1);
    expect(await refusal(endIt(house, clerk))).toBe('ENDED_BY_RECORDER');
    expect((await standing(house)).protections).toHaveLength(1);
    await endIt(house);
    expect((await standing(house)).protections).toEqual([]);
    expect(await refusal(endIt(house))).toBe('PROTECTION_NOT_FOUND');
  });

  test.each<[what: string, answers: readonly ProtectionAnswer[], askedOn: string | undefined]>([
    ['asked tomorrow', [YES], '2026-03-11'],
    ['no answers', [], undefined],
    ['a kind twice', [YES, YES], undefined],
    ['a no with a proof', [{ kind: 'INFANT', protects: false, proof: 'x' }], undefined],
    ['a last day in the past', [{ ...YES, validUntil: '2026-03-09' }], undefined],
  ])('refused: %s', async (_what, answers, askedOn) => {
    const house = await buildHouse(relight, { protectionAskedOn: null });
    expect(await refusal(ask(house, answers, { askedOn }))).toBe('PROTECTION_ANSWERS_INVALID');
    expect(await standing(house)).toMatchObject({ protectionAskedOn: null, protections: [] });
  });
});

describe('credit rating', () => {
  const billAndPay = async (house: House, days: readonly (readonly [dueDate: string, paidOn: string])[]) => {
    for (const [index, [dueDate, paidOn]] of days.entries()) {
      const day = String(index + 1).padStart(2, '0');
      await issueBill(relight, house, 1_000n, {
        periodFrom: `2024-03-${day}`,
        periodTo: `2024-03-${String(index + 2).padStart(2, '0')}`,
        dueDate,
      });
      await pay({ ...relight, ctx: contextAt(relight, `${paidOn}T03:00:00Z`) }, house, 1_000n);
    }
  };
  const months = ['2025-04', '2025-05', '2025-06', '2025-07', '2025-08', '2025-09', '2025-10'];
  const rated = async (house: House) => {
    const { creditRating, ratingReasons } = await standing(house);
    return `${creditRating}: ${ratingReasons.map(({ code }) => code).join(' ')}`;
  };

  test('is derived from bills and payments', async () => {
    const [punctual, late, fresh] = [await buildHouse(relight), await buildHouse(relight), await buildHouse(relight)];
    await billAndPay(
      punctual,
      months.map((month) => [`${month}-10`, `${month}-10`]),
    );
    await billAndPay(
      late,
      months.map((month, index) => [`${month}-10`, index < 2 ? `${month}-11` : `${month}-09`]),
    );
    expect(await rated(fresh)).toBe('B: NEVER_BILLED');
    expect(await rated(punctual)).toBe('A: PAID_ON_TIME');
    expect(await rated(late)).toBe('B: LATE_BILLS PAID_ON_TIME');
  });

  test('a value date before the posting is when the customer paid', async () => {
    const house = await buildHouse(relight);
    await billAndPay(
      house,
      months.map((month) => [`${month}-10`, `${month}-01`]),
    );
    await issueBill(relight, house, 1_000n, {
      periodFrom: '2024-04-01',
      periodTo: '2024-04-02',
      dueDate: '2025-11-10',
    });
    await pay({ ...relight, ctx: contextAt(relight, '2025-12-20T03:00:00Z') }, house, 1_000n, {
      channel: 'BANK_FILE',
      valueDate: '2025-11-10',
    });
    expect(await rated(house)).toBe('A: PAID_ON_TIME');
  });

  test('cuts, broken promises and bounced payments lower it; a cut that was upheld as wrong does not', async () => {
    const [cut, wronged, bounced] = [
      await buildDebtor(relight),
      await buildDebtor(relight),
      await buildDebtor(relight),
    ];
    await cutOff(relight, cut);
    await cutOff(relight, wronged);
    const dispute = (house: House) =>
      openHold(
        relight.ctx,
        { accountId: house.accountId, kind: 'DISPUTE', reason: 'wrong meter', idempotencyKey: newKey() },
        clerk,
      );
    const { holdId } = await dispute(wronged);
    await endHold(relight.ctx, { holdId, outcome: 'UPHELD', note: 'wrong meter', idempotencyKey: newKey() }, manager);
    expect(await rated(cut)).toBe('C: CUT_BEFORE SHORT_HISTORY');
    expect(await rated(wronged)).toBe('B: SHORT_HISTORY');
    const { payment } = await pay(relight, bounced, 10_000n, { channel: 'COUNTER_CHEQUE' });
    await reversePayment(relight.ctx, { paymentId: payment.id, idempotencyKey: newKey(), reason: 'no cover' }, manager);
    await openHold(
      relight.ctx,
      {
        accountId: bounced.accountId,
        kind: 'PROMISE_TO_PAY',
        reason: 'by Friday',
        amountMinor: 10_000n,
        untilDate: '2026-03-13',
        idempotencyKey: newKey(),
      },
      clerk,
    );
    await expireHolds(relight.ctx, new Date('2026-03-13T16:00:00Z'));
    expect(await rated(bounced)).toBe('C: BROKEN_PROMISES BOUNCED_PAYMENTS SHORT_HISTORY');
    await send(relight);
  });
});

test('a bank that was late costs the customer no late fee', async () => {
  const house = await buildDebtor(relight, 1_000_000n);
  const ctx = { ...relight.ctx, policies: plainInForce(CHINA_LATE_FEE_RULE) };
  const { holdId } = await openHold(
    ctx,
    {
      accountId: house.accountId,
      kind: 'BANK_LATE',
      reason: 'debited on 2 February',
      fromDate: '2026-02-02',
      untilDate: '2026-03-15',
      amountMinor: 1_000_000n,
      idempotencyKey: newKey(),
    },
    clerk,
  );
  await pay(
    { ...relight, ctx: { ...contextAt(relight, '2026-03-11T03:00:00Z'), policies: plainInForce(CHINA_LATE_FEE_RULE) } },
    house,
    1_000_000n,
    { channel: 'BANK_FILE' },
  );
  const fee = async () =>
    (
      await relight.sql<{ fee: bigint }>('SELECT late_fee_minor AS fee FROM bill WHERE account_id = $1', [
        house.accountId,
      ])
    )[0]!.fee;
  expect(await fee()).toBeGreaterThan(0n);
  const later = { ...contextAt(relight, '2026-03-12T03:00:00Z'), policies: plainInForce(CHINA_LATE_FEE_RULE) };
  await expireHolds(later, later.clock.now());
  await expireHolds(later, later.clock.now());
  expect(await relight.sql('SELECT outcome FROM hold WHERE id = $1', [holdId])).toEqual([{ outcome: 'SETTLED' }]);
  const waivers = await relight.sql(
    'SELECT kind, from_date AS "from", to_date AS "to" FROM late_fee_waiver WHERE account_id = $1',
    [house.accountId],
  );
  expect(waivers).toEqual([{ kind: 'BANK_LATE', from: '2026-02-02', to: '2026-03-12' }]);
});

describe('a page of accounts', () => {
  test('takes three statements however long it is, and tells of each what is told of it alone', async () => {
    const ids = (await relight.sql<{ id: string }>('SELECT id FROM account ORDER BY id')).map(({ id }) => id);
    let statements = 0;
    const counting: Reader = {
      rows: (stmt: Statement, values?: readonly unknown[]) => {
        statements += 1;
        return relight.ctx.db.rows(stmt, values);
      },
    };
    const at = relight.ctx.clock.now();
    const all = await standingOf(counting, ids, at);
    await openHoldsOf(counting, ids, '2026-03-10');
    expect(statements).toBe(3);
    expect(all.size).toBe(ids.length);
    for (const id of ids.slice(0, 10))
      expect(all.get(id)).toEqual((await standingOf(relight.ctx.db, [id], at)).get(id));
    expect(await standingOf(counting, [], at)).toEqual(new Map());
    expect(statements).toBe(3);
  });

  test('the simulated world holds every kind of standing', async () => {
    const ids = (await relight.sql<{ id: string }>(`SELECT id FROM account WHERE account_number LIKE '37%'`)).map(
      ({ id }) => id,
    );
    const all = [...(await standingOf(relight.ctx.db, ids, relight.ctx.clock.now())).values()];
    expect(all.filter(({ protectionAskedOn }) => protectionAskedOn).length).toBeGreaterThan(all.length / 2);
    expect(all.filter(({ reachableContacts }) => reachableContacts > 0).length).toBeGreaterThan(all.length / 2);
    expect(all.filter(({ arrearsCause }) => arrearsCause).length).toBeGreaterThan(0);
  });
});
