import { exchangeMeter } from '../../src/flows/exchange-meter.js';
import type { FlowContext } from '../../src/flows/context.js';
import { issueBills } from '../../src/flows/issue-bills.js';
import { recordReadings } from '../../src/flows/record-readings.js';
import { insertMeters } from '../../src/metering/installations.js';
import type { Database } from '../../src/platform/database.js';
import { newId } from '../../src/platform/ids.js';
import { startOfLocalDay } from '../../src/platform/local-date.js';
import { auditFaults } from '../support/check-audit.js';
import { ledgerFaults } from '../support/check-ledger.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, pay, readRegister } from './support/acts.js';
import { buildDistrict, buildHouse, newKey, type House } from './support/houses.js';
import { balanceOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1 } });
});
afterEach(async () => {
  expect(await ledgerFaults(relight.ctx.db)).toEqual([]);
});
afterAll(async () => {
  expect(await auditFaults(relight.ctx.db)).toEqual([]);
  await relight.stop();
});

const clerk = person('billing-clerk');
const kwh = (value: number) => BigInt(Math.round(value * 1_000));

/** Bills a district up to a day, at nine in the morning of that day. */
const run = (districtId: string, periodTo: string, ctx: FlowContext = relight.ctx, pageSize?: number) =>
  issueBills(
    ctx,
    { districtId, periodTo, pageSize, issuedAt: new Date(startOfLocalDay(periodTo).getTime() + 9 * 3_600_000) },
    clerk,
  );

/** Bills of a house, oldest first: '2026-01-01 2026-02-01 100000 Wh 73.57 read'. */
const billsOf = async (house: House) =>
  (
    await relight.sql<{ text: string }>(
      `SELECT period_from || ' ' || period_to || ' ' || energy_wh || ' Wh ' || round(total_minor / 100.0, 2) || CASE WHEN estimated THEN ' estimated' ELSE ' read' END AS text
       FROM bill WHERE service_point_id = $1 ORDER BY period_from`,
      [house.servicePointId],
    )
  ).map(({ text }) => text);
const linesOf = async (house: House, periodFrom: string) =>
  (
    await relight.sql<{ text: string }>(
      `SELECT 'tier ' || tier || ': ' || l.energy_wh || ' Wh ' || round(amount_minor / 100.0, 2) AS text FROM bill_line l JOIN bill b ON b.id = l.bill_id
       WHERE b.service_point_id = $1 AND b.period_from = $2 ORDER BY line_number`,
      [house.servicePointId, periodFrom],
    )
  ).map(({ text }) => text);

async function houseWith(registers: Readonly<Record<string, bigint>>, as: Parameters<typeof buildHouse>[1] = {}) {
  const districtId = as.districtId ?? (await buildDistrict(relight));
  const house = await buildHouse(relight, { ...as, districtId });
  await readRegister(relight, house.meterId, registers);
  return { house, districtId };
}

