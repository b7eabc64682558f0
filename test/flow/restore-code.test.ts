import { createHmac } from 'node:crypto';
import { attendCommands } from '../../src/flows/attend-commands.js';
import { exchangeMeter } from '../../src/flows/exchange-meter.js';
import { issueRestoreCode } from '../../src/flows/issue-restore-code.js';
import { reportPowerBack } from '../../src/flows/report-power-back.js';
import { claimNotices } from '../../src/flows/send-notices.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { watchRestoreMeans } from '../../src/flows/watch-restore-means.js';
import { restoreCodeDigits } from '../../src/switching/restore-code-digits.js';
import { CHINA } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, meterSays, pay, send } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { commandOf, refusal } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({
    wire: false,
    plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 },
    policies: CHINA.map((policy) => ({
      ...policy,
      steps: policy.steps.filter(({ purpose }) => purpose === 'CUT_NOTICE'),
      lastCall: null,
      lateFee: null,
      standing: { ...policy.standing, reachableContact: false, causeKnown: false, graceDaysByRating: {} },
    })),
  });
});
afterAll(async () => {
  await relight.stop();
});

const hotline = person('hotline');
const issue = (house: House, key = newKey()) =>
  issueRestoreCode(
    relight.ctx,
    { servicePointId: house.servicePointId, note: 'the customer calls from the dark', idempotencyKey: key },
    hotline,
  );
const codesOf = async (house: House) =>
  relight.sql<{ state: string; endedBy: string | null; sequence: bigint; origin: string; refusals: number }>(
    'SELECT state, ended_by AS "endedBy", sequence, origin, refusals FROM restore_code WHERE meter_id = $1 ORDER BY sequence',
    [house.meterId],
  );

/** A house that has paid, whose meter is heard no more. */
async function silentHouse() {
  const house = await buildDebtor(relight, 10_000n);
  await cutOff(relight, house);
  const { restoreCommandIds } = await pay(relight, house, 10_000n);
  const [order] = await send(relight);
  return { house, commandId: restoreCommandIds[0]!, order: order! };
}
async function windowEnds(commandId: string) {
  await relight.sql(
    'UPDATE switch_command SET attention_wall_at = clock_timestamp(), give_up_wall_at = clock_timestamp() WHERE id = $1',
    [commandId],
  );
  await attendCommands(relight.ctx);
}
/** Whatever the database holds of these digits, in any table's text. */
async function keptSomewhere(digits: string): Promise<string[]> {
  const tables = await relight.sql<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await relight.sql<{ n: number }>(
      `SELECT count(*)::int AS n FROM "${name}" t WHERE t::text LIKE '%${digits}%' OR t::text LIKE '%${digits.replace(/(\d{4})(?=\d)/g, '$1 ')}%'`,
    );
    if (row!.n > 0) found.push(name);
  }
  return found;
}

test('the digits are those of the contract, leading zeros and all', () => {
  const key = Buffer.alloc(32, 7);
  const code = { serial: '370200000001', installationId: '0197b4c2-0000-7000-8000-000000000001', sequence: 12n };
  const digest = createHmac('sha256', key)
    .update('relight restore 370200000001 0197b4c2-0000-7000-8000-000000000001 12')
    .digest('hex');
  const expected = (BigInt(`0x${digest.slice(0, 16)}`) % 10_000_000_000_000_000n).toString().padStart(16, '0');
  expect(restoreCodeDigits(key, code)).toBe(expected);
  const short = Array.from({ length: 200 }, (_one, n) => restoreCodeDigits(key, { ...code, sequence: BigInt(n) }));
  expect(short.every((digits) => /^\d{16}$/.test(digits))).toBe(true);
  expect(short.some((digits) => digits.startsWith('0'))).toBe(true);
});

