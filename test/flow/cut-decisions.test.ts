import { approveSwitchCommand, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { dispatchCuts } from '../../src/flows/dispatch-switch.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { chineseHolidays } from '../../src/platform/holidays.js';
import { newId } from '../../src/platform/ids.js';
import { addDays, startOfLocalDay } from '../../src/platform/local-date.js';
import type { SwitchOrder } from '../../src/switching/dispatch.js';
import { auditFaults } from '../support/check-audit.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { approve, contextAt, cutOff, meterSays, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { commandOf, commandsOf, interruptionsOf } from './support/looks.js';
import { serveCutNotice } from './support/served-notice.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
// Nothing is left queued for the next test's dispatcher.
afterEach(async () => {
  await relight.sql(
    `UPDATE switch_command SET state = 'CANCELLED', ended_at = requested_at WHERE state IN ('QUEUED', 'PENDING_APPROVAL')`,
  );
  await relight.sql(
    `UPDATE switch_command SET state = 'SUPERSEDED', ended_at = requested_at WHERE state IN ('SENT', 'ACCEPTED', 'UNKNOWN')`,
  );
});
afterAll(() => relight.stop());

const clerk = person('clerk');
const supervisor = person('supervisor');
const cutFor = (house: House, reason: 'SAFETY' | 'THEFT' | 'CUSTOMER_REQUEST' | 'VACANT') =>
  requestCut(
    relight.ctx,
    { servicePointId: house.servicePointId, reason, idempotencyKey: newKey(), note: 'smoke in the cellar' },
    clerk,
  );
const protect = (house: House) =>
  relight.sql(`INSERT INTO protection (id, customer_id, kind, created_at) VALUES ($1, $2, 'LIFE_SUPPORT', now())`, [
    newId(),
    house.customerId,
  ]);

describe('the last decision, in the transaction that sends', () => {
  const dispatchAt = async (at: string): Promise<SwitchOrder[]> => {
    const orders: SwitchOrder[] = [];
    await dispatchCuts(contextAt(relight, at), (order) => Promise.resolve(void orders.push(order)));
    return orders;
  };

  test('sends what is still right, opens the interruption with its evidence, and says until when the meter may obey', async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const [order] = await dispatchAt('2026-03-10T02:30:00Z');
    expect(order).toMatchObject({
      commandId,
      serial: house.serial,
      installationId: house.installationId,
      accountNumber: house.accountNumber,
      operation: 'CUT',
      mode: 'DIRECT',
      sequence: 1n,
    });
    expect(order!.notAfter).toEqual(new Date('2026-03-10T02:40:00Z'));
    expect(await interruptionsOf(relight, house)).toEqual(['ARREARS']);
    const [interruption] = await relight.sql<{
      by: string;
      command: string;
      checks: { code: string; passed: boolean }[];
    }>(
      `SELECT opened_by AS by, command_id AS command, evidence->'checks' AS checks FROM interruption WHERE service_point_id = $1`,
      [house.servicePointId],
    );
    expect(interruption).toMatchObject({ by: 'clerk', command: commandId });
    expect(interruption!.checks.filter(({ passed }) => passed)).toHaveLength(19);
  });

  test('five minutes before the last allowed hour, the meter may obey for five minutes', async () => {
    await queueCut(relight, await buildDebtor(relight));
    const [order] = await dispatchAt('2026-03-10T06:55:00Z');
    expect(order!.notAfter).toEqual(new Date('2026-03-10T07:00:00Z'));
  });

  test('a cut because nobody lives there waits for approval, the day and the hour as one for debt does', async () => {
    const house = await buildHouse(relight);
    const { commandId } = await cutFor(house, 'VACANT');
    expect((await commandOf(relight, commandId)).state).toBe('PENDING_APPROVAL');
    await approve(relight, commandId);
    expect(await dispatchAt('2026-03-13T02:30:00Z')).toEqual([]);
    expect(await commandOf(relight, commandId)).toMatchObject({ state: 'CANCELLED', failureCode: 'ALLOWED_DAY' });
  });

  // 10 March 2026 is a Tuesday; 02:30 UTC is 10:30 in Jinan.
  test.each<[what: string, blocker: string, before: (house: House) => Promise<unknown>, at: string]>([
    [
      'a part was paid, and what is left is too small',
      'MIN_DEBT',
      (house) => pay(relight, house, 9_001n),
      '2026-03-10T02:30:00Z',
    ],
    ['the customer became protected', 'NOT_PROTECTED', protect, '2026-03-10T02:30:00Z'],
    [
      'the relay is open',
      'NOT_ALREADY_OFF',
      (house) => relight.sql(`UPDATE meter SET reported_relay = 'OPEN' WHERE id = $1`, [house.meterId]),
      '2026-03-10T02:30:00Z',
    ],
    ['it is 08:59', 'ALLOWED_HOUR', () => Promise.resolve(), '2026-03-11T00:59:59Z'],
    ['it is 15:00', 'ALLOWED_HOUR', () => Promise.resolve(), '2026-03-10T07:00:00Z'],
    ['it is Friday', 'ALLOWED_DAY', () => Promise.resolve(), '2026-03-13T02:30:00Z'],
    ['the notice is older than seven days', 'NOTICE_SERVED', () => Promise.resolve(), '2026-03-16T02:30:00Z'],
  ])('%s: cancelled with %s', async (_what, blocker, before, at) => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    await before(house);
    expect(await dispatchAt(at)).toEqual([]);
    expect(await commandOf(relight, commandId)).toMatchObject({
      state: 'CANCELLED',
      failureCode: blocker,
      sequence: null,
    });
    expect(await interruptionsOf(relight, house)).toEqual([]);
    const [told] = await relight.sql<{ checks: { code: string }[] }>(
      `SELECT detail->'checks' AS checks FROM audit_entry WHERE subject_id = $1 AND to_state = 'CANCELLED'`,
      [commandId],
    );
    expect(told!.checks.map(({ code }) => code)).toContain(blocker);
  });

  test.each<[what: string, day: string, sent: boolean]>([
    ['an ordinary Thursday', '2026-03-12', true],
    ['a Thursday that is the eve of Labour Day', '2026-04-30', false],
    ['the Tuesday of the National Day holiday', '2026-10-06', false],
    ['a Saturday declared a make-up working day (调休)', '2026-05-09', false],
    ['the day of a year without a published calendar', firstUncoveredTuesday(), false],
  ])('%s (%s)', async (_what, day, sent) => {
    const house = await buildDebtor(relight);
    await serveCutNotice(relight, house, addDays(day, -4));
    const { commandId } = await requestCut(
      contextAt(relight, startOfLocalDay(day)),
      {
        servicePointId: house.servicePointId,
        reason: 'ARREARS',
        idempotencyKey: newKey(),
        note: 'unpaid',
      },
      clerk,
    );
    const morning = new Date(startOfLocalDay(day).getTime() + 10 * 3_600_000).toISOString();
    await approveSwitchCommand(
      contextAt(relight, morning),
      { commandId, role: 'SUPERVISOR', idempotencyKey: newKey(), note: 'checked' },
      supervisor,
    );
    expect((await dispatchAt(morning)).map((order) => order.commandId)).toEqual(sent ? [commandId] : []);
    if (!sent) expect((await commandOf(relight, commandId)).failureCode).toBe('ALLOWED_DAY');
  });

  test('an exchanged meter is not cut in place of the old one', async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const other = await buildHouse(relight);
    await relight.sql(`UPDATE meter_installation SET removed_at = now(), removed_wh = 0 WHERE id IN ($1, $2)`, [
      house.installationId,
      other.installationId,
    ]);
    await relight.sql(
      `INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) VALUES ($1, $2, $3, now(), 0)`,
      [newId(), other.meterId, house.servicePointId],
    );
    expect(await dispatchAt('2026-03-10T02:30:00Z')).toEqual([]);
    expect(await commandOf(relight, commandId)).toMatchObject({ state: 'CANCELLED', failureCode: 'SAME_INSTALLATION' });
  });
});

