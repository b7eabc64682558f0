import type { FlowContext } from '../../../src/flows/context.js';
import { approveSwitchCommand } from '../../../src/flows/decide-switch.js';
import { dispatchCuts, dispatchRestores } from '../../../src/flows/dispatch-switch.js';
import { receivePayment, type PaymentInput, type PaymentReceipt } from '../../../src/flows/receive-payment.js';
import { recordReadings, type RefusedReading } from '../../../src/flows/record-readings.js';
import { requestCut, type CutRequest } from '../../../src/flows/request-switch.js';
import { takeUplink } from '../../../src/flows/take-uplink.js';
import type { Clock } from '../../../src/platform/clock.js';
import { startOfLocalDay } from '../../../src/platform/local-date.js';
import type { SwitchOrder } from '../../../src/switching/dispatch.js';
import type { MeterReport } from '../../../src/switching/report-policy.js';
import { person, type TestRelight } from '../../support/test-relight.js';
import { newKey, type House } from './houses.js';
import { serveCutNotice } from './served-notice.js';
import { commandOf } from './looks.js';

const CLERK = person('clerk');
const SUPERVISOR = person('supervisor');

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

/** Asks for a lawful cut for arrears: its notice was served on a day of the right week, or on `servedOn`. */
export async function askForCut(
  relight: TestRelight,
  house: House,
  change: Partial<CutRequest> & { readonly servedOn?: string | null } = {},
) {
  const { servedOn, ...request } = change;
  if (servedOn !== null) await serveCutNotice(relight, house, servedOn);
  return requestCut(
    relight.ctx,
    {
      servicePointId: house.servicePointId,
      reason: 'ARREARS',
      idempotencyKey: newKey(),
      note: 'unpaid for 37 days',
      ...request,
    },
    CLERK,
  );
}

export const approve = (relight: TestRelight, commandId: string) =>
  approveSwitchCommand(
    relight.ctx,
    { commandId, role: 'SUPERVISOR', idempotencyKey: newKey(), note: 'checked' },
    SUPERVISOR,
  );

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
