import { dispatchProtection, keepAllProtection } from '../../src/flows/keep-protection.js';
import { endProtection, recordProtectionInquiry } from '../../src/flows/record-protection.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, meterSays, pay, send } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { commandOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterAll(async () => {
  await relight.stop();
});

const ordersOf = async (house: House): Promise<string[]> =>
  (
    await relight.sql<{ operation: string; state: string }>(
      'SELECT operation, state FROM protection_order WHERE meter_id = $1 ORDER BY ordered_at, id',
      [house.meterId],
    )
  ).map(({ operation, state }) => `${operation} ${state}`);
const protect = (house: House, kind: 'LIFE_SUPPORT' | 'LONE_ELDERLY' = 'LONE_ELDERLY') =>
  recordProtectionInquiry(
    relight.ctx,
    {
      customerId: house.customerId,
      answers: [{ kind, protects: true }],
      note: 'asked at the door',
      idempotencyKey: newKey(),
    },
    person('manager'),
  );
/** All waits are over. */
const later = () => relight.sql('UPDATE protection_order SET next_attempt_wall_at = clock_timestamp()');
const sentTo = async (house: House) => {
  await later();
  return (await dispatchProtection(relight.ctx)).filter(({ serial }) => serial === house.serial);
};

describe('protection kept at the meter', () => {
  test('follows from the protection on record, and is proven by the meter’s own word', async () => {
    const house = await buildHouse(relight);
    await meterSays(relight, house, {});
    await protect(house);
    expect(await ordersOf(house)).toEqual(['PROTECT QUEUED']);
    const [order] = await sentTo(house);
    expect(order).toMatchObject({ operation: 'PROTECT', reason: 'PROTECTION', mode: 'DIRECT', sequence: 1n });
    await meterSays(relight, house, { protected: false, lastSequence: 0n });
    expect(await ordersOf(house)).toEqual(['PROTECT SENT']);
    await meterSays(relight, house, {
      kind: 'ACK',
      result: 'ACCEPTED',
      commandId: order!.commandId,
      protected: true,
      lastSequence: 1n,
    });
    expect(await ordersOf(house)).toEqual(['PROTECT VERIFIED']);
    await keepAllProtection(relight.ctx, relight.ctx.clock.now());
    expect(await ordersOf(house)).toEqual(['PROTECT VERIFIED']);
  });

  test('ends when the reason is gone', async () => {
    const house = await buildHouse(relight);
    await protect(house);
    const [order] = await sentTo(house);
    await meterSays(relight, house, { protected: true, lastSequence: order!.sequence });
    await endProtection(
      relight.ctx,
      { customerId: house.customerId, kind: 'LONE_ELDERLY', note: 'moved in with her son', idempotencyKey: newKey() },
      person('supervisor'),
    );
    expect(await ordersOf(house)).toEqual(['PROTECT VERIFIED', 'UNPROTECT QUEUED']);
    expect(await sentTo(house)).toMatchObject([{ operation: 'UNPROTECT', sequence: 2n }]);
  });

  test('is never ordered where power is not due, for it would close the relay; it follows when power is back', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    await protect(house);
    expect(await ordersOf(house)).toEqual([]);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    const restore = (await send(relight)).find(({ commandId }) => commandId === restoreCommandIds[0])!;
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: restore.sequence });
    await keepAllProtection(relight.ctx, relight.ctx.clock.now());
    expect(await ordersOf(house)).toEqual(['PROTECT QUEUED']);
  });

  test('an order that waits when a reason is opened is held back at the last moment', async () => {
    const house = await buildHouse(relight);
    await protect(house);
    await relight.sql(
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by, evidence) VALUES (gen_random_uuid(), $1, $2, 'VACANT', now(), 'test', '{}')`,
      [house.servicePointId, house.accountId],
    );
    expect(await sentTo(house)).toEqual([]);
    expect(await ordersOf(house)).toEqual(['PROTECT QUEUED']);
  });

  test('a silent meter is asked with the same number, so that its numbers do not run away', async () => {
    const house = await buildHouse(relight);
    await protect(house);
    expect(await sentTo(house)).toMatchObject([{ sequence: 1n }]);
    expect(await sentTo(house)).toMatchObject([{ sequence: 1n }]);
    const [{ attempts }] = (await relight.sql<{ attempts: number }>(
      'SELECT attempts FROM protection_order WHERE meter_id = $1',
      [house.meterId],
    )) as [{ attempts: number }];
    expect(attempts).toBe(2);
  });

  test('a meter that refuses the number gets a greater one; one that cannot is not asked again', async () => {
    const house = await buildHouse(relight);
    await protect(house);
    const [order] = await sentTo(house);
    const { commandId } = order!;
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'REFUSED',
      refusal: 'SEQUENCE',
      lastSequence: 40n,
    });
    const [again] = await sentTo(house);
    expect(again).toMatchObject({ commandId, sequence: 41n });
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'REFUSED',
      refusal: 'UNSUPPORTED',
      lastSequence: 40n,
    });
    expect(await ordersOf(house)).toEqual(['PROTECT FAILED']);
    await keepAllProtection(relight.ctx, relight.ctx.clock.now());
    expect(await ordersOf(house)).toEqual(['PROTECT FAILED']);
  });

  test('danger comes first: the protection is ended at the meter before the cut is sent', async () => {
    const house = await buildHouse(relight);
    await protect(house, 'LIFE_SUPPORT');
    const [order] = await sentTo(house);
    await meterSays(relight, house, { protected: true, lastSequence: order!.sequence });
    const { commandId } = await requestCut(
      relight.ctx,
      { servicePointId: house.servicePointId, reason: 'SAFETY', idempotencyKey: newKey(), note: 'fire in the house' },
      person('hotline'),
    );
    expect(await ordersOf(house)).toEqual(['PROTECT VERIFIED', 'UNPROTECT QUEUED']);
    expect(await send(relight)).toEqual([]);
    const [ending] = await sentTo(house);
    await meterSays(relight, house, { protected: false, lastSequence: ending!.sequence });
    await relight.sql('UPDATE switch_command SET attention_wall_at = clock_timestamp() WHERE id = $1', [commandId]);
    expect(await send(relight)).toMatchObject([{ commandId, operation: 'CUT' }]);
    expect((await commandOf(relight, commandId)).state).toBe('SENT');
    expect(await ordersOf(house)).toEqual(['PROTECT VERIFIED', 'UNPROTECT VERIFIED']);
  });
});