describe('a code issued by a person', () => {
  test('is shown once, told to the customer, and kept nowhere', async () => {
    const { house, commandId, order } = await silentHouse();
    const key = newKey();
    const first = await issue(house, key);
    expect(first).toMatchObject({ commandId, replayed: false });
    expect(first.code).toMatch(/^(\d{4} ){3}\d{4}$/);
    expect(await issue(house, key)).toMatchObject({ restoreCodeId: first.restoreCodeId, code: null, replayed: true });
    expect(await codesOf(house)).toMatchObject([{ state: 'ISSUED', origin: 'PERSON', sequence: order.sequence + 1n }]);
    const secrets = (await relight.ctx.meterSecrets!())!;
    const digits = restoreCodeDigits(secrets.restoreCodeKey(house.serial), {
      serial: house.serial,
      installationId: house.installationId,
      sequence: order.sequence + 1n,
    });
    expect(first.code!.replaceAll(' ', '')).toBe(digits);
    const message = (await claimNotices(relight.ctx)).find(({ body }) => body.includes(house.serial))!;
    expect(message.body).toContain(first.code!);
    expect(await keptSomewhere(digits)).toEqual([]);
  });

  test('ends with its meter: another one hangs there now', async () => {
    const { house } = await silentHouse();
    const spare = await buildHouse(relight);
    await issue(house);
    await relight.sql(`UPDATE meter_installation SET removed_at = installed_at + interval '1 s' WHERE id = $1`, [
      spare.installationId,
    ]);
    const exchange = {
      servicePointId: house.servicePointId,
      newMeterId: spare.meterId,
      removedWh: 0n,
      installedWh: 0n,
    };
    await exchangeMeter(relight.ctx, { ...exchange, note: 'dead', idempotencyKey: newKey() }, person('fitter'));
    expect(await codesOf(house)).toMatchObject([{ state: 'VOID', endedBy: 'METER_EXCHANGED' }]);
  });

  test('makes the former one void, and is void itself where a later order came first', async () => {
    const { house, order } = await silentHouse();
    await issue(house);
    await issue(house);
    expect(await codesOf(house)).toMatchObject([{ state: 'VOID', endedBy: 'NEW_CODE' }, { state: 'ISSUED' }]);
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: order.sequence + 3n });
    expect((await codesOf(house))[1]).toMatchObject({ state: 'VOID', endedBy: 'LATER_ORDER' });
  });

  test('that was typed is accepted by the meter’s event, counted where it was mistyped, and the power proven by its state', async () => {
    const { house, commandId, order } = await silentHouse();
    await issue(house);
    const says = (event: string) =>
      takeUplink(relight.ctx, [
        { kind: 'EVENT', event: { meterId: house.meterId, event, eventAt: relight.ctx.clock.now() } },
      ]);
    await says('CODE_REFUSED');
    expect(await codesOf(house)).toMatchObject([{ state: 'ISSUED', refusals: 1 }]);
    await says('CODE_ACCEPTED');
    expect(await codesOf(house)).toMatchObject([{ state: 'ACCEPTED', endedBy: 'METER_EVENT' }]);
    // An event is not signed: it proves no power.
    expect((await commandOf(relight, commandId)).state).not.toBe('VERIFIED');
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: order.sequence + 1n });
    expect((await commandOf(relight, commandId)).state).toBe('VERIFIED');
  });

  test('is proven by the sequence in the meter’s state alone', async () => {
    const { house, order } = await silentHouse();
    await issue(house);
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: order.sequence + 1n });
    expect(await codesOf(house)).toMatchObject([{ state: 'ACCEPTED', endedBy: 'METER_STATE' }]);
  });

  test('is refused where power is not due, is on, or the meter has missed too many orders', async () => {
    const dark = await buildDebtor(relight);
    await cutOff(relight, dark);
    expect(await refusal(issue(dark))).toContain('SUPPLY_INTERRUPTED');
    const lit = await buildHouse(relight);
    await meterSays(relight, lit, {});
    expect(await refusal(issue(lit))).toContain('POWER_IS_ON');
    const { house } = await silentHouse();
    await relight.sql('UPDATE meter SET sequence = reported_sequence + 20 WHERE id = $1', [house.meterId]);
    expect(await refusal(issue(house))).toContain('CODE_OUT_OF_STEP');
    const none = { ...relight.ctx, meterSecrets: () => Promise.resolve(undefined) };
    const request = { servicePointId: house.servicePointId, note: 'why not', idempotencyKey: newKey() };
    expect(await refusal(issueRestoreCode(none, request, hotline))).toContain('CODES_NOT_CONFIGURED');
  });

  test('ends when a reason opens', async () => {
    const { house } = await silentHouse();
    await issue(house);
    await relight.sql(
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by, evidence) VALUES (gen_random_uuid(), $1, $2, 'SAFETY', now(), 'test', '{}')`,
      [house.servicePointId, house.accountId],
    );
    await watchRestoreMeans(relight.ctx, relight.ctx.clock.now());
    expect(await codesOf(house)).toMatchObject([{ state: 'VOID', endedBy: 'NOT_DUE' }]);
  });
});

describe('a meter that does not answer', () => {
  test('gets its code by itself, and somebody comes only when that was not used', async () => {
    const { house, commandId } = await silentHouse();
    await windowEnds(commandId);
    expect(await codesOf(house)).toMatchObject([{ state: 'ISSUED', origin: 'NO_ANSWER' }]);
    expect(['UNKNOWN']).toContain((await commandOf(relight, commandId)).state);
    const later = new Date(relight.ctx.clock.now().getTime() + 13 * 3_600_000);
    await watchRestoreMeans(relight.ctx, later);
    expect(await codesOf(house)).toMatchObject([{ state: 'EXPIRED', endedBy: 'TIME' }]);
    expect(await commandOf(relight, commandId)).toMatchObject({ state: 'FIELD_VISIT', failureCode: 'CODE_EXPIRED' });
  });

  test('ends by somebody’s report where it is never heard again', async () => {
    const { house, commandId } = await silentHouse();
    await windowEnds(commandId);
    await reportPowerBack(
      relight.ctx,
      {
        servicePointId: house.servicePointId,
        means: 'CODE',
        evidence: 'the customer called: light',
        note: 'told by phone',
        idempotencyKey: newKey(),
      },
      hotline,
    );
    expect(await codesOf(house)).toMatchObject([{ state: 'ACCEPTED', endedBy: 'FIELD_REPORT' }]);
    expect(await commandOf(relight, commandId)).toMatchObject({
      state: 'FIELD_VISIT',
      failureCode: 'REPORTED_ON_SITE',
    });
    const work = await relight.sql('SELECT kind, state FROM work_order WHERE service_point_id = $1', [
      house.servicePointId,
    ]);
    expect(work).toEqual([{ kind: 'RESTORE_ON_SITE', state: 'DONE' }]);
  });
});
