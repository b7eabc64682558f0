import { attendCommands } from '../../src/flows/attend-commands.js';
import { approveSwitchCommand } from '../../src/flows/decide-switch.js';
import { dispatchCuts } from '../../src/flows/dispatch-switch.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { person } from '../support/test-relight.js';
import type { RaceAccount } from '../support/wire-model-account.js';
import { RaceTable } from '../support/wire-model-table.js';
import { serveCutNotice } from '../flow/support/served-notice.js';

/** A cut for danger is asked for while a cut for debt is under way whose outcome nobody knows. */
describe('danger, while a cut for debt is under way', () => {
  let table: RaceTable;
  let next = -1;
  beforeAll(async () => {
    table = await RaceTable.open(4);
  });
  afterAll(() => table.relight.stop());

  const send = () => dispatchCuts(table.ctx, (order) => Promise.resolve(table.publishSwitch(order)));
  /** An account whose cut for debt is SENT; its message still lies in the wire. */
  const underWay = async (): Promise<RaceAccount> => {
    const account = table.accounts[(next += 1)]!;
    const { serial, servicePointId } = account;
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
    await send();
    return account;
  };
  const endanger = async ({ serial, servicePointId }: RaceAccount): Promise<void> => {
    await requestCut(
      table.ctx,
      { servicePointId, reason: 'SAFETY', note: 'smoke at the meter', idempotencyKey: `danger-${serial}` },
      person('clerk'),
    );
    await send();
  };
  const reasons = async ({ servicePointId }: RaceAccount): Promise<string[]> =>
    (
      await table.sql<{ reason: string }>(
        `SELECT reason FROM interruption WHERE service_point_id = $1 AND closed_at IS NULL ORDER BY 1`,
        [servicePointId],
      )
    ).map(({ reason }) => reason);
  const lose = () => {
    table.wire.down.splice(0);
    table.wire.up.splice(0);
  };

  test('which the meter has carried out: the danger keeps the power off all the same', async () => {
    const account = await underWay();
    for (const parcel of table.wire.down.splice(0)) table.wire.deliverDown(parcel);
    table.wire.pass(1_000);
    expect(table.wire.meter(account.serial).relayClosed).toBe(false);
    lose();
    await endanger(account);
    expect(await table.heal([account])).toEqual([]);
    expect((await table.commandStates([account])).get(account.servicePointId)).toBe('CUT VERIFIED for danger');
    expect(await reasons(account)).toContain('SAFETY');
    expect(table.wire.meter(account.serial).relayClosed).toBe(false);
  });

  test('which was lost, as the cut for danger is: nobody is held to be without power who has it', async () => {
    const account = await underWay();
    lose();
    await endanger(account);
    lose();
    table.clock.pass(11 * 60_000);
    await table.timeOut([account], true);
    await attendCommands(table.ctx);
    expect(await table.heal([account])).toEqual([]);
    expect(await reasons(account)).toEqual([]);
    expect(table.wire.meter(account.serial).relayClosed).toBe(true);
  });
});