describe('a run', () => {
  test('bills the energy between the registers at both edges, and says until when it is to be paid', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-02-01': kwh(123.456) });
    expect(await run(districtId, '2026-02-01')).toEqual({ issued: 1, skipped: [] });
    // 123.456 kWh at 0.735686 yuan
    expect(await billsOf(house)).toEqual(['2026-01-01 2026-02-01 123456 Wh 90.82 read']);
    const [bill] = await relight.sql<{ due: string; issued: Date }>(
      'SELECT due_date AS due, issued_at AS issued FROM bill WHERE service_point_id = $1',
      [house.servicePointId],
    );
    expect(bill).toEqual({ due: '2026-02-21', issued: new Date('2026-02-01T01:00:00Z') });
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 9_082n, creditMinor: 0n });
  });

  test('done twice, or three times at once, is done once', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-02-01': kwh(100) });
    const runs = await Promise.all([
      run(districtId, '2026-02-01'),
      run(districtId, '2026-02-01'),
      run(districtId, '2026-02-01'),
    ]);
    expect(runs.reduce((sum, { issued }) => sum + issued, 0)).toBe(1);
    expect(await run(districtId, '2026-02-01')).toEqual({ issued: 0, skipped: [] });
    expect(await billsOf(house)).toHaveLength(1);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 7_357n, creditMinor: 0n });
  });

  test('takes up where the last one ended, also after a missed month', async () => {
    const { house, districtId } = await houseWith({
      '2026-01-01': 0n,
      '2026-02-01': kwh(100),
      '2026-03-01': kwh(150),
      '2026-04-01': kwh(180),
    });
    await run(districtId, '2026-02-01');
    await run(districtId, '2026-04-01');
    expect(await billsOf(house)).toEqual([
      '2026-01-01 2026-02-01 100000 Wh 73.57 read',
      '2026-02-01 2026-04-01 80000 Wh 58.85 read',
    ]);
  });

  test('names the places it could not bill, and bills the others', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-02-01': kwh(100) });
    const { house: neverRead } = await houseWith({}, { districtId });
    const { house: noTariff } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(100) },
      { districtId, tariffCode: 'NO-SUCH-TARIFF' },
    );
    const { issued, skipped } = await run(districtId, '2026-02-01');
    expect([issued, [...skipped].sort()]).toEqual([1, [neverRead.servicePointId, noTariff.servicePointId].sort()]);
    expect(await billsOf(house)).toHaveLength(1);
    // Once the reading is there, the next run bills it.
    await readRegister(relight, neverRead.meterId, { '2026-01-01': 0n, '2026-02-01': kwh(10) });
    expect((await run(districtId, '2026-02-01')).issued).toBe(1);
  });

  test('interrupted half way and repeated, bills everything once', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-02-01': kwh(10) });
    const { house: second } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(20) },
      { districtId, accountOf: house },
    );
    const { house: third } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(30) },
      { districtId, accountOf: house },
    );
    // A page each; the process dies after the first.
    let left = 1;
    const db = { ...relight.ctx.db, rows: relight.ctx.db.rows.bind(relight.ctx.db) } as unknown as Database;
    db.transaction = (name, work) =>
      (left -= 1) < 0 ? Promise.reject(new Error('the process died')) : relight.ctx.db.transaction(name, work);
    await expect(run(districtId, '2026-02-01', { ...relight.ctx, db }, 1)).rejects.toThrow('the process died');
    const billed = async () => (await Promise.all([house, second, third].map(billsOf))).flat().length;
    expect(await billed()).toBe(1);
    expect((await run(districtId, '2026-02-01')).issued).toBe(2);
    expect(await billed()).toBe(3);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 736n + 1_471n + 2_207n, creditMinor: 0n });
  });

  test('bills a place with no use at nothing', async () => {
    const { house, districtId } = await houseWith(
      { '2026-01-01': kwh(7), '2026-02-01': kwh(7) },
      { installedWh: kwh(7) },
    );
    await run(districtId, '2026-02-01');
    expect(await billsOf(house)).toEqual(['2026-01-01 2026-02-01 0 Wh 0.00 read']);
    expect(await linesOf(house, '2026-01-01')).toEqual([]);
  });
});

describe('tiers', () => {
  test('go on through the year: the bill that crosses the limit has a line on each side of it', async () => {
    const { house, districtId } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(2_000), '2026-03-01': kwh(2_520), '2026-04-01': kwh(2_520.001) },
      { tariffCode: 'SHANDONG-RESIDENTIAL' },
    );
    for (const day of ['2026-02-01', '2026-03-01', '2026-04-01']) await run(districtId, day);
    expect(await linesOf(house, '2026-01-01')).toEqual(['tier 1: 2000000 Wh 1093.80']);
    expect(await linesOf(house, '2026-02-01')).toEqual(['tier 1: 520000 Wh 284.39']);
    expect(await linesOf(house, '2026-03-01')).toEqual(['tier 2: 1 Wh 0.00']);
  });

  test('a bill over the limit', async () => {
    const { house, districtId } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(2_000), '2026-03-01': kwh(3_000) },
      { tariffCode: 'SHANDONG-RESIDENTIAL' },
    );
    await run(districtId, '2026-02-01');
    await run(districtId, '2026-03-01');
    expect(await linesOf(house, '2026-02-01')).toEqual(['tier 1: 520000 Wh 284.39', 'tier 2: 480000 Wh 286.51']);
  });

  test('begin again on 1 January', async () => {
    const { house, districtId } = await houseWith(
      { '2025-11-01': 0n, '2026-01-01': kwh(3_000), '2026-02-01': kwh(3_100) },
      { tariffCode: 'SHANDONG-RESIDENTIAL', installedOn: '2025-11-01' },
    );
    await run(districtId, '2026-01-01');
    await run(districtId, '2026-02-01');
    expect(await linesOf(house, '2025-11-01')).toEqual(['tier 1: 2520000 Wh 1378.19', 'tier 2: 480000 Wh 286.51']);
    expect(await linesOf(house, '2026-01-01')).toEqual(['tier 1: 100000 Wh 54.69']);
  });
});

