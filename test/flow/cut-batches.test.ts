import { abortBatch, approveBatch, pauseBatch, resumeBatch } from '../../src/flows/decide-batch.js';
import { releaseQuarantinedCut, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { dispatchCuts } from '../../src/flows/dispatch-switch.js';
import { proposeCuts, proposeCutsOnRequest } from '../../src/flows/propose-cuts.js';
import { runBatches } from '../../src/flows/run-batches.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';
import { CHINA, PLAIN_CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { approve, askForCut, contextAt, meterObeys, pay, send } from './support/acts.js';
import { buildDebtor, buildDistrict, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { commandOf } from './support/looks.js';
import { serveCutNotice } from './support/served-notice.js';

const DAY = '2026-03-10';
const SYSTEM = { kind: 'SYSTEM', id: 'propose-cuts' } as const;
/** Ten in the morning in Jinan, on a Tuesday on which cuts are allowed. */
const MORNING = '2026-03-10T02:00:00Z';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false });
}, 60_000);
afterAll(() => relight.stop());
// What one test leaves queued must not be sent by the next.
afterEach(async () => {
  for (const { id } of await relight.sql<{ id: string }>('SELECT id FROM cut_batch WHERE ended_at IS NULL'))
    await abortBatch(relight.ctx, decision(id), person('test'));
});

const at = (iso: string) => contextAt(relight, iso);
const decision = (batchId: string) => ({ batchId, idempotencyKey: newKey(), note: 'decided in a test' });
const supervisor = (batchId: string) => ({ ...decision(batchId), role: 'SUPERVISOR' as const });

/** A district of debtors who may be cut, with a counter open where one can pay. */
async function districtOf(size: number): Promise<{ districtId: string; houses: House[] }> {
  const districtId = await buildDistrict(relight);
  const houses: House[] = [];
  for (let n = 0; n < size; n += 1) {
    const house = await buildDebtor(relight, 10_000n, { districtId });
    await serveCutNotice(relight, house);
    houses.push(house);
  }
  await relight.sql(
    `INSERT INTO payment_channel (id, code, name, kind, district_id, hours, open_on_holidays, changed_at)
     SELECT gen_random_uuid(), 'T-' || upper(left(md5($1), 8)), 'test counter', 'COUNTER', $1::uuid, c.hours, false, now() FROM payment_channel c WHERE c.kind = 'COUNTER' LIMIT 1`,
    [districtId],
  );
  return { districtId, houses };
}

const propose = async (districtId: string): Promise<string> =>
  (await proposeCuts(at(MORNING), { districtId, plannedFor: DAY, note: 'test' }, SYSTEM)).batchId!;

async function runningBatch(size: number): Promise<{ batchId: string; houses: House[]; districtId: string }> {
  const { districtId, houses } = await districtOf(size);
  const batchId = await propose(districtId);
  await approveBatch(at(MORNING), supervisor(batchId), person('supervisor'));
  await approveBatch(at(MORNING), supervisor(batchId), person('second supervisor')).catch(() => undefined);
  await runBatches(at(MORNING), new Date(MORNING));
  return { batchId, houses, districtId };
}

const batchOf = async (batchId: string) =>
  (
    await relight.sql<{ state: string; size: number; rampStep: number; endingCode: string | null; owner: string }>(
      `SELECT state, size, ramp_step AS "rampStep", ending_code AS "endingCode", owner FROM cut_batch WHERE id = $1`,
      [batchId],
    )
  )[0]!;

const statesOf = async (batchId: string): Promise<Record<string, number>> =>
  Object.fromEntries(
    (
      await relight.sql<{ state: string; n: number }>(
        `SELECT state, count(*)::int AS n FROM switch_command WHERE batch_id = $1 GROUP BY 1 ORDER BY 1`,
        [batchId],
      )
    ).map(({ state, n }) => [state, n]),
  );

const commandIn = async (batchId: string, house: House): Promise<string> =>
  (
    await relight.sql<{ id: string }>(`SELECT id FROM switch_command WHERE batch_id = $1 AND account_id = $2`, [
      batchId,
      house.accountId,
    ])
  )[0]!.id;

