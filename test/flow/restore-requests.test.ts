import { restoreWherePowerIsDue } from '../../src/flows/apply-command-moves.js';
import { requestCut, requestRestore } from '../../src/flows/request-switch.js';
import { reconcileSupply } from '../../src/flows/schedules.js';
import { auditFaults } from '../support/check-audit.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, cutOff, meterSays, pay, send } from './support/acts.js';
import { statementOf, buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { commandOf, commandsOf, isWaiting, refusal } from './support/looks.js';

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
const restore = (house: Pick<House, 'servicePointId'>, idempotencyKey = newKey()) =>
  requestRestore(
    relight.ctx,
    { servicePointId: house.servicePointId, idempotencyKey, note: 'the customer called' },
    clerk,
  );
const cutFor = (house: House, reason: 'SAFETY' | 'THEFT' | 'CUSTOMER_REQUEST' | 'VACANT') =>
  requestCut(
    relight.ctx,
    { servicePointId: house.servicePointId, reason, idempotencyKey: newKey(), note: 'smoke in the cellar' },
    clerk,
  );
const NOWHERE = '00000000-0000-7000-8000-00000000dead';

describe('asking for a restore', () => {
  test('needs no approval where power is due', async () => {
    const house = await buildHouse(relight);
    const { commandId } = await restore(house);
    expect(await commandOf(relight, commandId)).toMatchObject({ operation: 'RESTORE', state: 'QUEUED' });
    expect((await send(relight)).map((order) => order.commandId)).toEqual([commandId]);
  });

  test('is refused while a reason keeps power off', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    await expect(restore(house)).rejects.toMatchObject({
      code: 'SUPPLY_INTERRUPTED',
      message: expect.stringContaining('ARREARS') as string,
    });
  });

  test('a second request gets the first restore', async () => {
    const house = await buildHouse(relight);
    const receipts = await Promise.all(Array.from({ length: 16 }, () => restore(house)));
    expect(new Set(receipts.map(({ commandId }) => commandId)).size).toBe(1);
    expect(await commandsOf(relight, house)).toEqual(['RESTORE QUEUED']);
  });

  test('while the reconciler orders one, it is that one', async () => {
    const house = await buildHouse(relight);
    let ordered: string[] = [];
    let asking: ReturnType<typeof restore> | undefined;
    await relight.ctx.db.transaction('test-reconcile', async (tx) => {
      ordered = await restoreWherePowerIsDue(
        relight.ctx,
        tx,
        [house.meterId],
        { actor: clerk, at: relight.ctx.clock.now() },
        'test',
      );
      asking = restore(house);
      await eventually('the request waits for the reconciler', () => isWaiting(relight));
    });
    expect((await asking)!.commandId).toBe(ordered[0]);
  });

  test('an open cut is named', async () => {
    const house = await buildDebtor(relight);
    const { commandId } = await askForCut(relight, house);
    await expect(restore(house)).rejects.toMatchObject({ code: 'COMMAND_OPEN', detail: { commandId } });
  });

  test('of a place that does not exist', async () => {
    expect(await refusal(restore({ servicePointId: NOWHERE }))).toBe('SERVICE_POINT_NOT_FOUND');
  });
});

test('a meter has one open command, whoever orders at once', async () => {
  const houses = await Promise.all(Array.from({ length: 4 }, () => buildDebtor(relight)));
  for (const house of houses) await meterSays(relight, house, { relay: 'CLOSED' });
  await Promise.allSettled(
    houses.flatMap((house) => [
      ...Array.from({ length: 6 }, () => askForCut(relight, house)),
      ...Array.from({ length: 3 }, () => cutFor(house, 'THEFT')),
      ...Array.from({ length: 3 }, () => restore(house)),
      pay(relight, house, 10_000n),
      reconcileSupply(relight.ctx, relight.ctx.clock.now()),
    ]),
  );
  const open = await relight.sql<{ meter: string; n: bigint }>(
    `SELECT meter_id AS meter, count(*) AS n FROM switch_command WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1`,
  );
  expect(open).toEqual([]);
});

test('the database refuses a move that the table does not allow, whoever makes it', async () => {
  const { commandId } = await askForCut(relight, await buildDebtor(relight));
  for (const to of ['SENT', 'VERIFIED', 'NOWHERE']) {
    const forged = `UPDATE switch_command SET state = '${to}' WHERE id = '${commandId}'`;
    await expect(relight.ctx.db.rows(statementOf(forged))).rejects.toMatchObject({
      code: '23514',
      constraint: 'switch_command_move',
    });
  }
});

test('all that these tests did is told by the audit', async () => {
  // The clean-up after each test is not, nor are meters taken off behind the flows' back.
  const told = (await auditFaults(relight.ctx.db)).filter(
    (fault) => !/is (CANCELLED|SUPERSEDED), its last entry|^MeterInstallation/.test(fault),
  );
  expect(told).toEqual([]);
});