describe('estimates (估抄)', () => {
  test('an edge that was not read lies on the line between its neighbours', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-01-22': kwh(210), '2026-02-11': kwh(410) });
    await run(districtId, '2026-02-01');
    expect(await billsOf(house)).toEqual(['2026-01-01 2026-02-01 310000 Wh 228.06 estimated']);
  });

  test('after the last reading use goes on at its pace, and the next bill makes up for it', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-01-21': kwh(200) });
    await run(districtId, '2026-02-01');
    expect(await billsOf(house)).toEqual(['2026-01-01 2026-02-01 310000 Wh 228.06 estimated']);
    // They had gone away: hardly anything was used after the 21st.
    await readRegister(relight, house.meterId, { '2026-02-15': kwh(201), '2026-03-01': kwh(350) });
    await run(districtId, '2026-03-01');
    // 350 kWh were used, 310 are billed already.
    expect(await billsOf(house)).toEqual([
      '2026-01-01 2026-02-01 310000 Wh 228.06 estimated',
      '2026-02-01 2026-03-01 40000 Wh 29.43 estimated',
    ]);
  });

  test('an estimate that was too high is carried until use has caught up with it', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-01-21': kwh(200) });
    await run(districtId, '2026-02-01');
    await readRegister(relight, house.meterId, { '2026-03-01': kwh(250), '2026-04-01': kwh(330) });
    await run(districtId, '2026-03-01');
    await run(districtId, '2026-04-01');
    expect((await billsOf(house)).map((text) => text.split(' ').slice(2, 4).join(' '))).toEqual([
      '310000 Wh',
      '0 Wh',
      '20000 Wh',
    ]);
  });

  test('whatever was estimated on the way, what is billed in the end is what the register says', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-01-11': kwh(50) });
    await run(districtId, '2026-02-01');
    await readRegister(relight, house.meterId, { '2026-02-20': kwh(90) });
    await run(districtId, '2026-03-01');
    await run(districtId, '2026-04-01');
    await readRegister(relight, house.meterId, { '2026-05-01': kwh(1_000) });
    await run(districtId, '2026-05-01');
    const [billed] = await relight.sql<{ wh: bigint }>(
      'SELECT sum(energy_wh)::bigint AS wh FROM bill WHERE service_point_id = $1',
      [house.servicePointId],
    );
    expect(billed!.wh).toBe(kwh(1_000));
  });
});

describe('a meter exchange in the middle of a period', () => {
  test('bills both registers together, exactly', async () => {
    const { house, districtId } = await houseWith(
      { '2026-02-01': 0n, '2026-03-01': kwh(100), '2026-03-10': kwh(130) },
      { installedOn: '2026-02-01' },
    );
    const newMeterId = newId();
    const [gateway] = await relight.sql<{ id: string }>('SELECT gateway_id AS id FROM meter WHERE id = $1', [
      house.meterId,
    ]);
    await relight.ctx.db.transaction('test-new-meter', (tx) =>
      insertMeters(tx, [
        {
          id: newMeterId,
          serial: '991111111111',
          gatewayId: gateway!.id,
          reconnectMode: 'DIRECT',
          publicKeyHex: '11'.repeat(32),
        },
      ]),
    );
    await exchangeMeter(
      contextAt(relight, '2026-03-10T02:00:00Z'),
      {
        servicePointId: house.servicePointId,
        newMeterId,
        removedWh: kwh(131),
        installedWh: kwh(5),
        note: 'worn out',
        idempotencyKey: newKey(),
      },
      clerk,
    );
    await readRegister(relight, newMeterId, { '2026-04-01': kwh(74), '2026-05-01': kwh(100) });
    for (const day of ['2026-03-01', '2026-04-01', '2026-05-01']) await run(districtId, day);
    expect(await billsOf(house)).toEqual([
      '2026-02-01 2026-03-01 100000 Wh 73.57 read',
      '2026-03-01 2026-04-01 100000 Wh 73.57 read',
      '2026-04-01 2026-05-01 26000 Wh 19.13 read',
    ]);
  });
});

