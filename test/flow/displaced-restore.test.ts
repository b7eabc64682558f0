import { cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildDebtor } from './support/houses.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { approveSwitchCommand } from '../../src/flows/decide-switch.js';
import { serveCutNotice } from './support/served-notice.js';

// A cut for danger may push a restore aside that the meter has perhaps never heard. If that cut then falls away, the paid customer must
// not be left in the dark with nothing under way.
describe('a restore pushed aside by a cut that never was', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight({ wire: false });
  });
  afterAll(() => relight.stop());

  test('is ordered again when the cut is cancelled', async () => {
    const house = await buildDebtor(relight);
    await serveCutNotice(relight, house);
    const { commandId } = await requestCut(
      relight.ctx,
      {
        servicePointId: house.servicePointId,
        reason: 'ARREARS',
        idempotencyKey: 'displaced-cut',
        note: 'debt',
      },
      person('one'),
    );
    await approveSwitchCommand(
      relight.ctx,
      { commandId, role: 'SUPERVISOR', idempotencyKey: 'displaced-approve', note: 'checked' },
      person('two'),
    );
    await dispatchCuts(relight.ctx, () => Promise.resolve());
    await receivePayment(
      relight.ctx,
      {
        idempotencyKey: 'displaced-pay',
        accountNumber: house.accountNumber,
        amountMinor: 10_000_000n,
        currency: 'CNY',
        channel: 'BANK',
      },
      person('bank'),
    );
    expect(await dispatchRestores(relight.ctx)).toHaveLength(1);
    const safety = await requestCut(
      relight.ctx,
      {
        servicePointId: house.servicePointId,
        reason: 'SAFETY',
        idempotencyKey: 'displaced-safety',
        note: 'smell of fire',
      },
      person('one'),
    );
    await cancelSwitchCommand(
      relight.ctx,
      { commandId: safety.commandId, idempotencyKey: 'displaced-cancel', note: 'false alarm' },
      person('one'),
    );
    const open = await relight.sql<{ operation: string; state: string }>(
      `SELECT operation, state FROM switch_command WHERE service_point_id = $1 AND ended_at IS NULL`,
      [house.servicePointId],
    );
    expect(open).toEqual([{ operation: 'RESTORE', state: 'QUEUED' }]);
  });
});
