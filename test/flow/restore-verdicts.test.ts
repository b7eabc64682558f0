import type { DunningPolicy } from '../../src/dunning/policy-schema.js';
import { releasesOfPayments } from '../../src/dunning/restore-facts.js';
import { explainBreach, recordAcceptance } from '../../src/flows/answer-breach.js';
import { openInterruptionAt } from '../../src/flows/change-interruption.js';
import { openHold } from '../../src/flows/open-hold.js';
import { verdictsOf, watchRestores } from '../../src/flows/watch-restores.js';
import { cutRate } from '../../src/reports/cut-rate.js';
import { switchLatencies } from '../../src/reports/switch-latencies.js';
import { CUSTOMER_CLASSES } from '../../src/accounts/customer.js';
import { promiseOf } from '../../src/dunning/restore-verdict-policy.js';
import { seededRandom } from '../../src/simulation/random.js';
import { auditFaults } from '../support/check-audit.js';
import { PLAIN_CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, meterObeys, pay, send } from './support/acts.js';
import { buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { refusal } from './support/looks.js';
import { buildDistrictWithCounter, movable, type MovingRelight } from './support/moving-clock.js';

const MORNING = '2026-03-10T02:00:00Z';
const MIDNIGHT = '2026-03-10T16:00:00Z';
const DESK = person('desk');

/** China, where a late restore is compensated as well. */
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
afterEach(async () => expect(await auditFaults(standing.ctx.db)).toEqual([]));
afterAll(() => standing.stop());

/** Cuts a new debtor off and lets the debt be paid; the restore is sent and not answered yet. */
async function paidInTheDark(paidAt: string = MORNING, as: Parameters<typeof buildHouse>[1] = {}) {
  const house = await buildDebtor(relight, 10_000n, as);
  await cutOff(relight, house);
  relight.moveTo(paidAt);
  const { payment } = await pay(relight, house, 10_000n);
  const order = (await send(relight)).find(({ serial }) => serial === house.serial)!;
  return { house, paymentId: payment.id, order };
}

async function verdicts(paymentId: string): Promise<string[]> {
  const [release] = await releasesOfPayments(relight.ctx.db, [paymentId]);
  const { sameDay, withinSla } = verdictsOf(relight.ctx, release!, relight.now());
  return [sameDay.outcome, withinSla.outcome];
}

interface Breach {
  readonly id: string;
  readonly kind: string;
  readonly owner: string;
  readonly paymentId: string | null;
  readonly dueAt: Date;
}
const breachesOf = (house: House): Promise<Breach[]> =>
  relight.sql(
    `SELECT id, kind, owner, payment_id AS "paymentId", due_at AS "dueAt" FROM restore_breach WHERE account_id = $1 ORDER BY due_at`,
    [house.accountId],
  );
const kindsOf = async (house: House): Promise<string[]> => (await breachesOf(house)).map(({ kind }) => kind);
const watch = () => watchRestores(relight.ctx, relight.now());

describe('the two clocks of a payment', () => {
  test('run until the meter proves power, and end well', async () => {
    const { house, paymentId, order } = await paidInTheDark();
    relight.pass(1);
    expect(await verdicts(paymentId)).toEqual(['PENDING', 'PENDING']);
    await meterObeys(relight, house, order);
    expect(await verdicts(paymentId)).toEqual(['MET', 'MET']);
    relight.pass(3 * 24 * 60);
    await watch();
    expect(await verdicts(paymentId)).toEqual(['MET', 'MET']);
    expect(await kindsOf(house)).toEqual([]);
  });

  test('power proven one millisecond before midnight is in time, at midnight it is not', async () => {
    const inTime = await paidInTheDark();
    const late = await paidInTheDark();
    relight.moveTo(new Date(new Date(MIDNIGHT).getTime() - 1));
    await meterObeys(relight, inTime.house, inTime.order);
    relight.moveTo(MIDNIGHT);
    await meterObeys(relight, late.house, late.order);
    expect(await verdicts(inTime.paymentId)).toEqual(['MET', 'MET']);
    expect(await verdicts(late.paymentId)).toEqual(['BREACHED', 'MET']);
  });

  test('a payment of a customer whose power is on, and one that leaves debt, are owed nothing', async () => {
    const lit = await buildDebtor(relight);
    const { payment } = await pay(relight, lit, 10_000n);
    expect(await verdicts(payment.id)).toEqual(['NOT_OWED', 'NOT_OWED']);
    const dark = await buildDebtor(relight);
    await cutOff(relight, dark);
    const { payment: part } = await pay(relight, dark, 9_999n);
    expect(await verdicts(part.id)).toEqual(['NOT_OWED', 'NOT_OWED']);
    const [release] = await releasesOfPayments(relight.ctx.db, [part.id]);
    expect(release!.clearedDebt).toBe(false);
  });

  test('another reason for the dark ends the promise', async () => {
    const { house, paymentId } = await paidInTheDark('2026-03-10T02:00:00Z');
    relight.pass(10);
    await standing.sql(
      `UPDATE switch_command SET state = 'SUPERSEDED', ended_at = $2 WHERE payment_id = $1 AND state = 'SENT'`,
      [paymentId, relight.now()],
    );
    await standing.sql(
      `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, reason)
       SELECT $2, 'SYSTEM', 'test', 'switch-command.moved', 'SwitchCommand', id, 'SENT', 'SUPERSEDED', 'test' FROM switch_command WHERE payment_id = $1`,
      [paymentId, relight.now()],
    );
    const opening = { servicePointId: house.servicePointId, note: 'burnt cable', idempotencyKey: newKey() };
    await openInterruptionAt(relight.ctx, { ...opening, reason: 'SAFETY' }, DESK);
    relight.pass(3 * 24 * 60);
    await watch();
    expect(await verdicts(paymentId)).toEqual(['NOT_OWED', 'NOT_OWED']);
    expect(await kindsOf(house)).toEqual([]);
  });

  test('field work that a meter’s word closed is a proof as well', async () => {
    const { house, paymentId } = await paidInTheDark();
    relight.pass(30);
    await standing.sql(
      `INSERT INTO work_order (id, kind, state, service_point_id, account_id, owner, reason, opened_at, deadline_at, closed_at)
       VALUES (gen_random_uuid(), 'RESTORE_ON_SITE', 'DONE', $1, $2, 'fitter', 'test', $3, $3, $3)`,
      [house.servicePointId, house.accountId, relight.now()],
    );
    const [release] = await releasesOfPayments(relight.ctx.db, [paymentId]);
    expect(release!.restores[0]!.provenAt).toEqual(relight.now());
    await standing.sql(
      `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, to_state, reason)
       SELECT now(), 'SYSTEM', 'test', 'work-order.closed', 'WorkOrder', id, 'DONE', 'test' FROM work_order WHERE service_point_id = $1`,
      [house.servicePointId],
    );
  });
});

describe('the watch', () => {
  test('records each broken promise once, with the person who followed the customer up, and opens the compensation case', async () => {
    const { house, paymentId } = await paidInTheDark();
    relight.moveTo('2026-03-10T15:59:00Z');
    await watch();
    expect(await kindsOf(house)).toEqual([]);
    relight.moveTo(MIDNIGHT);
    await watch();
    await watch();
    expect(await kindsOf(house)).toEqual(['SAME_DAY']);
    relight.moveTo('2026-03-11T02:00:00.001Z');
    await Promise.all([watch(), watch()]);
    const [sameDay, withinSla] = await breachesOf(house);
    expect([sameDay!.kind, withinSla!.kind]).toEqual(['SAME_DAY', 'WITHIN_SLA']);
    expect(withinSla!.dueAt).toEqual(new Date('2026-03-11T02:00:00Z'));
    expect(withinSla!.paymentId).toBe(paymentId);
    const [{ owner }] = (await relight.sql<{ owner: string }>(`SELECT owner FROM follow_up WHERE account_id = $1`, [
      house.accountId,
    ])) as [{ owner: string }];
    expect(withinSla!.owner).toBe(owner);
    expect(
      await relight.sql(
        `SELECT kind, state, breach_id AS "breachId", days, proposed_minor AS "proposedMinor", clause FROM compensation_case WHERE account_id = $1`,
        [house.accountId],
      ),
    ).toEqual([
      {
        kind: 'LATE_RESTORE',
        state: 'OPEN',
        breachId: withinSla!.id,
        days: 1,
        proposedMinor: 1_000n,
        clause: 'a test',
      },
    ]);
  });

  test('looks no more at payments whose clocks have ended, and finds a proof that came too late', async () => {
    const { house, paymentId, order } = await paidInTheDark();
    relight.moveTo('2026-03-12T02:00:00Z');
    await meterObeys(relight, house, order);
    relight.pass(60);
    await watch();
    expect(await kindsOf(house)).toEqual(['SAME_DAY', 'WITHIN_SLA']);
    expect(
      await relight.sql('SELECT 1 AS one FROM restore_clock_ended WHERE subject_id = $1', [paymentId]),
    ).toHaveLength(1);
  });

  test('runs the clocks of a restore that no payment ordered: a guarantee', async () => {
    const house = await buildDebtor(relight, 10_000n);
    await cutOff(relight, house);
    const guarantee = { kind: 'GUARANTEE' as const, amountMinor: 10_000n, untilDate: '2026-03-20' };
    await openHold(
      relight.ctx,
      { accountId: house.accountId, reason: 'the employer guarantees', idempotencyKey: newKey(), ...guarantee },
      DESK,
    );
    relight.moveTo(MIDNIGHT);
    await watch();
    const [breach, ...more] = await breachesOf(house);
    expect([breach!.kind, breach!.paymentId, more]).toEqual(['SAME_DAY', null, []]);
  });
});

describe('a breach', () => {
  async function breach() {
    const { house } = await paidInTheDark();
    relight.moveTo(MIDNIGHT);
    await watch();
    return (await breachesOf(house))[0]!.id;
  }
  const explain = (breachId: string, explanation = 'the concentrator was down') =>
    explainBreach(relight.ctx, { breachId, explanation, idempotencyKey: newKey() }, DESK);
  const answer = (breachId: string, accepted: boolean) =>
    recordAcceptance(
      relight.ctx,
      { breachId, accepted, proof: 'call 4711', note: 'spoke to the customer', idempotencyKey: newKey() },
      DESK,
    );

  test('is explained, and accepted by the customer with proof', async () => {
    const breachId = await breach();
    expect(await refusal(answer(breachId, true))).toBe('BREACH_NOT_EXPLAINED');
    await explain(breachId);
    await answer(breachId, false);
    await explain(breachId, 'and nobody called you, which was wrong');
    await answer(breachId, true);
    expect(
      await relight.sql(
        `SELECT explanation, explained_by AS by, accepted_by_customer AS accepted, acceptance_proof AS proof FROM restore_breach WHERE id = $1`,
        [breachId],
      ),
    ).toEqual([
      { explanation: 'and nobody called you, which was wrong', by: 'desk', accepted: true, proof: 'call 4711' },
    ]);
    expect(await refusal(explain(breachId))).toBe('BREACH_ACCEPTED');
    expect(await refusal(answer(breachId, false))).toBe('BREACH_ACCEPTED');
  });

  test('that does not exist is named', async () => {
    expect(await refusal(explain('0197f000-0000-7000-8000-000000000000'))).toBe('BREACH_NOT_FOUND');
  });

  test('asked twice with one key it is one act', async () => {
    const breachId = await breach();
    const once = { breachId, explanation: 'the concentrator was down', idempotencyKey: newKey() };
    expect((await explainBreach(relight.ctx, once, DESK)).replayed).toBe(false);
    expect((await explainBreach(relight.ctx, once, DESK)).replayed).toBe(true);
  });
});

describe('the figures of a period', () => {
  const promises = CUSTOMER_CLASSES.flatMap((customerClass) =>
    (['POSTPAID', 'PREPAID'] as const).map((paymentMode) => ({
      customerClass,
      paymentMode,
      ...promiseOf(
        POLICIES.find((policy) => policy.paymentMode === paymentMode),
        'Asia/Shanghai',
      ),
    })),
  );

  test('say what the verdicts say, payment by payment, and count cuts beside restores', async () => {
    const seed = 20_260_310;
    const random = seededRandom(seed);
    const districtId = await buildDistrictWithCounter(relight);
    const dark: Awaited<ReturnType<typeof paidInTheDark>>[] = [];
    for (let n = 0; n < 12; n += 1) {
      relight.moveTo(MORNING);
      const postedAt = new Date(new Date(MORNING).getTime() + Math.floor(random() * 13.9 * 3_600_000));
      dark.push(await paidInTheDark(postedAt.toISOString(), { districtId }));
    }
    const afterMs = [0.1, 1, 5, 8, 12, 20, 23, 24, 25, 30, 47].map((hours) => hours * 3_600_000);
    for (const [index, ms] of afterMs.entries()) {
      relight.moveTo(new Date(new Date(MORNING).getTime() + 13.9 * 3_600_000 + ms * random()));
      await meterObeys(relight, dark[index]!.house, dark[index]!.order);
    }
    relight.moveTo('2026-03-14T00:00:00Z');
    const scope = { from: new Date('2026-03-09T16:00:00Z'), to: new Date(MIDNIGHT), districtIds: [districtId] };
    const figures = await switchLatencies(relight.ctx.db, scope, promises);
    const outcomes = await Promise.all(dark.map(({ paymentId }) => verdicts(paymentId)));
    const met = (index: number) => outcomes.filter((pair) => pair[index] === 'MET').length;
    expect({ seed, ...figures }).toMatchObject({
      seed,
      restoresOwed: 12,
      sameDay: met(0),
      withinSla: met(1),
      restores: { count: 11 },
      cuts: { count: 12, medianSeconds: 0, maxSeconds: 0 },
    });
    expect(figures.restores.maxSeconds!).toBeGreaterThanOrEqual(figures.restores.p95Seconds!);
    expect(figures.restores.p95Seconds!).toBeGreaterThanOrEqual(figures.restores.medianSeconds!);
    const other = { ...scope, districtIds: [dark[0]!.house.accountId] };
    expect(await switchLatencies(relight.ctx.db, other, promises)).toMatchObject({
      restoresOwed: 0,
      restores: { count: 0, medianSeconds: null },
    });
  });

  test('the cut rate counts each service point once, in both numbers', async () => {
    const districtId = await buildDistrictWithCounter(relight);
    const houses = [];
    for (let n = 0; n < 4; n += 1) houses.push(await buildHouse(relight, { districtId }));
    const [cut] = houses;
    for (const house of houses) await issueBill(relight, house, 10_000n);
    await issueBill(relight, cut!, 20_000n, { periodFrom: '2026-01-02', periodTo: '2026-01-03' });
    await cutOff(relight, cut!);
    const scope = { from: new Date('2025-12-31T16:00:00Z'), to: new Date(MIDNIGHT), districtIds: [districtId] };
    expect(await cutRate(relight.ctx.db, scope)).toEqual({ cutPoints: 1, billedPoints: 4, rate: 0.25 });
    const before = { ...scope, from: new Date('2025-01-01T00:00:00Z'), to: new Date('2025-02-01T00:00:00Z') };
    expect(await cutRate(relight.ctx.db, before)).toEqual({ cutPoints: 0, billedPoints: 0, rate: null });
  });
});
