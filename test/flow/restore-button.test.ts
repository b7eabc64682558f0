import { attendCommands } from '../../src/flows/attend-commands.js';
import { claimNotices } from '../../src/flows/send-notices.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { CHINA } from '../support/policies.js';
import { contextAt, cutOff, meterSays, pay, send } from './support/acts.js';
import { buildDebtor, type House } from './support/houses.js';
import { commandOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterAll(async () => {
  await relight.stop();
});

async function asked(commandId: string): Promise<string> {
  await relight.sql('UPDATE switch_command SET attention_wall_at = clock_timestamp() WHERE id = $1', [commandId]);
  await attendCommands(relight.ctx);
  const [row] = await relight.sql<{ id: string }>('SELECT read_request_id AS id FROM switch_command WHERE id = $1', [
    commandId,
  ]);
  return row!.id;
}

const messagesOf = (house: House) =>
  relight.sql<{ purpose: string; state: string; body: string; channel: string }>(
    `SELECT purpose, state, body, channel FROM notice WHERE account_id = $1 AND command_id IS NOT NULL ORDER BY id`,
    [house.accountId],
  );
const orderedMode = async (commandId: string) =>
  (
    await relight.sql<{ mode: string; reason: string; evidence: string; rearms: number }>(
      'SELECT mode, mode_reason AS reason, mode_evidence AS evidence, rearms FROM switch_command WHERE id = $1',
      [commandId],
    )
  )[0]!;
const workOf = async (house: House) =>
  (
    await relight.sql<{ kind: string; state: string }>(
      'SELECT kind, state FROM work_order WHERE service_point_id = $1 ORDER BY id',
      [house.servicePointId],
    )
  ).map(({ kind, state }) => `${kind} ${state}`);

/** A house whose meter is armed and waits for its button. */
async function armedHouse() {
  const house = await buildDebtor(relight, 10_000n, { reconnectMode: 'ARM' });
  await cutOff(relight, house);
  const { restoreCommandIds } = await pay(relight, house, 10_000n);
  const commandId = restoreCommandIds[0]!;
  const order = (await send(relight)).find((one) => one.commandId === commandId)!;
  await meterSays(relight, house, { relay: 'OPEN', armed: true, lastSequence: order.sequence });
  return { house, commandId, order };
}

describe('an armed meter', () => {
  test('is told to its customer in plain words, with the meter, the money and the stove', async () => {
    const { house, commandId } = await armedHouse();
    expect((await commandOf(relight, commandId)).state).toBe('ARMED');
    expect(await messagesOf(house)).toMatchObject([{ purpose: 'RESTORE_BUTTON', state: 'PREPARED', channel: 'SMS' }]);
    const night = contextAt(relight, '2026-03-10T18:00:00Z');
    const sent = (await claimNotices(night)).find(({ body }) => body.includes(house.serial))!;
    expect(sent.body).toContain('长按电表');
    expect(sent.body).toContain('3秒');
    expect(sent.body).toContain('先关闭电炉');
    expect(sent.body).toContain('已收到电费100.00元');
  });

  test('whose button nobody presses is armed once more, then somebody goes there', async () => {
    const { house, commandId, order } = await armedHouse();
    const expire = async (lastSequence: bigint) =>
      meterSays(relight, house, { relay: 'OPEN', lastSequence, requestId: await asked(commandId) });
    await expire(order.sequence);
    expect(await orderedMode(commandId)).toMatchObject({ rearms: 1 });
    const again = (await send(relight)).find((one) => one.commandId === commandId)!;
    expect(again).toMatchObject({ mode: 'ARM', sequence: order.sequence + 1n });
    await meterSays(relight, house, { relay: 'OPEN', armed: true, lastSequence: again.sequence });
    expect((await commandOf(relight, commandId)).state).toBe('ARMED');
    await expire(again.sequence);
    expect(await commandOf(relight, commandId)).toMatchObject({ state: 'FIELD_VISIT', failureCode: 'ARM_EXPIRED' });
    expect(await workOf(house)).toEqual(['RESTORE_ON_SITE OPEN']);
  });

  test('that says so unasked is not taken at its word: it may be older than the arming', async () => {
    const { house, commandId, order } = await armedHouse();
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: order.sequence });
    expect((await commandOf(relight, commandId)).state).toBe('ARMED');
  });

  test('that says its time ran out is asked at once', async () => {
    const { house, commandId } = await armedHouse();
    const before = await relight.sql<{ at: Date }>('SELECT attention_wall_at AS at FROM switch_command WHERE id = $1', [
      commandId,
    ]);
    await takeUplink(relight.ctx, [
      { kind: 'EVENT', event: { meterId: house.meterId, event: 'ARM_EXPIRED', eventAt: relight.ctx.clock.now() } },
    ]);
    const after = await relight.sql<{ at: Date }>('SELECT attention_wall_at AS at FROM switch_command WHERE id = $1', [
      commandId,
    ]);
    expect(after[0]!.at.getTime()).toBeLessThan(before[0]!.at.getTime());
  });
});

describe('how a restore closes is decided for each order', () => {
  test('directly, with the reason on record', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    expect(await orderedMode(restoreCommandIds[0]!)).toMatchObject({ mode: 'DIRECT', reason: 'NO_REASON_TO_ARM' });
  });

  test('armed where something feeds in behind the open relay, and somebody is sent to look; directly again when it is gone', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { ctx } = relight;
    await meterSays(relight, house, {
      relay: 'OPEN',
      lastSequence: 1n,
      loadVoltageMv: 229_000,
      supplyVoltageMv: 231_000,
    });
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    expect(await orderedMode(restoreCommandIds[0]!)).toMatchObject({ mode: 'ARM', reason: 'BACKFEED' });
    expect(await workOf(house)).toEqual(['CHECK_INSTALLATION OPEN']);
    // The first restore ends in a visit; the generator is off by now, and the next order is judged anew.
    await relight.sql(
      `UPDATE switch_command SET attention_wall_at = clock_timestamp(), give_up_wall_at = clock_timestamp() WHERE id = $1`,
      [restoreCommandIds[0]!],
    );
    await attendCommands(ctx);
    await meterSays(relight, house, { relay: 'OPEN', lastSequence: 1n, loadVoltageMv: 0, supplyVoltageMv: 231_000 });
    const [next] = await relight.sql<{ id: string }>(
      `SELECT id FROM switch_command WHERE service_point_id = $1 AND state = 'QUEUED'`,
      [house.servicePointId],
    );
    expect(await orderedMode(next!.id)).toMatchObject({ mode: 'DIRECT', reason: 'NO_REASON_TO_ARM' });
  });

  test('armed after a month in the dark', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const days = CHINA[0]!.arming.offHours! / 24;
    const later = new Date(relight.ctx.clock.now().getTime() + days * 86_400_000);
    const { restoreCommandIds } = await pay({ ...relight, ctx: contextAt(relight, later) }, house, 10_000n);
    expect(await orderedMode(restoreCommandIds[0]!)).toMatchObject({ mode: 'ARM', reason: 'LONG_OFF' });
  });
});