async function sendCuts(iso = MORNING): Promise<SwitchOrder[]> {
  const orders: SwitchOrder[] = [];
  await dispatchCuts(at(iso), (order) => {
    orders.push(order);
    return Promise.resolve();
  });
  return orders;
}

/** Every meter reports that it has done what it was told. */
async function prove(houses: readonly House[], orders: readonly SwitchOrder[]): Promise<void> {
  for (const order of orders)
    await meterObeys(
      relight,
      houses.find(({ serial }) => serial === order.serial)!,
      order,
    );
}

describe('a proposal', () => {
  test('holds everybody who may be cut that day, names an owner and the policy, and waits', async () => {
    const { districtId, houses } = await districtOf(3);
    const protectedHouse = await buildDebtor(relight, 10_000n, {
      districtId,
      protections: [{ id: crypto.randomUUID(), kind: 'LIFE_SUPPORT', proof: 'x', validUntil: null }],
    });
    await serveCutNotice(relight, protectedHouse);
    const batchId = await propose(districtId);
    expect(await batchOf(batchId)).toMatchObject({ state: 'PENDING_APPROVAL', size: 3, owner: 'manager-test' });
    expect(await statesOf(batchId)).toEqual({ PENDING_APPROVAL: 3 });
    const [row] = await relight.sql<{ owner: string; code: string; version: number }>(
      `SELECT owner, policy_code AS code, policy_version AS version FROM switch_command WHERE id = $1`,
      [await commandIn(batchId, houses[0]!)],
    );
    expect(row).toMatchObject({ owner: 'manager-test', code: 'CHINA-POSTPAID' });
    expect(await sendCuts()).toEqual([]);
  });

  test('a second one for the same day finds the first; by a person it is a named error', async () => {
    const { districtId } = await districtOf(1);
    const batchId = await propose(districtId);
    expect((await proposeCuts(at(MORNING), { districtId, plannedFor: DAY, note: 'again' }, SYSTEM)).batchId).toBe(
      undefined,
    );
    const asked = proposeCutsOnRequest(
      at(MORNING),
      { districtId, plannedFor: DAY, note: 'again', idempotencyKey: newKey() },
      person('manager'),
    );
    await expect(asked).rejects.toMatchObject({ code: 'BATCH_OPEN', detail: { batchId } });
  });

  test.each([
    ['yesterday', '2026-03-09', 'PLANNED_DAY_OUT_OF_RANGE'],
    ['in three weeks', '2026-03-31', 'PLANNED_DAY_OUT_OF_RANGE'],
    ['on a Friday', '2026-03-13', 'NOBODY_TO_CUT'],
  ])('%s: %s is %s', async (_what, plannedFor, code) => {
    const { districtId } = await districtOf(1);
    const request = { districtId, plannedFor, note: 'test', idempotencyKey: newKey() };
    await expect(proposeCutsOnRequest(at(MORNING), request, person('manager'))).rejects.toMatchObject({ code });
  });
});

describe('approval', () => {
  test('never by whoever proposed it, never twice by one person', async () => {
    const { districtId } = await districtOf(1);
    const request = { districtId, plannedFor: DAY, note: 'test', idempotencyKey: newKey() };
    const { batchId } = await proposeCutsOnRequest(at(MORNING), request, person('manager'));
    const own = approveBatch(at(MORNING), supervisor(batchId), person('manager'));
    await expect(own).rejects.toMatchObject({ code: 'APPROVAL_BY_REQUESTER' });
    expect(await batchOf(batchId)).toMatchObject({ state: 'PENDING_APPROVAL' });
    await approveBatch(at(MORNING), supervisor(batchId), person('supervisor'));
    expect(await batchOf(batchId)).toMatchObject({ state: 'APPROVED' });
    const twice = approveBatch(at(MORNING), supervisor(batchId), person('supervisor'));
    await expect(twice).rejects.toMatchObject({ code: 'ALREADY_APPROVED' });
  });

  test('two distinct people for a batch of the size the policy names', async () => {
    const needed = PLAIN_CHINA[0]!.approval.twoPersonsFromBatchOf;
    const { districtId } = await districtOf(needed);
    const batchId = await propose(districtId);
    await approveBatch(at(MORNING), supervisor(batchId), person('one'));
    expect(await batchOf(batchId)).toMatchObject({ state: 'PENDING_APPROVAL', size: needed });
    await approveBatch(at(MORNING), supervisor(batchId), person('two'));
    expect(await batchOf(batchId)).toMatchObject({ state: 'APPROVED' });
  }, 60_000);
});

