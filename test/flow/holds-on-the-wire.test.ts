import { endHold } from '../../src/flows/end-hold.js';
import { openHold } from '../../src/flows/open-hold.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { queueCut } from './support/acts.js';
import { newKey, type House } from './support/houses.js';
import { commandOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight();
});
afterAll(async () => relight.stop());

/** Debtors of the simulated world whose meters close by themselves, each used once. */
async function debtors(): Promise<(House & { dueMinor: bigint })[]> {
  return relight.sql(
    `SELECT a.id AS "accountId", a.account_number AS "accountNumber", a.customer_id AS "customerId", sp.id AS "servicePointId", a.due_minor AS "dueMinor", m.id AS "meterId", m.serial
     FROM account a JOIN service_point sp ON sp.account_id = a.id JOIN meter_installation i ON i.service_point_id = sp.id JOIN meter m ON m.id = i.meter_id
     WHERE a.due_minor > 0 AND m.reconnect_mode = 'DIRECT' AND NOT EXISTS (SELECT FROM protection p WHERE p.customer_id = a.customer_id) ORDER BY 2`,
  );
}
const relayOf = (house: House) => relight.fleet.meter(house.serial)!.relay;
const verified = async (what: string, commandId: string) =>
  eventually(what, async () => (await commandOf(relight, commandId)).state === 'VERIFIED');

describe('the lights come back by themselves, over the wire', () => {
  test('when somebody guarantees for the debt', async () => {
    const [house] = await debtors();
    await verified('the cut is verified', await queueCut(relight, house!));
    expect(relayOf(house!)).toBe('open');
    const { restoreCommandIds } = await openHold(
      relight.ctx,
      {
        accountId: house!.accountId,
        kind: 'GUARANTEE',
        reason: 'the employer guarantees',
        amountMinor: house!.dueMinor,
        untilDate: '2026-03-20',
        idempotencyKey: newKey(),
      },
      person('desk'),
    );
    expect(restoreCommandIds).toHaveLength(1);
    await verified('the restore is verified', restoreCommandIds[0]!);
    expect(relayOf(house!)).toBe('closed');
  });

  test('when a dispute is upheld', async () => {
    const [, house] = await debtors();
    await verified('the cut is verified', await queueCut(relight, house!));
    const dispute = {
      accountId: house!.accountId,
      kind: 'DISPUTE' as const,
      reason: 'not my meter',
      idempotencyKey: newKey(),
    };
    const opened = await openHold(relight.ctx, dispute, person('desk'));
    expect(opened.restoreCommandIds).toEqual([]);
    expect(relayOf(house!)).toBe('open');
    const { restoreCommandIds } = await endHold(
      relight.ctx,
      { holdId: opened.holdId, outcome: 'UPHELD', note: 'the meters were crossed', idempotencyKey: newKey() },
      person('district-manager'),
    );
    await verified('the restore is verified', restoreCommandIds[0]!);
    expect(relayOf(house!)).toBe('closed');
  });
});
