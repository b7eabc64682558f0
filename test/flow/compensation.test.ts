import type { DunningPolicy } from '../../src/dunning/policy-schema.js';
import { declareWrongfulCut, type WrongfulCut } from '../../src/flows/declare-wrongful-cut.js';
import { decideCompensation, type CompensationDecision } from '../../src/flows/decide-compensation.js';
import { approveBatch } from '../../src/flows/decide-batch.js';
import { openHold } from '../../src/flows/open-hold.js';
import { proposeCuts } from '../../src/flows/propose-cuts.js';
import { runBatches } from '../../src/flows/run-batches.js';
import { watchRestores } from '../../src/flows/watch-restores.js';
import { newId } from '../../src/platform/ids.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { eventually } from '../support/eventually.js';
import { moneyFaults } from '../support/invariants.js';
import { plainInForce, PLAIN_CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, cutOff, meterObeys, meterSays, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { balanceOf, commandOf, commandsOf, interruptionsOf, refusal } from './support/looks.js';
import { buildDistrictWithCounter, movable, type MovingRelight } from './support/moving-clock.js';
import { serveCutNotice } from './support/served-notice.js';

const MORNING = '2026-03-10T02:00:00Z';
const HOTLINE = person('hotline');
const SUPERVISOR = person('supervisor');
const OTHER = person('other-supervisor');

/** China with ten yuan a day, fifty at most. */
const POLICIES: readonly DunningPolicy[] = PLAIN_CHINA.map((policy) => ({
  ...policy,
  compensation: { perDayMinor: 1_000n, capMinor: 5_000n, clause: { text: 'a test', verified: true } },
}));

let standing: TestRelight;
let relight: MovingRelight;
beforeAll(async () => {
  standing = await startTestRelight({
    wire: false,
    policies: POLICIES,
    plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 },
  });
}, 60_000);
beforeEach(() => {
  relight = movable(standing, MORNING);
});
const faults = async (of: TestRelight): Promise<string[]> => [
  ...(await ledgerFaults(of.ctx.db)),
  ...(await auditFaults(of.ctx.db)),
  ...(await moneyFaults((text, values) => of.sql(text, values))),
];
afterEach(async () => expect(await faults(standing)).toEqual([]));
afterAll(() => standing.stop());

const declare = (change: Partial<WrongfulCut>, actor = HOTLINE) =>
  declareWrongfulCut(
    relight.ctx,
    {
      cause: 'NO_NOTICE',
      evidence: 'complaint 95598-17',
      note: 'no notice hung there',
      idempotencyKey: newKey(),
      ...change,
    },
    actor,
  );
const decide = (caseId: string, change: Partial<CompensationDecision> = {}, actor = SUPERVISOR) =>
  decideCompensation(
    relight.ctx,
    { caseId, granted: true, note: 'looked at it', idempotencyKey: newKey(), ...change },
    actor,
  );

interface CaseRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly cause: string | null;
  readonly declaredBy: string | null;
  readonly days: number;
  readonly proposedMinor: bigint | null;
  readonly grantedMinor: bigint | null;
}
const casesOf = (house: House): Promise<CaseRow[]> =>
  relight.sql(
    `SELECT id, kind, state, cause, declared_by AS "declaredBy", days, proposed_minor AS "proposedMinor", granted_minor AS "grantedMinor"
     FROM compensation_case WHERE account_id = $1 ORDER BY id`,
    [house.accountId],
  );
const restoreOf = async (house: House) => (await send(relight)).find(({ serial }) => serial === house.serial)!;

/** Cut off, declared wrongful, and lit again after some hours. */
async function wronged(hours: number, totalMinor = 10_000n): Promise<{ house: House; caseId: string }> {
  const house = await buildDebtor(relight, totalMinor);
  const commandId = await cutOff(relight, house);
  relight.pass(hours * 60);
  const { caseId } = await declare({ commandId });
  await meterObeys(relight, house, await restoreOf(house));
  return { house, caseId };
}

