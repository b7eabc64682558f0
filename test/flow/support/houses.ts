import { createHash } from 'node:crypto';
import { insertConnections, type NewConnection } from '../../../src/accounts/connections.js';
import { lockAccount } from '../../../src/accounts/accounts.js';
import { insertBills } from '../../../src/billing/bill-insert.js';
import type { FlowContext } from '../../../src/flows/context.js';
import { approveSwitchCommand } from '../../../src/flows/decide-switch.js';
import { dispatchCuts, dispatchRestores } from '../../../src/flows/dispatch-switch.js';
import { receivePayment, type PaymentInput, type PaymentReceipt } from '../../../src/flows/receive-payment.js';
import { recordReadings, type RefusedReading } from '../../../src/flows/record-readings.js';
import { requestCut, type CutRequest } from '../../../src/flows/request-switch.js';
import { takeUplink } from '../../../src/flows/take-uplink.js';
import { insertInstallations, insertMeters } from '../../../src/metering/installations.js';
import type { Clock } from '../../../src/platform/clock.js';
import { statement } from '../../../src/platform/database.js';
import { UserError } from '../../../src/platform/errors.js';
import { newId } from '../../../src/platform/ids.js';
import { startOfLocalDay } from '../../../src/platform/local-date.js';
import type { SwitchOrder } from '../../../src/switching/dispatch.js';
import type { MeterReport } from '../../../src/switching/report-policy.js';
import type { SwitchCommandState } from '../../../src/switching/switch-command.js';
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
const SUPERVISOR = person('supervisor');
/** A statement of a test by its text alone. */
export const statementOf = (text: string) =>
  statement(`test-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text);
let houses = 0;

/** Puts a house with a meter on record, through the same rooms as a real connection; without bills and without readings. */
export async function buildHouse(
  relight: TestRelight,
  as: {
    tariffCode?: string;
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
        contacts,
        protections: as.protections ?? [],
        currency: 'CNY',
        tariffCode: as.tariffCode ?? 'HUBEI-COMMERCIAL',
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

/** Pays into the account; whatever is not named is sensible and new. */
export const pay = (
  relight: TestRelight,
  house: Pick<House, 'accountNumber'>,
  amountMinor: bigint,
  change: Partial<PaymentInput> = {},
): Promise<PaymentReceipt> =>
  receivePayment(
    relight.ctx,
    {
      idempotencyKey: newKey(),
      accountNumber: house.accountNumber,
      amountMinor,
      currency: 'CNY',
      channel: 'MOBILE_APP',
      ...change,
    },
    person('app'),
  );

/** Asks for a lawful cut for arrears. */
export const askForCut = (relight: TestRelight, house: House, change: Partial<CutRequest> = {}) =>
  requestCut(
    relight.ctx,
    {
      servicePointId: house.servicePointId,
      reason: 'ARREARS',
      noticeServedOn: '2026-03-06',
      noticeProof: 'signature 17',
      idempotencyKey: newKey(),
      note: 'unpaid for 37 days',
      ...change,
    },
    CLERK,
  );

export const approve = (relight: TestRelight, commandId: string) =>
  approveSwitchCommand(relight.ctx, { commandId, idempotencyKey: newKey(), note: 'checked' }, SUPERVISOR);

/** Asks for a cut and has it approved: QUEUED. Returns the command id. */
export async function queueCut(relight: TestRelight, house: House): Promise<string> {
  const { commandId } = await askForCut(relight, house);
  await approve(relight, commandId);
  return commandId;
}

/** What the dispatcher would put on the wire now: cuts and restores. */
export async function send(relight: TestRelight): Promise<SwitchOrder[]> {
  const orders: SwitchOrder[] = [];
  await dispatchCuts(relight.ctx, (order) => Promise.resolve(void orders.push(order)));
  orders.push(...(await dispatchRestores(relight.ctx)));
  return orders;
}

/** The meter of a house says something: by default a state, relay closed, that takes note of no command. */
export const meterSays = (relight: TestRelight, house: House, said: Partial<MeterReport>): Promise<void> =>
  takeUplink(relight.ctx, [
    {
      kind: 'REPORT',
      report: {
        meterId: house.meterId,
        kind: 'STATE',
        relay: 'CLOSED',
        armed: false,
        protected: false,
        lastSequence: 0n,
        meterAt: relight.ctx.clock.now(),
        ...said,
      },
    },
  ]);

/** The meter obeys an order and says so. */
export const meterObeys = (relight: TestRelight, house: House, order: SwitchOrder): Promise<void> =>
  meterSays(relight, house, {
    kind: 'ACK',
    commandId: order.commandId,
    result: 'ACCEPTED',
    relay: order.operation === 'CUT' ? 'OPEN' : 'CLOSED',
    lastSequence: order.sequence,
  });

/** Cuts a house off for arrears, proven by its meter. Returns the command id. */
export async function cutOff(relight: TestRelight, house: House): Promise<string> {
  const commandId = await queueCut(relight, house);
  const order = (await send(relight)).find((one) => one.commandId === commandId);
  if (!order) throw new Error(`cut ${commandId} was not sent: ${JSON.stringify(await commandOf(relight, commandId))}`);
  await meterObeys(relight, house, order);
  return commandId;
}

export interface CommandRow {
  readonly id: string;
  readonly operation: 'CUT' | 'RESTORE';
  readonly state: SwitchCommandState;
  readonly failureCode: string | null;
  readonly sequence: bigint | null;
  readonly attempts: number;
  readonly supersededById: string | null;
  readonly paymentId: string | null;
}
const COMMAND = `SELECT id, operation, state, failure_code AS "failureCode", sequence, attempts, superseded_by_id AS "supersededById", payment_id AS "paymentId" FROM switch_command`;

export const commandOf = async (relight: TestRelight, id: string): Promise<CommandRow> =>
  (await relight.sql<CommandRow>(`${COMMAND} WHERE id = $1`, [id]))[0]!;
/** All commands of a house's service point, oldest first, as 'CUT VERIFIED'. */
export const commandsOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (await relight.sql<CommandRow>(`${COMMAND} WHERE service_point_id = $1 ORDER BY id`, [house.servicePointId])).map(
    ({ operation, state }) => `${operation} ${state}`,
  );
/** Reasons for which power is off at a house now. */
export const interruptionsOf = async (relight: TestRelight, house: House): Promise<string[]> =>
  (
    await relight.sql<{ reason: string }>(
      `SELECT reason FROM interruption WHERE service_point_id = $1 AND closed_at IS NULL ORDER BY reason`,
      [house.servicePointId],
    )
  ).map(({ reason }) => reason);
export const balanceOf = async (
  relight: TestRelight,
  house: House,
): Promise<{ dueMinor: bigint; creditMinor: bigint }> =>
  (
    await relight.sql<{ dueMinor: bigint; creditMinor: bigint }>(
      `SELECT due_minor AS "dueMinor", credit_minor AS "creditMinor" FROM account WHERE id = $1`,
      [house.accountId],
    )
  )[0]!;

/** The code of the UserError with which a promise is refused; anything else is thrown on. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UserError)) throw error;
  return error.code;
}

/** Whether some statement of this database waits for a lock. */
export const isWaiting = async (relight: TestRelight): Promise<boolean> =>
  (await relight.sql(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))
    .length > 0;

/** The context with a clock that stands at an instant, for what depends on day and hour. */
export const contextAt = (relight: TestRelight, at: Date | string): FlowContext => {
  const { clock } = relight.ctx;
  const now = new Date(at);
  const standing: Clock = {
    now: () => now,
    wallNow: () => clock.wallNow(),
    productMs: (ms) => clock.productMs(ms),
    state: clock.state,
    reload: () => clock.reload(),
  };
  return { ...relight.ctx, clock: standing };
};

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

/** Register readings at local midnights: { '2026-02-01': 120_000n } in Wh. */
export const readRegister = (
  relight: TestRelight,
  meterId: string,
  registers: Readonly<Record<string, bigint>>,
  at = new Date('2027-12-31T00:00:00Z'),
): Promise<RefusedReading[]> =>
  relight.ctx.db.transaction('test-read-register', (tx) =>
    recordReadings(
      relight.ctx,
      tx,
      Object.entries(registers).map(([day, energyWh]) => ({
        meterId,
        readAt: startOfLocalDay(day),
        energyWh,
        quality: 'ACTUAL',
        cause: 'FREEZE',
      })),
      at,
    ),
  );
