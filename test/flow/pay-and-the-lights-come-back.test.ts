import { approveSwitchCommand } from '../../src/flows/decide-switch.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { describeOnBrokers } from '../support/brokers.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { serveCutNotice } from './support/served-notice.js';

describeOnBrokers('pay, and the lights come back', (broker) => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight({ broker });
  });
  afterAll(() => relight.stop());

  interface Debtor {
    accountNumber: string;
    servicePointId: string;
    dueMinor: bigint;
    serial: string;
  }
  const debtors = () =>
    relight.sql<Debtor>(
      `SELECT a.account_number AS "accountNumber", sp.id AS "servicePointId", a.due_minor AS "dueMinor", m.serial
       FROM account a JOIN service_point sp ON sp.account_id = a.id JOIN meter_installation i ON i.service_point_id = sp.id JOIN meter m ON m.id = i.meter_id
       WHERE a.due_minor > 0 AND m.reconnect_mode = 'DIRECT' AND NOT EXISTS (SELECT FROM protection p WHERE p.customer_id = a.customer_id) ORDER BY 1`,
    );
  const stateOf = async (id: string) =>
    (await relight.sql<{ state: string }>('SELECT state FROM switch_command WHERE id = $1', [id]))[0]!.state;

  test('a debtor is cut with approval, pays, and is lit again, proven by the meter', async () => {
    const [debtor] = await debtors();
    await serveCutNotice(relight, debtor!);
    const { commandId } = await requestCut(
      relight.ctx,
      {
        servicePointId: debtor!.servicePointId,
        reason: 'ARREARS',
        idempotencyKey: 'cut-1-key',
        note: 'unpaid since December',
      },
      person('clerk'),
    );
    expect(await stateOf(commandId)).toBe('PENDING_APPROVAL');
    await approveSwitchCommand(
      relight.ctx,
      { commandId, role: 'SUPERVISOR', idempotencyKey: 'approve-1', note: 'checked' },
      person('supervisor'),
    );
    await eventually('the cut is verified', async () => (await stateOf(commandId)) === 'VERIFIED');
    expect(relight.fleet.meter(debtor!.serial)!.relay).toBe('open');

    const { restoreCommandIds, payment } = await receivePayment(
      relight.ctx,
      {
        idempotencyKey: 'pay-1-key',
        accountNumber: debtor!.accountNumber,
        amountMinor: debtor!.dueMinor,
        currency: 'CNY',
        channel: 'MOBILE_APP',
      },
      person('app'),
    );
    expect(payment.state).toBe('POSTED');
    expect(restoreCommandIds).toHaveLength(1);
    await eventually('the restore is verified', async () => (await stateOf(restoreCommandIds[0]!)) === 'VERIFIED');
    expect(relight.fleet.meter(debtor!.serial)!.relay).toBe('closed');
    expect(relight.fleet.relayHistory(debtor!.serial)).toHaveLength(2);
    const history = await relight.sql<{ from_state: string | null; to_state: string }>(
      `SELECT from_state, to_state FROM audit_entry WHERE subject_id = $1 ORDER BY id`,
      [commandId],
    );
    expect(history.map(({ to_state }) => to_state).slice(0, 3)).toEqual(['PENDING_APPROVAL', 'QUEUED', 'SENT']);
  });
});
