import { issueRestoreCode } from '../../src/flows/issue-restore-code.js';
import { recordProtectionInquiry } from '../../src/flows/record-protection.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutAll, makeDebtors, newestCommand, payInFull, type Debtor } from './support/debtors.js';

describe('the means of a restore, on the wire', () => {
  let relight: TestRelight;
  let debtors: Debtor[];
  let next = 0;
  beforeAll(async () => {
    relight = await startTestRelight({
      plan: { metersPerDistrict: 14 },
      timings: { cutQueueMs: 20_000, proofTimeoutMs: 100, remoteWindowMs: 20_000, armedWindowMs: 20_000 },
    });
    debtors = await makeDebtors(relight);
  });
  afterEach(() => relight.fleet.faults().forEach(({ id }) => relight.fleet.removeFault(id)));
  afterAll(() => relight.stop());

  const debtor = (): Debtor => debtors[(next += 1)]!;
  const reaches = (of: Debtor, state: string) =>
    eventually(`the restore of ${of.serial} is ${state}`, async () => {
      const command = await newestCommand(relight, of);
      return command?.operation === 'RESTORE' && command.state === state && command;
    });

  test('the button: the meter is armed, its customer told, and lit when the button is pressed', async () => {
    const payer = debtor();
    await relight.sql(`UPDATE meter SET reconnect_mode = 'ARM' WHERE serial = $1`, [payer.serial]);
    await cutAll(relight, [payer]);
    await payInFull(relight, payer);
    await reaches(payer, 'ARMED');
    expect(relight.fleet.meter(payer.serial)).toMatchObject({ relay: 'open', armed: true });
    const told = await relight.sql(
      `SELECT n.purpose FROM notice n JOIN switch_command c ON c.id = n.command_id WHERE c.service_point_id = $1`,
      [payer.servicePointId],
    );
    expect(told).toEqual([{ purpose: 'RESTORE_BUTTON' }]);
    relight.fleet.press(payer.serial);
    await reaches(payer, 'VERIFIED');
    expect(relight.fleet.meter(payer.serial)).toMatchObject({ relay: 'closed', armed: false });
  });

  test('the code: typed into a meter that nobody can reach, and proven when it is heard again', async () => {
    const payer = debtor();
    await cutAll(relight, [payer]);
    const fault = relight.fleet.addFault({ name: 'offline', target: { meter: payer.serial } });
    await payInFull(relight, payer);
    await reaches(payer, 'UNKNOWN');
    const { code } = await issueRestoreCode(
      relight.ctx,
      { servicePointId: payer.servicePointId, note: 'calls from the dark', idempotencyKey: 'wire-code-1' },
      person('hotline'),
    );
    expect(relight.fleet.enterCode(payer.serial, '0000000000000000')).toBe('refused');
    expect(relight.fleet.enterCode(payer.serial, code!.replaceAll(' ', ''))).toBe('closing');
    await eventually('its relay is closed', () =>
      Promise.resolve(relight.fleet.meter(payer.serial)!.relay === 'closed'),
    );
    expect((await newestCommand(relight, payer))!.state).toBe('UNKNOWN');
    relight.fleet.removeFault(fault.id);
    await reaches(payer, 'VERIFIED');
    const codes = await relight.sql(`SELECT state FROM restore_code WHERE service_point_id = $1`, [
      payer.servicePointId,
    ]);
    expect(codes).toEqual([{ state: 'ACCEPTED' }]);
    expect(relight.fleet.enterCode(payer.serial, code!.replaceAll(' ', ''))).toBe('refused');
  });

  test('protection: kept by the meter itself', async () => {
    const [customer] = await relight.sql<{ id: string; serial: string }>(
      `SELECT a.customer_id AS id, m.serial FROM account a JOIN service_point p ON p.account_id = a.id
       JOIN meter_installation i ON i.service_point_id = p.id AND i.removed_at IS NULL JOIN meter m ON m.id = i.meter_id WHERE p.id = $1`,
      [debtor().servicePointId],
    );
    expect(relight.fleet.meter(customer!.serial)!.protected).toBe(false);
    await recordProtectionInquiry(
      relight.ctx,
      {
        customerId: customer!.id,
        answers: [{ kind: 'LIFE_SUPPORT', protects: true }],
        note: 'a ventilator at home',
        idempotencyKey: 'wire-protect-1',
      },
      person('manager'),
    );
    await eventually('the meter says that it is protected', async () => {
      const [row] = await relight.sql<{ done: boolean }>(
        `SELECT m.reported_protected AND EXISTS (SELECT FROM protection_order o WHERE o.meter_id = m.id AND o.state = 'VERIFIED') AS done FROM meter m WHERE serial = $1`,
        [customer!.serial],
      );
      return row!.done;
    });
    expect(relight.fleet.meter(customer!.serial)).toMatchObject({ relay: 'closed', protected: true });
  });

  test('an outage: told by last gasps, and over when power is on', async () => {
    const faults = debtors
      .slice(-4)
      .map(({ serial }) => relight.fleet.addFault({ name: 'outage', target: { meter: serial } }));
    const open = async () =>
      (await relight.sql<{ scope: string }>(`SELECT scope FROM outage WHERE ended_at IS NULL`)).map(
        ({ scope }) => scope,
      );
    await eventually('the district is out', async () => (await open()).includes('DISTRICT'));
    for (const { id } of faults) relight.fleet.removeFault(id);
    await eventually('it is over', async () => (await open()).length === 0);
  });
});