describe('a wrongful cut', () => {
  test('is undone at once: reason closed, restore ordered, account held, case opened', async () => {
    const house = await buildDebtor(relight);
    const commandId = await cutOff(relight, house);
    const { restoreCommandIds, pausedBatchId } = await declare({ servicePointId: house.servicePointId });
    expect([restoreCommandIds.length, pausedBatchId]).toEqual([1, null]);
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
    expect(await casesOf(house)).toMatchObject([
      {
        kind: 'WRONGFUL_CUT',
        state: 'OPEN',
        cause: 'NO_NOTICE',
        declaredBy: 'hotline',
        days: 1,
        proposedMinor: 1_000n,
      },
    ]);
    await meterObeys(relight, house, await restoreOf(house));
    expect(await refusal(askForCut(relight, house))).toBe('CUT_BLOCKED');
    expect(
      await relight.sql(`SELECT kind FROM hold WHERE account_id = $1 AND closed_at IS NULL`, [house.accountId]),
    ).toEqual([{ kind: 'INVESTIGATION' }]);
    expect(await refusal(declare({ commandId }))).toBe('WRONGFUL_CUT_DECLARED');
  });

  test('that the meter may have heard only now is superseded by the restore', async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    await send(relight);
    await declare({ commandId, cause: 'PAID' });
    expect(await commandsOf(relight, house)).toEqual(['CUT SUPERSEDED', 'RESTORE QUEUED']);
    expect((await commandOf(relight, commandId)).failureCode).toBe('WRONGFUL_CUT');
  });

  test('can be declared when power is back already: only the case is new', async () => {
    const house = await buildDebtor(relight);
    const commandId = await cutOff(relight, house);
    await pay(relight, house, 10_000n);
    await meterObeys(relight, house, await restoreOf(house));
    expect((await declare({ commandId })).restoreCommandIds).toEqual([]);
    expect(await casesOf(house)).toMatchObject([{ state: 'OPEN' }]);
  });

  test('leaves an open hold of the same kind as it is, and what keeps power off for danger', async () => {
    const house = await buildDebtor(relight);
    const commandId = await cutOff(relight, house);
    await openHold(
      relight.ctx,
      { accountId: house.accountId, kind: 'INVESTIGATION', reason: 'looked into', idempotencyKey: newKey() },
      HOTLINE,
    );
    await declare({ commandId });
    expect(await relight.sql(`SELECT 1 AS one FROM hold WHERE account_id = $1`, [house.accountId])).toHaveLength(1);

    const unsafe = await buildDebtor(relight);
    await askForCut(relight, unsafe, { reason: 'SAFETY', servedOn: null });
    await meterObeys(relight, unsafe, await restoreOf(unsafe));
    expect(await refusal(declare({ servicePointId: unsafe.servicePointId }))).toBe('CLOSE_INTERRUPTION_FIRST');
    expect(await interruptionsOf(relight, unsafe)).toEqual(['SAFETY']);
  });

  test('holds the batch it belonged to, and sends somebody to look at crossed meters', async () => {
    const districtId = await buildDistrictWithCounter(relight);
    const houses: House[] = [];
    for (let n = 0; n < 12; n += 1) {
      const house = await buildDebtor(relight, 10_000n, { districtId });
      await serveCutNotice(relight, house);
      houses.push(house);
    }
    const by = { kind: 'SYSTEM', id: 'propose-cuts' } as const;
    const proposal = { districtId, plannedFor: '2026-03-10', note: 'test' };
    const batchId = (await proposeCuts(relight.ctx, proposal, by)).batchId!;
    const decision = () => ({ batchId, idempotencyKey: newKey(), note: 'checked', role: 'SUPERVISOR' as const });
    await approveBatch(relight.ctx, decision(), SUPERVISOR);
    await approveBatch(relight.ctx, decision(), OTHER).catch(() => undefined);
    await runBatches(relight.ctx, relight.now());
    const [order] = await send(relight);
    const cut = houses.find(({ serial }) => serial === order!.serial)!;
    await meterObeys(relight, cut, order!);
    const neighbour = houses.find((house) => house !== cut)!;

    const declared = await declare({
      commandId: order!.commandId,
      cause: 'WRONG_PREMISE',
      harmedServicePointId: neighbour.servicePointId,
    });
    expect(declared).toMatchObject({ pausedBatchId: batchId });
    expect(declared.restoreCommandIds).toHaveLength(1);
    expect(await relight.sql('SELECT state FROM cut_batch WHERE id = $1', [batchId])).toEqual([{ state: 'PAUSED' }]);
    expect(
      await relight.sql('SELECT kind, state FROM work_order WHERE service_point_id = $1', [cut.servicePointId]),
    ).toEqual([{ kind: 'CHECK_INSTALLATION', state: 'OPEN' }]);
    expect(await casesOf(neighbour)).toMatchObject([{ cause: 'WRONG_PREMISE' }]);
    expect(await casesOf(cut)).toEqual([]);
    expect((await send(relight)).filter(({ operation }) => operation === 'CUT')).toEqual([]);
    await relight.sql(`UPDATE switch_command SET attention_wall_at = 'infinity' WHERE batch_id = $1`, [batchId]);
  });

  test('that nobody sent, or that does not exist, is named', async () => {
    const house = await buildDebtor(relight);
    const { commandId } = await askForCut(relight, house);
    expect(await refusal(declare({ commandId }))).toBe('CUT_NOT_SENT');
    expect(await refusal(declare({ servicePointId: house.servicePointId }))).toBe('CUT_NOT_FOUND');
    const nowhere = '0197f000-0000-7000-8000-000000000000';
    expect(await refusal(declare({ commandId: nowhere }))).toBe('CUT_NOT_FOUND');
    const cut = await buildDebtor(relight);
    const sent = await cutOff(relight, cut);
    expect(await refusal(declare({ commandId: sent, harmedServicePointId: nowhere }))).toBe('SERVICE_POINT_NOT_FOUND');
    expect(await interruptionsOf(relight, cut)).toEqual(['ARREARS']);
  });

  test('declared twice with one key is one act', async () => {
    const house = await buildDebtor(relight);
    const commandId = await cutOff(relight, house);
    const once = { commandId, idempotencyKey: newKey() };
    const [first, second] = [await declare(once), await declare(once)];
    expect([first.replayed, second.replayed, second.caseId]).toEqual([false, true, first.caseId]);
  });
});