describe('the ramp', () => {
  test('releases ten, waits for their proof, and goes on', async () => {
    const { batchId, houses } = await runningBatch(12);
    expect(await statesOf(batchId)).toEqual({ PENDING_APPROVAL: 2, QUEUED: 10 });
    const orders = await sendCuts();
    expect(orders).toHaveLength(10);
    await runBatches(at(MORNING), new Date(MORNING));
    expect(await statesOf(batchId)).toEqual({ PENDING_APPROVAL: 2, SENT: 10 });
    await prove(houses, orders);
    await runBatches(at(MORNING), new Date(MORNING));
    expect(await statesOf(batchId)).toEqual({ QUEUED: 2, VERIFIED: 10 });
    await prove(houses, await sendCuts());
    await runBatches(at(MORNING), new Date(MORNING));
    expect(await batchOf(batchId)).toMatchObject({ state: 'DONE', rampStep: 2 });
  }, 60_000);

  test('stops for good at the first sign of a wrongful cut', async () => {
    const { batchId, houses } = await runningBatch(12);
    const [first] = houses;
    await relight.sql(
      `INSERT INTO protection (id, customer_id, kind, created_at) VALUES (gen_random_uuid(), $1, 'MEDICAL', now())`,
      [first!.customerId],
    );
    await sendCuts();
    expect(await commandOf(relight, await commandIn(batchId, first!))).toMatchObject({
      state: 'CANCELLED',
      failureCode: 'NOT_PROTECTED',
    });
    await runBatches(at(MORNING), new Date(MORNING));
    expect(await batchOf(batchId)).toMatchObject({ state: 'ABORTED', endingCode: 'WRONGFUL_CUT_SIGNAL' });
    expect((await statesOf(batchId))['PENDING_APPROVAL']).toBeUndefined();
  }, 60_000);

  test('what is left when the day is over expires', async () => {
    const { districtId } = await districtOf(1);
    const batchId = await propose(districtId);
    await runBatches(at('2026-03-10T16:30:00Z'), new Date('2026-03-10T16:30:00Z'));
    expect(await batchOf(batchId)).toMatchObject({ state: 'EXPIRED', endingCode: 'DAY_OVER' });
    expect(await statesOf(batchId)).toEqual({ EXPIRED: 1 });
  });

  test('nothing is released when the hour is over before the last call has had its time', async () => {
    const { districtId } = await districtOf(1);
    const batchId = await propose(districtId);
    await approveBatch(at(MORNING), supervisor(batchId), person('supervisor'));
    await runBatches(at('2026-03-10T07:00:00Z'), new Date('2026-03-10T07:00:00Z'));
    expect(await batchOf(batchId)).toMatchObject({ state: 'APPROVED' });
  });
});

describe('pause, resume, abort', () => {
  test('a paused batch sends nothing, not even what was released; resumed it goes on', async () => {
    const { batchId } = await runningBatch(3);
    await pauseBatch(at(MORNING), decision(batchId), person('hotline'));
    expect(await sendCuts()).toEqual([]);
    expect(await statesOf(batchId)).toEqual({ QUEUED: 3 });
    await resumeBatch(at(MORNING), decision(batchId), person('supervisor'));
    expect(await sendCuts()).toHaveLength(3);
  });

  test('aborted, nothing of it is sent any more; what is over cannot be resumed', async () => {
    const { batchId } = await runningBatch(3);
    await abortBatch(at(MORNING), decision(batchId), person('hotline'));
    expect(await statesOf(batchId)).toEqual({ CANCELLED: 3 });
    expect(await sendCuts()).toEqual([]);
    await expect(resumeBatch(at(MORNING), decision(batchId), person('x'))).rejects.toMatchObject({
      code: 'BATCH_ENDED',
    });
  });
});