describe('a cut for danger', () => {
  test('waits for nobody and for no hour, and debt cannot be its excuse', async () => {
    const house = await buildHouse(relight, {
      protections: [{ id: newId(), kind: 'LIFE_SUPPORT', proof: null, validUntil: null }],
    });
    const { commandId } = await cutFor(house, 'SAFETY');
    expect((await commandOf(relight, commandId)).state).toBe('QUEUED');
    const orders: SwitchOrder[] = [];
    await dispatchCuts(contextAt(relight, '2026-10-01T15:00:00Z'), (order) => Promise.resolve(void orders.push(order)));
    expect(orders.map((order) => order.commandId)).toEqual([commandId]);
    expect(await interruptionsOf(relight, house)).toEqual(['SAFETY']);
  });

  test('pushes a cut for arrears aside that waits or is queued', async () => {
    const house = await buildDebtor(relight);
    const arrears = await queueCut(relight, house);
    const { commandId } = await cutFor(house, 'SAFETY');
    expect(await commandOf(relight, arrears)).toMatchObject({
      state: 'CANCELLED',
      failureCode: 'OVERRIDDEN',
      supersededById: commandId,
    });
    await pay(relight, house, 10_000n);
    expect((await commandOf(relight, commandId)).state).toBe('QUEUED');
  });

  test('pushes a restore aside that is under way, also while the relay is still reported open', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    const [restoring] = await send(relight);
    const { commandId } = await cutFor(house, 'SAFETY');
    expect(await commandOf(relight, restoreCommandIds[0]!)).toMatchObject({
      state: 'SUPERSEDED',
      supersededById: commandId,
    });
    const [order] = await send(relight);
    expect(order).toMatchObject({ commandId, operation: 'CUT' });
    expect(order!.sequence > restoring!.sequence).toBe(true);
    expect(await interruptionsOf(relight, house)).toEqual(['SAFETY']);
  });

  test.each<[what: string, end: (commandId: string, house: House) => Promise<unknown>]>([
    [
      'is cancelled',
      (commandId) =>
        cancelSwitchCommand(relight.ctx, { commandId, idempotencyKey: newKey(), note: 'false alarm' }, supervisor),
    ],
    [
      'is refused by the meter',
      async (commandId, house) => {
        await send(relight);
        await meterSays(relight, house, {
          kind: 'ACK',
          commandId,
          result: 'REFUSED',
          refusal: 'PROTECTED',
          relay: 'OPEN',
        });
      },
    ],
  ])('that %s leaves nobody in the dark: the restore it had pushed aside is ordered anew', async (_what, end) => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    await pay(relight, house, 10_000n);
    await send(relight);
    const { commandId } = await cutFor(house, 'SAFETY');
    await end(commandId, house);
    expect((await commandsOf(relight, house)).at(-1)).toBe('RESTORE QUEUED');
    expect(await interruptionsOf(relight, house)).toEqual([]);
  });
});

test('all that these tests did is told by the audit', async () => {
  // The clean-up after each test is not, nor are meters taken off behind the flows' back.
  const told = (await auditFaults(relight.ctx.db)).filter(
    (fault) => !/is (CANCELLED|SUPERSEDED), its last entry|^MeterInstallation/.test(fault),
  );
  expect(told).toEqual([]);
});

/** A Tuesday of a year whose holidays are not published yet. */
function firstUncoveredTuesday(): string {
  let year = 2027;
  while (chineseHolidays.coversYear(year)) year += 1;
  let day = `${year}-03-01`;
  while (new Date(`${day}T00:00:00Z`).getUTCDay() !== 2) day = addDays(day, 1);
  return day;
}
