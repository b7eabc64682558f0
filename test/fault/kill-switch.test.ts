import { approveSwitchCommand } from '../../src/flows/decide-switch.js';
import { dispatchCuts, dispatchRestores } from '../../src/flows/dispatch-switch.js';
import { receivePayment } from '../../src/flows/receive-payment.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { eventually } from '../support/eventually.js';
import { person } from '../support/test-relight.js';
import { RaceTable } from '../support/wire-model-table.js';
import type { RaceAccount } from '../support/wire-model-account.js';
import { serveCutNotice } from '../flow/support/served-notice.js';

const ACCOUNTS = 240;
/** Dispatchers at work at once, as in a house with several head-ends, and clerks who go on asking for cuts. */
const DISPATCHERS = 4;
const CLERKS = 3;
/** Reliability §6: effective within a second. */
const EFFECTIVE_MS = 1_000;

describe('the kill switch', () => {
  let table: RaceTable;
  const supervisor = person('supervisor');
  let used = 0;
  beforeAll(async () => {
    table = await RaceTable.open(ACCOUNTS);
  });
  afterAll(() => table.relight.stop());

  const set = (engaged: boolean, note: string) =>
    setKillSwitch(table.ctx, { engaged, note, idempotencyKey: `kill-switch ${note}` }, supervisor);
  const sentCuts = async (): Promise<number> =>
    (
      await table.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM switch_command WHERE operation = 'CUT' AND sent_at IS NOT NULL`,
      )
    )[0]!.n;
  const queueCut = async ({ serial, servicePointId }: RaceAccount): Promise<void> => {
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
      supervisor,
    );
  };

  test('once setting it has returned no cut becomes SENT, whoever is dispatching; released, they go', async () => {
    let running = true;
    let rounds = 0;
    const dispatcher = async (): Promise<void> => {
      while (running) {
        await dispatchCuts(table.ctx, (order) => Promise.resolve(table.publishSwitch(order)));
        rounds += 1;
      }
    };
    const clerk = async (): Promise<void> => {
      while (running && used < ACCOUNTS - 1) await queueCut(table.accounts[(used += 1) - 1]!);
    };
    const work = [...Array.from({ length: DISPATCHERS }, dispatcher), ...Array.from({ length: CLERKS }, clerk)];
    for (let time = 1; time <= 3; time += 1) {
      const before = await sentCuts();
      await eventually('cuts are being sent', async () => (await sentCuts()) > before + 5);
      const started = performance.now();
      await set(true, `stop ${time}`);
      const tookMs = performance.now() - started;
      const atReturn = await sentCuts();
      const seen = rounds;
      await eventually(
        'every dispatcher has looked again, and more was asked for',
        () => rounds >= seen + 3 * DISPATCHERS,
      );
      expect(await sentCuts()).toBe(atReturn);
      expect(tookMs).toBeLessThan(EFFECTIVE_MS);
      await set(false, `go on ${time}`);
    }
    running = false;
    await Promise.all(work);
  }, 60_000);

  test('it holds cuts back and judges none: what waits is not cancelled; restores pass', async () => {
    await set(true, 'again');
    const waiting = table.accounts[ACCOUNTS - 1]!;
    await queueCut(waiting);
    await dispatchCuts(table.ctx, () => Promise.reject(new Error('a cut was sent')));
    expect((await table.commandStates([waiting])).get(waiting.servicePointId)).toBe('CUT QUEUED');

    const [{ servicePointId }] = (await table.sql<{ servicePointId: string }>(
      `SELECT service_point_id AS "servicePointId" FROM switch_command WHERE operation = 'CUT' AND state = 'SENT' LIMIT 1`,
    )) as [{ servicePointId: string }];
    const payer = table.accounts.find((account) => account.servicePointId === servicePointId)!;
    const payment = {
      idempotencyKey: 'pay-under-kill-switch',
      accountNumber: payer.accountNumber,
      amountMinor: payer.overdueMinor,
      currency: 'CNY',
      channel: 'BANK',
    } as const;
    await receivePayment(table.ctx, payment, person('bank'));
    expect((await dispatchRestores(table.ctx)).map(({ serial }) => serial)).toEqual([payer.serial]);
  });
});