describe('a payment takes its cut away in its own transaction', () => {
  const paid = async (batchId: string, house: House) => {
    await pay(relight, house, 10_000n);
    expect(await commandOf(relight, await commandIn(batchId, house))).toMatchObject({
      state: 'CANCELLED',
      failureCode: 'DEBT_SETTLED',
    });
  };

  test('during approval', async () => {
    const { districtId, houses } = await districtOf(2);
    const batchId = await propose(districtId);
    await paid(batchId, houses[0]!);
    expect(await statesOf(batchId)).toEqual({ CANCELLED: 1, PENDING_APPROVAL: 1 });
  });

  test('during the ramp, before and after its release', async () => {
    const { batchId, houses } = await runningBatch(12);
    await paid(batchId, houses[0]!);
    await paid(batchId, houses[11]!);
    expect(await statesOf(batchId)).toEqual({ CANCELLED: 2, PENDING_APPROVAL: 1, QUEUED: 9 });
  }, 60_000);

  test('during a pause', async () => {
    const { batchId, houses } = await runningBatch(2);
    await pauseBatch(at(MORNING), decision(batchId), person('hotline'));
    await paid(batchId, houses[1]!);
  });

  test('in quarantine', async () => {
    const { batchId, houses } = await runningBatch(1);
    const id = await commandIn(batchId, houses[0]!);
    await relight.sql(`UPDATE bill SET estimated = true WHERE account_id = $1`, [houses[0]!.accountId]);
    await relight.sql(`UPDATE switch_command SET state = 'QUARANTINED' WHERE id = $1`, [id]);
    await paid(batchId, houses[0]!);
  });
});

describe('quarantine', () => {
  let strict: TestRelight;
  beforeAll(async () => {
    strict = await startTestRelight({ wire: false, thresholds: true });
  }, 60_000);
  afterAll(() => strict.stop());

  test('over the threshold of a district the rest is held for a second, distinct person', async () => {
    // Twelve service points: 5 % of them is less than one, and one cut an hour is always allowed.
    const houses = await Promise.all(Array.from({ length: 2 }, () => buildDebtor(strict)));
    const ids: string[] = [];
    for (const house of houses) {
      const { commandId } = await askForCut(strict, house);
      await approve(strict, commandId);
      ids.push(commandId);
    }
    const orders: SwitchOrder[] = [];
    const dispatch = () =>
      dispatchCuts(contextAt(strict, '2026-03-10T02:20:00Z'), (order) => {
        orders.push(order);
        return Promise.resolve();
      });
    await dispatch();
    expect(orders).toHaveLength(1);
    const held = ids.find((id) => id !== orders[0]!.commandId)!;
    expect(await commandOf(strict, held)).toMatchObject({
      state: 'QUARANTINED',
      failureCode: 'DISTRICT_PERCENT_PER_HOUR',
    });

    const release = { commandId: held, idempotencyKey: newKey(), note: 'looked at it' };
    for (const involved of ['clerk', 'supervisor']) {
      const refused = releaseQuarantinedCut(contextAt(strict, MORNING), release, person(involved));
      await expect(refused).rejects.toMatchObject({ code: 'RELEASE_BY_REQUESTER' });
      const deletion = cancelSwitchCommand(contextAt(strict, MORNING), release, person(involved));
      await expect(deletion).rejects.toMatchObject({ code: 'RELEASE_BY_REQUESTER' });
    }
    await releaseQuarantinedCut(contextAt(strict, MORNING), release, person('another supervisor'));
    await dispatch();
    expect(orders.map(({ commandId }) => commandId)).toContain(held);
  }, 60_000);

  test('a debt too large to be believed', async () => {
    await strict.sql(`DELETE FROM cut_threshold_change`);
    await strict.sql(
      `INSERT INTO cut_threshold_change (id, kind, value, raises, requested_by, requested_at, reason, effective_from)
       SELECT gen_random_uuid(), k, 1000000, false, 't', '2020-01-01', 'test', '2020-01-01' FROM unnest(ARRAY['DISTRICT_PERCENT_PER_HOUR', 'SYSTEM_PER_MINUTE']) AS k`,
    );
    const rich = await buildHouse(strict);
    await issueBill(strict, rich, 60_000_000n);
    const { commandId } = await askForCut(strict, rich);
    await approve(strict, commandId);
    await send(strict);
    expect(await commandOf(strict, commandId)).toMatchObject({ state: 'QUARANTINED', failureCode: 'DEBT_MAX_MINOR' });
  }, 60_000);
});