describe('a cut that the physics deny', () => {
  async function denied(): Promise<{ house: House; commandId: string }> {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const order = await restoreOf(house);
    // The relay says open and two kilowatts flow on, each time it is asked.
    for (let n = 0; n < 3; n += 1) {
      const requestId = newId();
      await relight.sql(`UPDATE switch_command SET read_request_id = $2 WHERE id = $1`, [commandId, requestId]);
      await meterSays(relight, house, { relay: 'OPEN', lastSequence: order.sequence, powerW: 2_000, requestId });
    }
    return { house, commandId };
  }

  test('suggests a case, which a person declares and another grants', async () => {
    const { house, commandId } = await denied();
    expect((await commandOf(relight, commandId)).failureCode).toBe('PHYSICS_DISAGREE');
    const [suggested] = await casesOf(house);
    expect(suggested).toMatchObject({ kind: 'WRONGFUL_CUT', state: 'OPEN', cause: null, declaredBy: null });
    const caseId = suggested!.id;
    expect(await refusal(decide(caseId))).toBe('COMPENSATION_NOT_DECLARED');
    expect((await declare({ commandId, cause: 'WRONG_PREMISE' }, SUPERVISOR)).caseId).toBe(caseId);
    expect(await refusal(decide(caseId))).toBe('COMPENSATION_BY_OPENER');
    await meterObeys(relight, house, await restoreOf(house));
    await decide(caseId, {}, OTHER);
    expect(await casesOf(house)).toMatchObject([{ state: 'GRANTED', grantedMinor: 1_000n }]);
  });

  test('and was right after all is refused by one person', async () => {
    const { house } = await denied();
    const [suggested] = await casesOf(house);
    await decide(suggested!.id, { granted: false });
    expect(await casesOf(house)).toMatchObject([{ state: 'REFUSED', grantedMinor: null }]);
    await meterObeys(relight, house, await restoreOf(house));
  });
});

