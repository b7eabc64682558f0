import { reconcileSupply } from '../../src/flows/schedules.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutAll, makeDebtors, newestCommand, orderCut, payInFull, workOrders, type Debtor } from './support/debtors.js';

/** The remote rung lasts this long here: short enough to be waited for. */
const REMOTE_WINDOW_MS = 2_500;

describe('when a restore cannot be done from afar', () => {
  let relight: TestRelight;
  let debtors: Debtor[];
  let next = 0;
  beforeAll(async () => {
    const timings = {
      remoteWindowMs: REMOTE_WINDOW_MS,
      cutQueueMs: 20_000,
      cutValidityMs: 800,
      minWireMs: 300,
      proofTimeoutMs: 100,
    };
    relight = await startTestRelight({ plan: { metersPerDistrict: 14 }, timings });
    debtors = await makeDebtors(relight);
  });
  afterEach(() => relight.fleet.faults().forEach(({ id }) => relight.fleet.removeFault(id)));
  afterAll(() => relight.stop());

  /** An account of its own for each test, cut or not. */
  const debtor = (): Debtor => debtors[(next += 1)]!;
  const cutDebtor = async (): Promise<Debtor> => {
    const chosen = debtor();
    await cutAll(relight, [chosen]);
    return chosen;
  };
  const reaches = (of: Debtor, operation: string, state: string) =>
    eventually(`the ${operation} of ${of.serial} is ${state}`, async () => {
      const command = await newestCommand(relight, of);
      return command?.operation === operation && command.state === state && command;
    });
  const commands = async (of: Debtor): Promise<number> =>
    (
      await relight.sql<{ n: number }>(`SELECT count(*)::int AS n FROM switch_command WHERE service_point_id = $1`, [
        of.servicePointId,
      ])
    )[0]!.n;
  const relay = (of: Debtor) => relight.fleet.meter(of.serial)!.relay;

  test('an offline meter gets one work order with an owner and a deadline, and when it is back it is lit and the order closed', async () => {
    const payer = await cutDebtor();
    const fault = relight.fleet.addFault({ name: 'offline', target: { meter: payer.serial } });
    await payInFull(relight, payer);
    await reaches(payer, 'RESTORE', 'UNKNOWN');
    const command = await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    expect(command.code).toBe('NO_ANSWER');
    const [order, ...more] = await workOrders(relight, payer);
    expect(more).toEqual([]);
    expect(order).toMatchObject({
      id: command.workOrderId,
      kind: 'RESTORE_ON_SITE',
      state: 'OPEN',
      owner: 'manager-0001',
    });
    expect(order!.deadlineAt.getTime() - order!.openedAt.getTime()).toBe(relight.ctx.timings.fieldVisitMs);

    relight.fleet.removeFault(fault.id);
    await reconcileSupply(relight.ctx, relight.ctx.clock.now());
    await reaches(payer, 'RESTORE', 'VERIFIED');
    expect(relay(payer)).toBe('closed');
    expect(await workOrders(relight, payer)).toMatchObject([
      { id: order!.id, state: 'DONE', closingReason: expect.any(String) as string },
    ]);
  });

  test('the first contact of a meter that was away is enough: it is lit before the hourly reconciler looks', async () => {
    const payer = await cutDebtor();
    const fault = relight.fleet.addFault({ name: 'offline', target: { meter: payer.serial } });
    await payInFull(relight, payer);
    await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    relight.fleet.removeFault(fault.id);
    await contacts(relight, payer, 1);
    await reaches(payer, 'RESTORE', 'VERIFIED');
    expect(await workOrders(relight, payer)).toMatchObject([{ state: 'DONE' }]);
  });

  test('the hourly reconciler does not pile up work orders while the meter stays away', async () => {
    const payer = await cutDebtor();
    relight.fleet.addFault({ name: 'offline', target: { meter: payer.serial } });
    await payInFull(relight, payer);
    for (let hour = 1; hour <= 2; hour += 1) {
      await reaches(payer, 'RESTORE', 'FIELD_VISIT');
      await reconcileSupply(relight.ctx, relight.ctx.clock.now());
    }
    await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    expect(await workOrders(relight, payer)).toHaveLength(1);
  });

  test('a late copy of the restore that closes the relay after all closes the work order too', async () => {
    const payer = await cutDebtor();
    relight.fleet.addFault({
      name: 'delay',
      target: { meter: payer.serial },
      parameters: { direction: 'down', minMs: 1.5 * REMOTE_WINDOW_MS, maxMs: 1.5 * REMOTE_WINDOW_MS },
    });
    await payInFull(relight, payer);
    await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    await eventually('the relay closes', () => relay(payer) === 'closed');
    await eventually('the work order is closed', async () => (await workOrders(relight, payer))[0]!.state === 'DONE');
  });

  test('a stuck relay ends in field work, and hearing of it again and again orders nothing more', async () => {
    const payer = await cutDebtor();
    relight.fleet.addFault({ name: 'stuckRelay', target: { meter: payer.serial } });
    await payInFull(relight, payer);
    const { code } = await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    expect(code).toBe('RELAY_STUCK');
    await contacts(relight, payer, 6);
    expect(await commands(payer)).toBeLessThanOrEqual(3);
    expect(await workOrders(relight, payer)).toHaveLength(1);
  });

  test('a meter that believes to be installed elsewhere refuses; that ends in field work, not in a loop', async () => {
    const payer = await cutDebtor();
    relight.fleet.setInstallation(payer.serial, '00000000-0000-4000-8000-000000000001');
    await payInFull(relight, payer);
    const { code } = await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    expect(code).toBe('REFUSED_WRONG_INSTALLATION');
    await contacts(relight, payer, 6);
    expect(await commands(payer)).toBeLessThanOrEqual(3);
    expect(await workOrders(relight, payer)).toHaveLength(1);
  });

  test('a relay that says closed while the load side is dead is not believed', async () => {
    const payer = await cutDebtor();
    relight.fleet.addFault({ name: 'lyingRelay', target: { meter: payer.serial }, parameters: { at: 'open' } });
    await payInFull(relight, payer);
    const { code } = await reaches(payer, 'RESTORE', 'FIELD_VISIT');
    expect(code).toBe('PHYSICS_DISAGREE');
    expect(await workOrders(relight, payer)).toMatchObject([{ kind: 'RESTORE_ON_SITE', state: 'OPEN' }]);
  });

  test('a relay that says open while power flows: the cut counts as not done, and somebody looks', async () => {
    const unpaid = debtor();
    relight.fleet.addFault({ name: 'lyingRelay', target: { meter: unpaid.serial }, parameters: { at: 'closed' } });
    const cutId = await orderCut(relight, unpaid);
    await reaches(unpaid, 'RESTORE', 'VERIFIED');
    expect(await relight.sql(`SELECT state, failure_code FROM switch_command WHERE id = $1`, [cutId])).toEqual([
      { state: 'FAILED', failure_code: 'PHYSICS_DISAGREE' },
    ]);
    expect(await workOrders(relight, unpaid)).toMatchObject([{ kind: 'INSPECT_RELAY', state: 'OPEN' }]);
    expect(
      await relight.sql(`SELECT reason FROM interruption WHERE service_point_id = $1 AND closed_at IS NULL`, [
        unpaid.servicePointId,
      ]),
    ).toEqual([]);
  });

  test('a restore that arms waits for the button; the press closes the relay and proves it', async () => {
    const payer = await cutDebtor();
    await relight.sql(`UPDATE meter SET reconnect_mode = 'ARM' WHERE serial = $1`, [payer.serial]);
    await payInFull(relight, payer);
    await reaches(payer, 'RESTORE', 'ARMED');
    expect(relay(payer)).toBe('open');
    expect(relight.fleet.press(payer.serial, 1_000)).toBe('too-short');
    expect((await newestCommand(relight, payer))!.state).toBe('ARMED');
    expect(relight.fleet.press(payer.serial)).toBe('closing');
    await reaches(payer, 'RESTORE', 'VERIFIED');
    expect(relay(payer)).toBe('closed');
  });

  test('a cut that an offline meter never hears ends as not done, is barred for ever, and leaves no reason behind', async () => {
    const unpaid = debtor();
    const fault = relight.fleet.addFault({ name: 'offline', target: { meter: unpaid.serial } });
    const cutId = await orderCut(relight, unpaid);
    await reaches(unpaid, 'CUT', 'UNKNOWN');
    await relight.sql(`UPDATE switch_command SET give_up_wall_at = clock_timestamp() WHERE id = $1`, [cutId]);
    const restore = await reaches(unpaid, 'RESTORE', 'UNKNOWN');
    expect(await relight.sql(`SELECT state, failure_code FROM switch_command WHERE id = $1`, [cutId])).toEqual([
      { state: 'FAILED', failure_code: 'NO_ANSWER' },
    ]);
    expect(await relight.sql(`SELECT closing_reason FROM interruption WHERE command_id = $1`, [cutId])).toEqual([
      { closing_reason: 'the cut was not carried out' },
    ]);
    relight.fleet.removeFault(fault.id);
    await reaches(unpaid, 'RESTORE', 'VERIFIED');
    expect((await newestCommand(relight, unpaid))!.id).toBe(restore.id);
    expect(relay(unpaid)).toBe('closed');
    expect(relight.fleet.relayHistory(unpaid.serial)).toEqual([]);
  });
});

/** The meter restarts and says how it stands, several times over. */
async function contacts(relight: TestRelight, { serial }: Debtor, times: number): Promise<void> {
  const heard = async () =>
    (
      await relight.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM meter_event e JOIN meter m ON m.id = e.meter_id WHERE m.serial = $1 AND e.event = 'REBOOT'`,
        [serial],
      )
    )[0]!.n;
  for (let before = await heard(), contact = 1; contact <= times; contact += 1) {
    relight.fleet.addFault({ name: 'reboot', target: { meter: serial }, parameters: { when: 'now', downMs: 20 } });
    await eventually('the restart is on record', async () => (await heard()) >= before + contact);
  }
}