describe('credit', () => {
  test('pays a new bill at once, as far as it goes', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-02-01': kwh(100), '2026-03-01': kwh(200) });
    await pay(relight, house, 10_000n);
    await run(districtId, '2026-02-01');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 0n, creditMinor: 2_643n });
    await run(districtId, '2026-03-01');
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 4_714n, creditMinor: 0n });
  });

  test('of an account with two places is spent once', async () => {
    const { house, districtId } = await houseWith({ '2026-01-01': 0n, '2026-02-01': kwh(100) });
    const { house: second } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(100) },
      { districtId, accountOf: house },
    );
    await pay(relight, house, 10_000n);
    expect((await run(districtId, '2026-02-01')).issued).toBe(2);
    expect([await billsOf(house), await billsOf(second)]).toEqual([
      ['2026-01-01 2026-02-01 100000 Wh 73.57 read'],
      ['2026-01-01 2026-02-01 100000 Wh 73.57 read'],
    ]);
    expect(await balanceOf(relight, house)).toEqual({ dueMinor: 4_714n, creditMinor: 0n });
  });
});

describe('a household with a low income', () => {
  const allow = (house: House, [proof, validUntil, endedAt]: readonly (string | null)[]) =>
    relight.sql(
      `INSERT INTO protection (id, customer_id, kind, created_at, proof, valid_until, ended_at, ended_by, ending_reason)
       SELECT gen_random_uuid(), customer_id, 'LOW_INCOME', now(), $2, $3::date, $4::timestamptz, CASE WHEN $4::timestamptz IS NOT NULL THEN 'clerk' END,
              CASE WHEN $4::timestamptz IS NOT NULL THEN 'income rose' END FROM account WHERE id = $1`,
      [house.accountId, proof, validUntil, endedAt],
    );

  test.each<[what: string, protection: (string | null)[], free: boolean]>([
    ['with a proof has its 15 kWh free', ['低保证 17', null, null], true],
    ['whose proof holds to the settlement day has them', ['17', '2026-02-01', null], true],
    ['whose proof ran out the day before has them no more', ['17', '2026-01-31', null], false],
    ['without a proof has none', [null, null, null], false],
    ['that is one no longer has none', ['17', null, '2026-01-15'], false],
    ['that was one until after the settlement day has them', ['17', null, '2026-02-10'], true],
  ])('%s', async (_what, protection, free) => {
    const { house, districtId } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(100) },
      { tariffCode: 'SHANDONG-RESIDENTIAL' },
    );
    await allow(house, protection);
    await run(districtId, '2026-02-01');
    expect(await linesOf(house, '2026-01-01')).toEqual([
      'tier 1: 100000 Wh 54.69',
      ...(free ? ['tier 1: -15000 Wh -8.20'] : []),
    ]);
  });
});

describe('time of use', () => {
  const splitOf = async (house: House) =>
    (
      await relight.sql<{ text: string }>(
        `SELECT concat_ws(' ', tou_period, l.energy_wh, amount_minor, CASE WHEN split_estimated THEN 'estimated' END) AS text
         FROM bill_line l JOIN bill b ON b.id = l.bill_id WHERE b.service_point_id = $1 ORDER BY line_number`,
        [house.servicePointId],
      )
    ).map(({ text }) => text);
  const periods = (house: House, day: string, energyWh: bigint, periodsWh: { PEAK: bigint; VALLEY: bigint }) =>
    relight.ctx.db.transaction('test-period-registers', (tx) =>
      recordReadings(
        relight.ctx,
        tx,
        [
          {
            meterId: house.meterId,
            readAt: startOfLocalDay(day),
            energyWh,
            quality: 'ACTUAL',
            cause: 'FREEZE',
            periodsWh,
          },
        ],
        new Date('2027-12-31T00:00:00Z'),
      ),
    );

  test('goes by the registers of the periods where the meter has them', async () => {
    const districtId = await buildDistrict(relight);
    const house = await buildHouse(relight, { districtId, tariffCode: 'HEBEI-RESIDENTIAL-SHARED-TOU' });
    await periods(house, '2026-01-01', 0n, { PEAK: 0n, VALLEY: 0n });
    await periods(house, '2026-02-01', kwh(100), { PEAK: kwh(60), VALLEY: kwh(40) });
    await run(districtId, '2026-02-01');
    expect(await splitOf(house)).toEqual(['PEAK 60000 3420', 'VALLEY 40000 1240']);
  });

  test('and by the load shape where it has not, which the bill says', async () => {
    const { house, districtId } = await houseWith(
      { '2026-01-01': 0n, '2026-02-01': kwh(24) },
      { tariffCode: 'HEBEI-RESIDENTIAL-SHARED-TOU' },
    );
    await run(districtId, '2026-02-01');
    expect(await splitOf(house)).toEqual(['PEAK 14000 798 estimated', 'VALLEY 10000 310 estimated']);
  });
});
