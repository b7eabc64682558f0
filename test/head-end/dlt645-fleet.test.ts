import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutAll, makeDebtors, newestCommand, payInFull } from '../fault/support/debtors.js';

// The meters are the real simulator's, written by others from the same contract: what both ends mistake alike cannot hide here.
describe('DL/T 645 meters of the simulator', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    // No time passes on the line: with the short waits of tests a line of 2,400 baud would be asked faster than it answers.
    relight = await startTestRelight({ plan: { metersPerDistrict: 24, dlt645Share: 1, lineBaud: 0 } });
  });
  afterAll(() => relight.stop());

  test('pay, and the lights come back, in both security classes', async () => {
    const all = await makeDebtors(relight);
    const ciphers = new Set(
      (await relight.sql<{ id: string }>(`SELECT id FROM meter WHERE security_class = 'CIPHER'`)).map(({ id }) => id),
    );
    const debtors = [
      ...all.filter(({ meterId }) => ciphers.has(meterId)).slice(0, 2),
      ...all.filter(({ meterId }) => !ciphers.has(meterId)).slice(0, 4),
    ];
    expect(ciphers.size).toBeGreaterThan(1);
    await cutAll(relight, debtors);
    for (const { serial } of debtors) expect(relight.fleet.meter(serial)!.relay).toBe('open');
    await Promise.all(debtors.map((debtor) => payInFull(relight, debtor)));
    for (const debtor of debtors)
      await eventually(`the restore of ${debtor.serial} is verified`, async () => {
        const command = await newestCommand(relight, debtor);
        return command?.operation === 'RESTORE' && command.state === 'VERIFIED';
      });
    for (const { serial } of debtors) expect(relight.fleet.meter(serial)!.relay).toBe('closed');
    expect(await relight.sql(`SELECT code, message FROM uplink_quarantine`)).toEqual([]);
  });
});