describe('a compensation', () => {
  test('is granted by another person, becomes credit and pays what is open', async () => {
    const { house, caseId } = await wronged(49, 2_000n);
    expect(await refusal(decide(caseId, {}, HOTLINE))).toBe('COMPENSATION_BY_OPENER');
    await decide(caseId);
    // Three days begun: thirty yuan, of which twenty pay the bill.
    expect(await casesOf(house)).toMatchObject([{ state: 'GRANTED', days: 3, grantedMinor: 3_000n }]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 1_000n });
    expect(
      await relight.sql(
        `SELECT kind, debit_code AS debit, credit_code AS credit, amount_minor AS minor FROM ledger_entry WHERE credit_account_id = $1 AND kind <> 'BILL' ORDER BY id`,
        [house.accountId],
      ),
    ).toEqual([
      { kind: 'COMPENSATION', debit: 'COMPENSATION', credit: 'CUSTOMER_CREDIT', minor: 3_000n },
      { kind: 'CREDIT_APPLIED', debit: 'CUSTOMER_CREDIT', credit: 'RECEIVABLE', minor: 2_000n },
    ]);
    expect(await refusal(decide(caseId))).toBe('COMPENSATION_DECIDED');
  });

  test('is capped by the policy; another amount is named by whoever decides, up to the limit', async () => {
    const capped = await wronged(30 * 24);
    await decide(capped.caseId);
    expect(await casesOf(capped.house)).toMatchObject([{ days: 30, grantedMinor: 5_000n }]);
    relight.moveTo(MORNING);
    const other = await wronged(1);
    expect(await refusal(decide(other.caseId, { amountMinor: 1_000_001n }))).toBe('COMPENSATION_TOO_LARGE');
    await decide(other.caseId, { amountMinor: 123_456n });
    expect(await casesOf(other.house)).toMatchObject([{ grantedMinor: 123_456n, proposedMinor: 1_000n }]);
  });

  test('is not granted while it is dark, so that no day is left out; it may be refused', async () => {
    const house = await buildDebtor(relight);
    const { caseId } = await declare({ commandId: await cutOff(relight, house) });
    expect(await refusal(decide(caseId))).toBe('POWER_NOT_BACK');
    await decide(caseId, { granted: false }, HOTLINE);
    expect(await casesOf(house)).toMatchObject([{ state: 'REFUSED' }]);
    await meterObeys(relight, house, await restoreOf(house));
  });

  test('two persons at once: one decision counts, one credit is given', async () => {
    const { house, caseId } = await wronged(1, 2_000n);
    const answers = await Promise.allSettled([decide(caseId), decide(caseId, {}, OTHER)]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 1_000n, creditMinor: 0n });
  });

  /** Cut, paid, and lit again two days after the SLA's end: three days in the dark, the last two of them late. */
  async function restoredLate(): Promise<{ house: House; commandId: string; late: CaseRow }> {
    const house = await buildDebtor(relight);
    const commandId = await cutOff(relight, house);
    await pay(relight, house, 10_000n);
    const order = await restoreOf(house);
    relight.moveTo('2026-03-11T03:00:00Z');
    await watchRestores(relight.ctx, relight.now());
    relight.moveTo('2026-03-13T02:00:00Z');
    await meterObeys(relight, house, order);
    return { house, commandId, late: (await casesOf(house))[0]! };
  }

  test('for a late restore stands with the breach, and one person grants what the record proves', async () => {
    const { house, late } = await restoredLate();
    expect(late).toMatchObject({ kind: 'LATE_RESTORE', state: 'OPEN', days: 1 });
    await decide(late.id);
    expect(await casesOf(house)).toMatchObject([{ state: 'GRANTED', days: 2, grantedMinor: 2_000n }]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 2_000n });
  });

  test('that nobody declared is granted by one person up to what the policy proposes, and no further', async () => {
    const { house, late } = await restoredLate();
    for (const amountMinor of [2_001n, 1_000_000n])
      expect(await refusal(decide(late.id, { amountMinor }))).toBe('COMPENSATION_NEEDS_TWO');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 0n });
    await decide(late.id, { amountMinor: 1_500n });
    expect(await casesOf(house)).toMatchObject([{ state: 'GRANTED', proposedMinor: 2_000n, grantedMinor: 1_500n }]);
  });

  test('that nobody declared is not granted at all once the policy names no amount', async () => {
    const { house, late } = await restoredLate();
    const ctx = { ...relight.ctx, policies: plainInForce() };
    const decision = { caseId: late.id, granted: true, note: 'for a friend' };
    for (const amountMinor of [null, 1n])
      expect(
        await refusal(decideCompensation(ctx, { ...decision, amountMinor, idempotencyKey: newKey() }, OTHER)),
      ).toBe('COMPENSATION_NEEDS_TWO');
    expect(await casesOf(house)).toMatchObject([{ state: 'OPEN' }]);
  });

  test('does not pay the same days twice: the wrongful cut first, then the late restore of the same darkness', async () => {
    const { house, commandId, late } = await restoredLate();
    const { caseId } = await declare({ commandId });
    await decide(caseId);
    expect(await refusal(decide(late.id))).toBe('COMPENSATION_PAID');
    expect(await refusal(decide(late.id, { amountMinor: 1n }))).toBe('COMPENSATION_PAID');
    await decide(late.id, { granted: false });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 3_000n });
  });

  test('does not pay the same days twice: the late restore first, then the wrongful cut', async () => {
    const { house, commandId, late } = await restoredLate();
    await decide(late.id);
    const { caseId } = await declare({ commandId });
    expect((await casesOf(house))[1]).toMatchObject({ kind: 'WRONGFUL_CUT', days: 1, proposedMinor: 1_000n });
    await decide(caseId);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 3_000n });
  });

  test('the credit pays the next bill like any other', async () => {
    const { house, caseId } = await wronged(1, 1_000n);
    await decide(caseId, { amountMinor: 1_500n });
    await issueBill(relight, house, 800n, { periodFrom: '2026-02-01', periodTo: '2026-02-02', dueDate: '2026-04-01' });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 300n, creditMinor: 0n });
  });

  test('that does not exist is named', async () => {
    await buildHouse(relight);
    expect(await refusal(decide('0197f000-0000-7000-8000-000000000000'))).toBe('COMPENSATION_NOT_FOUND');
  });
});

