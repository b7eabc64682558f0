import { closeInterruption, openInterruptionAt } from '../../src/flows/change-interruption.js';
import { attendCommands } from '../../src/flows/attend-commands.js';
import { restoreWherePowerIsDue } from '../../src/flows/apply-command-moves.js';
import { requestCut, requestRestore } from '../../src/flows/request-switch.js';
import type { InterruptionReason } from '../../src/switching/interruption.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, meterObeys, meterSays, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { balanceOf, commandOf, commandsOf, interruptionsOf, refusal } from './support/looks.js';

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

const manager = person('district-manager');
const open = (house: House, reason: InterruptionReason, change: { idempotencyKey?: string; note?: string } = {}) =>
  openInterruptionAt(
    relight.ctx,
    { servicePointId: house.servicePointId, reason, note: 'seen on site', idempotencyKey: newKey(), ...change },
    manager,
  );
const close = (interruptionId: string, change: { idempotencyKey?: string; note?: string } = {}) =>
  closeInterruption(
    relight.ctx,
    { interruptionId, note: 'a guarantee was given', idempotencyKey: newKey(), ...change },
    manager,
  );
const idOf = async (house: House, reason: InterruptionReason) =>
  (
    await relight.sql<{ id: string }>(
      'SELECT id FROM interruption WHERE service_point_id = $1 AND reason = $2 AND closed_at IS NULL',
      [house.servicePointId, reason],
    )
  )[0]!.id;

describe('power is due exactly when no reason is open', () => {
  test('a payment never brings back a supply that is off for safety', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { interruptionId } = await open(house, 'SAFETY');
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    expect(restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['SAFETY']);
    expect(await send(relight)).toEqual([]);
    // The danger is removed: now it comes back.
    const closed = await close(interruptionId);
    expect(closed.restoreCommandIds).toHaveLength(1);
    expect((await send(relight)).map(({ commandId }) => commandId)).toEqual(closed.restoreCommandIds);
  });

  test('the danger is removed first: the debt still keeps the power off', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { interruptionId } = await open(house, 'SAFETY');
    expect((await close(interruptionId)).restoreCommandIds).toEqual([]);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
    expect((await pay(relight, house, 10_000n)).restoreCommandIds).toHaveLength(1);
  });

  test('a guarantee is the same act as a payment: the interruption is closed, the debt stays', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { restoreCommandIds, replayed } = await close(await idOf(house, 'ARREARS'));
    expect([restoreCommandIds.length, replayed]).toEqual([1, false]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 10_000n, creditMinor: 0n });
    const [order] = await send(relight);
    await meterObeys(relight, house, order!);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE VERIFIED']);
  });

  test('a guarantee while the cut is on its way: a restore with a higher sequence follows it', async () => {
    const house = await buildDebtor(relight);
    const cut = await queueCut(relight, house);
    const [cutting] = await send(relight);
    const { restoreCommandIds } = await close(await idOf(house, 'ARREARS'));
    expect(await commandOf(relight, cut)).toMatchObject({ state: 'SUPERSEDED', failureCode: 'INTERRUPTION_CLOSED' });
    const [restoring] = await send(relight);
    expect(restoring!.commandId).toBe(restoreCommandIds[0]);
    expect(restoring!.sequence > cutting!.sequence).toBe(true);
  });

  test('nothing is switched by opening one, and a restore is refused from then on', async () => {
    const house = await buildHouse(relight);
    await open(house, 'VACANT');
    expect(await commandsOf(relight, house)).toEqual([]);
    const asking = requestRestore(
      relight.ctx,
      { servicePointId: house.servicePointId, idempotencyKey: newKey(), note: 'please' },
      manager,
    );
    expect(await refusal(asking)).toBe('SUPPLY_INTERRUPTED');
  });
});

describe('opening', () => {
  test.each(['ARREARS', 'PREPAID_EXHAUSTED'] as const)(
    'for %s is refused: debt needs an approved cut',
    async (reason) => {
      expect(await refusal(open(await buildDebtor(relight), reason))).toBe('DEBT_NEEDS_A_CUT');
    },
  );

  test('is once for each reason', async () => {
    const house = await buildHouse(relight);
    const idempotencyKey = newKey();
    const first = await open(house, 'THEFT', { idempotencyKey });
    expect(await open(house, 'THEFT', { idempotencyKey })).toEqual({ ...first, replayed: true });
    expect(await refusal(open(house, 'THEFT'))).toBe('INTERRUPTION_OPEN');
    expect(await refusal(open(house, 'THEFT', { idempotencyKey, note: 'another note' }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    await open(house, 'SAFETY');
    expect(await interruptionsOf(relight, house)).toEqual(['SAFETY', 'THEFT']);
  });

  test('sixteen at once: one interruption', async () => {
    const house = await buildHouse(relight);
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => open(house, 'SAFETY')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await interruptionsOf(relight, house)).toEqual(['SAFETY']);
  });

  test('withdraws a restore that was not sent', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    await open(house, 'SAFETY');
    expect(await commandOf(relight, restoreCommandIds[0]!)).toMatchObject({
      state: 'CANCELLED',
      failureCode: 'INTERRUPTED',
    });
    expect(await send(relight)).toEqual([]);
  });

  test('is refused when the meter may have heard a restore: only a cut can answer that', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    await send(relight);
    await expect(open(house, 'SAFETY')).rejects.toMatchObject({
      code: 'COMMAND_OPEN',
      detail: { commandId: restoreCommandIds[0] },
    });
  });

  test('does not withdraw a cut for danger that waits to be sent', async () => {
    const house = await buildHouse(relight);
    const { commandId } = await requestCut(
      relight.ctx,
      { servicePointId: house.servicePointId, reason: 'SAFETY', idempotencyKey: newKey(), note: 'smoke' },
      manager,
    );
    await expect(open(house, 'VACANT')).rejects.toMatchObject({ code: 'COMMAND_OPEN', detail: { commandId } });
    expect((await send(relight)).map((order) => order.commandId)).toEqual([commandId]);
  });
});

