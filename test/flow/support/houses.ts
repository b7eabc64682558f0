import { createHash } from 'node:crypto';
import { statement } from '../../../src/platform/database.js';
import { insertConnections, type NewConnection } from '../../../src/accounts/connections.js';
import { lockAccount } from '../../../src/accounts/accounts.js';
import { insertBills } from '../../../src/billing/bill-insert.js';
import { insertInstallations, insertMeters } from '../../../src/metering/installations.js';
import { newId } from '../../../src/platform/ids.js';
import { startOfLocalDay } from '../../../src/platform/local-date.js';
import { person, type TestRelight } from '../../support/test-relight.js';

/** A household as the tests need it: the ids of everything that belongs together. */
export interface House {
  readonly customerId: string;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly servicePointId: string;
  readonly districtId: string;
  readonly meterId: string;
  readonly serial: string;
  readonly installationId: string;
}

let keys = 0;
/** An idempotency key that no other call has used. */
export const newKey = (): string => `test-key-${(keys += 1)}`;

const CLERK = person('clerk');
/** A statement of a test by its text alone. */
export const statementOf = (text: string) =>
  statement(`test-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text);
let houses = 0;

/** Puts a house with a meter on record, through the same rooms as a real connection; without bills and without readings. */
export async function buildHouse(
  relight: TestRelight,
  as: {
    tariffCode?: string;
    paymentMode?: NewConnection['paymentMode'];
    protectionAskedOn?: string | null;
    installedOn?: string;
    installedWh?: bigint;
    reconnectMode?: 'DIRECT' | 'ARM';
    protections?: NewConnection['protections'];
    accountOf?: House;
    districtId?: string;
  } = {},
): Promise<House> {
  const number = String((houses += 1)).padStart(6, '0');
  const [district] = await relight.sql<{ id: string; gatewayId: string }>(
    `SELECT d.id, g.id AS "gatewayId" FROM transformer_district d JOIN gateway g ON g.district_id = d.id WHERE d.id = coalesce($1::uuid, d.id) ORDER BY d.code LIMIT 1`,
    [as.districtId ?? null],
  );
  const installedAt = startOfLocalDay(as.installedOn ?? '2026-01-01');
  const house = {
    customerId: as.accountOf?.customerId ?? newId(),
    accountId: as.accountOf?.accountId ?? newId(),
    accountNumber: as.accountOf?.accountNumber ?? `9900${number}`,
    servicePointId: newId(),
    districtId: district!.id,
    meterId: newId(),
    serial: `990000${number}`,
    installationId: newId(),
  };
  await relight.ctx.db.transaction('test-build-house', async (tx) => {
    if (as.accountOf) {
      await tx.rows(
        statementOf(
          `INSERT INTO service_point (id, service_point_number, account_id, district_id, address) VALUES ($1, $2, $3, $4, 'second point')`,
        ),
        [house.servicePointId, `8800${number}`, house.accountId, house.districtId],
      );
    } else {
      const contacts = [
        { id: newId(), kind: 'MOBILE' as const, value: `139${number}00` },
        { id: newId(), kind: 'ADDRESS' as const, value: `测试路${number}号` },
      ];
      const connection = {
        ...house,
        name: '测试',
        customerClass: 'RESIDENTIAL' as const,
        idDocument: null,
        protectionAskedOn: as.protectionAskedOn === undefined ? '2026-01-05' : as.protectionAskedOn,
        contacts,
        protections: as.protections ?? [],
        currency: 'CNY',
        tariffCode: as.tariffCode ?? 'HUBEI-COMMERCIAL',
        paymentMode: as.paymentMode ?? ('POSTPAID' as const),
        servicePointNumber: `8800${number}`,
        address: `测试路${number}号`,
      };
      await insertConnections(tx, [connection], installedAt, CLERK);
    }
    await insertMeters(tx, [
      {
        id: house.meterId,
        serial: house.serial,
        gatewayId: district!.gatewayId,
        reconnectMode: as.reconnectMode ?? 'DIRECT',
        publicKeyHex: '00'.repeat(32),
      },
    ]);
    await insertInstallations(
      tx,
      [
        {
          id: house.installationId,
          meterId: house.meterId,
          servicePointId: house.servicePointId,
          installedAt,
          installedWh: as.installedWh ?? 0n,
        },
      ],
      installedAt,
      CLERK,
    );
  });
  return house;
}

/** A bill of exactly this amount. Overdue by more than 30 days on 10 March 2026 unless said otherwise. */
export async function issueBill(
  relight: TestRelight,
  house: House,
  totalMinor: bigint,
  on: { periodFrom?: string; periodTo?: string; dueDate?: string } = {},
): Promise<string> {
  const { periodFrom = '2026-01-01', periodTo = '2026-01-02', dueDate = '2026-02-01' } = on;
  const id = newId();
  await relight.ctx.db.transaction('test-issue-bill', async (tx) => {
    await lockAccount(tx, house.accountId);
    const lines = [
      {
        kind: 'ENERGY' as const,
        tariffCode: 'HUBEI-COMMERCIAL',
        tier: 1,
        energyWh: 1_000n,
        unitPriceMicro: 1_000_000n,
        amountMinor: totalMinor,
      },
    ];
    await insertBills(
      tx,
      [
        {
          id,
          accountId: house.accountId,
          servicePointId: house.servicePointId,
          periodFrom,
          periodTo,
          energyWh: 1_000n,
          estimated: false,
          dueDate,
          currency: 'CNY',
          totalMinor,
          lines,
        },
      ],
      startOfLocalDay(periodTo),
      CLERK,
    );
  });
  return id;
}

/** A house with one bill overdue by 37 days on 10 March 2026. */
export async function buildDebtor(
  relight: TestRelight,
  totalMinor = 10_000n,
  as: Parameters<typeof buildHouse>[1] = {},
): Promise<House> {
  const house = await buildHouse(relight, as);
  await issueBill(relight, house, totalMinor);
  return house;
}

let districts = 0;
/** A district of its own with its concentrator, so that a billing run meets nobody else. Returns its id. */
export async function buildDistrict(relight: TestRelight, settlementDay = 1): Promise<string> {
  const number = String((districts += 1)).padStart(4, '0');
  const id = newId();
  await relight.sql(
    `INSERT INTO transformer_district (id, code, name, service_phone, reading_day, settlement_day, manager) VALUES ($1, $2, 'test', '95598', 1, $3, 'manager-test')`,
    [id, `TEST-${number}`, settlementDay],
  );
  await relight.sql(
    `INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256) VALUES ($1, $2, 'CONCENTRATOR', $3, decode(repeat('00', 32), 'hex'))`,
    [newId(), `99000000${number}`, id],
  );
  return id;
}

/** Three bills of 100.00, 50.00 and 0.01 yuan, due in January, February and April: only the first two are overdue on 10 March. */
export async function buildThreeBills(relight: TestRelight): Promise<House> {
  const house = await buildHouse(relight);
  await issueBill(relight, house, 1n, { periodFrom: '2026-02-01', periodTo: '2026-03-01', dueDate: '2026-04-01' });
  await issueBill(relight, house, 10_000n, { periodFrom: '2025-12-01', periodTo: '2026-01-01', dueDate: '2026-01-20' });
  await issueBill(relight, house, 5_000n, { periodFrom: '2026-01-01', periodTo: '2026-02-01', dueDate: '2026-02-20' });
  return house;
}
