import { attendCommands } from '../../src/flows/attend-commands.js';
import { approveSwitchCommand, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { UserError } from '../../src/platform/errors.js';
import {
  commandFaults,
  cutsSentToPaid,
  finalSupplies,
  moneyFaults,
  supplyFaults,
  toggleFaults,
} from '../support/invariants.js';
import { person } from '../support/test-relight.js';
import { Dice } from '../support/wire-model.js';
import { RaceTable, TODAY } from '../support/wire-model-table.js';
import type { RaceAccount } from '../support/wire-model-account.js';
import { serveCutNotice } from '../flow/support/served-notice.js';
import { MIN_DEBT_MINOR } from '../support/policies.js';

/** Accounts, each of which goes through one collision, and lanes in which collisions happen at the same time. */
const ACCOUNTS = 400;
const LANES = 4;

/**
 * The races of payment-races-cut play one step at a time; here transactions of the same account really run at once, on several
 * connections, and what keeps them apart is PostgreSQL's locks alone.
 */
describe('a payment and a cut at the same instant', () => {
  let table: RaceTable;
  const dice = new Dice(41);
  beforeAll(async () => {
    table = await RaceTable.open(ACCOUNTS);
  });
  afterAll(() => table.relight.stop());

  /** A moment of nothing, so that the two sides meet at ever other points. */
  const soon = async (most = 12) => {
    for (let turns = dice.below(most); turns > 0; turns -= 1) await new Promise((resume) => setImmediate(resume));
  };

  const queueCut = async ({ serial, servicePointId }: RaceAccount): Promise<string> => {
    const request = {
      servicePointId,
      reason: 'ARREARS',
      note: 'unpaid',
    } as const;
    await serveCutNotice(table, { servicePointId });
    const { commandId } = await requestCut(table.ctx, { ...request, idempotencyKey: `cut-${serial}` }, person('clerk'));
    await approveSwitchCommand(
      table.ctx,
      { commandId, role: 'SUPERVISOR', idempotencyKey: `approve-${serial}`, note: 'checked' },
      person('supervisor'),
    );
    return commandId;
  };

  const pay = async ({ serial, accountNumber, overdueMinor }: RaceAccount): Promise<boolean> => {
    // Deciding a cut takes many round trips: the payment must be able to meet each of them, and to come after the last.
    await soon(600);
    const input = {
      idempotencyKey: `pay-${serial}`,
      accountNumber,
      amountMinor: overdueMinor,
      currency: 'CNY',
      channel: 'BANK',
    } as const;
    return (await receivePayment(table.ctx, input, person('bank'))).replayed;
  };

  const sendCuts = async (): Promise<void> => {
    await soon();
    await dispatchCuts(table.ctx, (order) => Promise.resolve(table.publishSwitch(order)));
  };

  const hearMeter = async ({ serial }: RaceAccount): Promise<void> => {
    const mine = (topic: string) => topic.includes(`/${serial}`);
    for (const parcel of table.wire.down.filter(({ topic }) => mine(topic))) table.wire.deliverDown(parcel);
    table.wire.pass(1_000);
    await soon();
    await table.takeUp(table.wire.up.filter(({ topic }) => mine(topic)));
  };

  const cancel = async (commandId: string): Promise<void> => {
    await soon();
    const decision = { commandId, idempotencyKey: `cancel-${commandId}`, note: 'by hand' };
    await cancelSwitchCommand(table.ctx, decision, person('supervisor')).catch((error: unknown) => {
      if (!(error instanceof UserError) || error.code !== 'ALREADY_SENT') throw error;
    });
  };

  const giveUp = async (account: RaceAccount): Promise<void> => {
    await table.timeOut([account], true);
    await soon();
    await attendCommands(table.ctx);
  };

  const restores = async (): Promise<void> => {
    await soon();
    for (const order of await dispatchRestores(table.ctx)) table.publishSwitch(order);
  };

  const collide = async (account: RaceAccount, kind: number): Promise<void> => {
    const commandId = await queueCut(account);
    if (kind === 0) await Promise.all([sendCuts(), pay(account), sendCuts()]);
    if (kind === 1) {
      const replays = await Promise.all([
        sendCuts().then(() => true),
        pay(account),
        pay(account),
        cancel(commandId).then(() => true),
      ]);
      expect(replays.filter((replayed) => !replayed)).toHaveLength(1);
    }
    if (kind === 2 || kind === 3) await sendCuts();
    if (kind === 2) await Promise.all([hearMeter(account), pay(account), restores()]);
    if (kind === 3) await Promise.all([giveUp(account), pay(account), hearMeter(account)]);
  };

  test(`${ACCOUNTS} collisions of payments with cuts being sent, executed, given up and cancelled`, async () => {
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      for (let index = lane; index < ACCOUNTS; index += LANES) await collide(table.accounts[index]!, (index >> 2) % 4);
    });
    await Promise.all(lanes);
    expect(await table.heal(table.accounts)).toEqual([]);

    const histories = new Map(table.accounts.map(({ serial }) => [serial, table.wire.meter(serial).relayLog ?? []]));
    expect(await moneyFaults(table.sql)).toEqual([]);
    expect(await commandFaults(table.sql)).toEqual([]);
    expect(await cutsSentToPaid(table.sql, TODAY, MIN_DEBT_MINOR)).toEqual([]);
    expect(await toggleFaults(table.sql, histories)).toEqual([]);
    const supplies = await finalSupplies(table.sql, TODAY);
    expect(supplyFaults(supplies, (serial) => table.wire.meter(serial).relayClosed, false)).toEqual([]);
    expect(supplies.filter(({ overdueMinor }) => overdueMinor > 0n)).toEqual([]);

    // Both sides must have won some of the collisions, or nothing has collided.
    const ends = await table.sql<{ state: string; n: number }>(
      `SELECT state, count(*)::int AS n FROM switch_command WHERE operation = 'CUT' GROUP BY 1`,
    );
    const counts = new Map(ends.map(({ state, n }) => [state, n]));
    expect(counts.get('CANCELLED') ?? 0).toBeGreaterThan(ACCOUNTS / 20);
    expect(counts.get('SUPERSEDED') ?? 0).toBeGreaterThan(ACCOUNTS / 20);
  }, 120_000);
});