describe('closing', () => {
  test('is once: same key, first answer; another key, refused', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const id = await idOf(house, 'ARREARS');
    const idempotencyKey = newKey();
    const first = await close(id, { idempotencyKey });
    expect(await close(id, { idempotencyKey })).toEqual({ ...first, replayed: true });
    expect(await refusal(close(id))).toBe('INTERRUPTION_CLOSED');
  });

  test('of nothing is refused', async () => {
    expect(await refusal(close('00000000-0000-7000-8000-00000000dead'))).toBe('INTERRUPTION_NOT_FOUND');
  });

  test('a payment and a guarantee at once order one restore', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    await Promise.allSettled([close(await idOf(house, 'ARREARS')), pay(relight, house, 10_000n)]);
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
  });
});

describe('a cut that was not carried out leaves no interruption behind', () => {
  const refusedBy = (house: House, commandId: string, refusalCode: string) =>
    meterSays(relight, house, { kind: 'ACK', commandId, result: 'REFUSED', refusal: refusalCode, relay: 'CLOSED' });

  test('the meter refused it: power never went', async () => {
    const house = await buildDebtor(relight);
    const cut = await queueCut(relight, house);
    await send(relight);
    await refusedBy(house, cut, 'PROTECTED');
    expect(await commandsOf(relight, house)).toEqual(['CUT REJECTED']);
    expect(await interruptionsOf(relight, house)).toEqual([]);
  });

  test('nobody knows: power is made sure of, with a higher sequence', async () => {
    const house = await buildDebtor(relight);
    const cut = await queueCut(relight, house);
    const [cutting] = await send(relight);
    await relight.sql(
      'UPDATE switch_command SET attention_wall_at = clock_timestamp(), give_up_wall_at = clock_timestamp() WHERE id = $1',
      [cut],
    );
    await attendCommands(relight.ctx);
    expect(await commandsOf(relight, house)).toEqual(['CUT FAILED', 'RESTORE QUEUED']);
    expect(await interruptionsOf(relight, house)).toEqual([]);
    const [restoring] = await send(relight);
    expect(restoring!.sequence > cutting!.sequence).toBe(true);
  });
});

describe('the reconciler at contact', () => {
  test('a relay reported open where power is due is ordered closed, once', async () => {
    const house = await buildHouse(relight);
    await meterSays(relight, house, { relay: 'OPEN' });
    await meterSays(relight, house, { relay: 'OPEN' });
    expect(await commandsOf(relight, house)).toEqual(['RESTORE QUEUED']);
  });

  test.each<[what: string, before: (house: House) => Promise<unknown>, armed: boolean]>([
    ['a reason is open', (house) => open(house, 'VACANT'), false],
    ['the meter is armed and waits for its button', () => Promise.resolve(), true],
  ])('nothing is ordered when %s', async (_what, before, armed) => {
    const house = await buildHouse(relight);
    await before(house);
    await meterSays(relight, house, { relay: 'OPEN', armed });
    expect(await commandsOf(relight, house)).toEqual([]);
  });

  test('a relay reported closed where power is not due is never ordered open: a cut is an authorised act', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: 99n });
    expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED']);
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
  });

  test('a restore ordered while a reason is being opened is withdrawn, and nobody is sent to bring back the power', async () => {
    const house = await buildHouse(relight);
    // The reconciler has looked, and has not committed: the reason is opened without seeing its restore.
    await relight.ctx.db.transaction('test-reconcile', async (tx) => {
      await restoreWherePowerIsDue(
        relight.ctx,
        tx,
        [house.meterId],
        { actor: manager, at: relight.ctx.clock.now() },
        'test',
      );
      await open(house, 'SAFETY');
    });
    expect(await commandsOf(relight, house)).toEqual(['RESTORE QUEUED']);
    expect(await send(relight)).toEqual([]);
    await relight.sql(
      'UPDATE switch_command SET attention_wall_at = clock_timestamp(), give_up_wall_at = clock_timestamp() WHERE service_point_id = $1',
      [house.servicePointId],
    );
    await attendCommands(relight.ctx);
    expect(await commandsOf(relight, house)).toEqual(['RESTORE CANCELLED']);
    expect(await relight.sql('SELECT FROM work_order WHERE service_point_id = $1', [house.servicePointId])).toEqual([]);
  });
});