describe('over the wire', () => {
  let wired: TestRelight;
  beforeAll(async () => {
    wired = await startTestRelight();
  }, 60_000);
  afterAll(() => wired.stop());

  test('a wrongful cut brings the lights back by itself, and an amount that no policy names is given by the second person', async () => {
    const [house] = await wired.sql<House & { dueMinor: bigint }>(
      `SELECT a.id AS "accountId", a.account_number AS "accountNumber", a.customer_id AS "customerId", sp.id AS "servicePointId", a.due_minor AS "dueMinor", m.id AS "meterId", m.serial
       FROM account a JOIN service_point sp ON sp.account_id = a.id JOIN meter_installation i ON i.service_point_id = sp.id JOIN meter m ON m.id = i.meter_id
       WHERE a.due_minor > 0 AND m.reconnect_mode = 'DIRECT' AND NOT EXISTS (SELECT FROM protection p WHERE p.customer_id = a.customer_id) ORDER BY 2 LIMIT 1`,
    );
    const verified = (commandId: string) =>
      eventually(`${commandId} is verified`, async () => (await commandOf(wired, commandId)).state === 'VERIFIED');
    const commandId = await queueCut(wired, house!);
    await verified(commandId);
    expect(wired.fleet.meter(house!.serial)!.relay).toBe('open');
    const { caseId, restoreCommandIds } = await declareWrongfulCut(
      wired.ctx,
      {
        commandId,
        cause: 'PROTECTED',
        evidence: 'a certificate',
        note: 'a protected customer',
        idempotencyKey: newKey(),
      },
      HOTLINE,
    );
    await verified(restoreCommandIds[0]!);
    expect(wired.fleet.meter(house!.serial)!.relay).toBe('closed');
    const decision = { caseId, granted: true, note: 'our mistake', idempotencyKey: newKey() };
    expect(await refusal(decideCompensation(wired.ctx, decision, SUPERVISOR))).toBe('COMPENSATION_AMOUNT');
    await decideCompensation(wired.ctx, { ...decision, amountMinor: 100n }, SUPERVISOR);
    expect((await balanceOf(wired, house!)).dueMinor).toBe(house!.dueMinor - 100n);
    expect(await faults(wired)).toEqual([]);
    expect(await wired.sql(`SELECT state FROM follow_up WHERE command_id = $1`, [commandId])).toEqual([
      { state: 'CLOSED' },
    ]);
  });
});