describe('under the full rules of China', () => {
  let full: TestRelight;
  beforeAll(async () => {
    full = await startTestRelight({ wire: false, policies: CHINA });
  }, 60_000);
  afterAll(() => full.stop());

  /** A debtor with everything the rules ask for, but for the last call. */
  async function ripeDebtor(): Promise<House> {
    const house = await buildHouse(full);
    await issueBill(full, house, 10_000n, { dueDate: '2026-01-25' });
    await serveCutNotice(full, house, '2026-02-02', { code: 'ARREARS_NOTICE', purpose: 'DEMAND' });
    await serveCutNotice(full, house);
    await full.sql(
      `INSERT INTO arrears_cause (id, account_id, cause, found_at, found_by, note) VALUES (gen_random_uuid(), $1, 'FORGOT', '2026-03-05', 'manager-test', 'asked')`,
      [house.accountId],
    );
    await full.sql(
      `INSERT INTO contact_proof (id, contact_id, at, outcome, how, recorded_by, recorded_at)
       SELECT gen_random_uuid(), k.id, '2026-03-05', 'REACHED', 'CALL', 'manager-test', '2026-03-05' FROM contact k WHERE k.customer_id = $1 AND k.kind = 'MOBILE'`,
      [house.customerId],
    );
    return house;
  }
  const sendAt = async (iso: string): Promise<string[]> => {
    const sent: string[] = [];
    await dispatchCuts(contextAt(full, iso), ({ commandId }) => Promise.resolve(void sent.push(commandId)));
    return sent;
  };
  const lastCallOf = async (house: House) =>
    (
      await full.sql<{ id: string; announced: Date; body: string }>(
        `SELECT id, announced_cut_at AS announced, body FROM notice WHERE account_id = $1 AND purpose = 'LAST_CALL'`,
        [house.accountId],
      )
    )[0];

  test('an approved cut is called a last time and sent at the hour announced, not before', async () => {
    const house = await ripeDebtor();
    const { commandId } = await askForCut(full, house, { servedOn: null });
    await approve({ ...full, ctx: contextAt(full, MORNING) }, commandId);
    const call = await lastCallOf(house);
    expect(call!.announced.toISOString()).toBe('2026-03-10T02:35:00.000Z');
    expect(await sendAt('2026-03-10T02:34:59Z')).toEqual([]);
    await full.sql(
      `UPDATE notice SET state = 'SERVED', served_at = '2026-03-10T02:01:00Z', proof_kind = 'DELIVERY_REPORT', proof_reference = 'r1' WHERE id = $1`,
      [call!.id],
    );
    expect(await sendAt('2026-03-10T02:35:00Z')).toEqual([commandId]);
  });

  test('a last call that did not arrive stops the cut', async () => {
    const house = await ripeDebtor();
    const { commandId } = await askForCut(full, house, { servedOn: null });
    await approve({ ...full, ctx: contextAt(full, MORNING) }, commandId);
    expect(await sendAt('2026-03-10T02:35:00Z')).toEqual([]);
    expect(await commandOf(full, commandId)).toMatchObject({ state: 'CANCELLED', failureCode: 'LAST_CALL' });
  });
});
