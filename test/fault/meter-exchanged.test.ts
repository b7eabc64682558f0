import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exchangeMeter } from '../../src/flows/exchange-meter.js';
import { setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { insertMeters } from '../../src/metering/installations.js';
import { newId } from '../../src/platform/ids.js';
import { simulatedMeterPublicKey } from '../../src/simulation/fleet-keys.js';
import { fleetManifest } from '../../src/simulation/fleet-manifest.js';
import { startFleet } from '../../simulator/fleet.js';
import type { FleetManifest } from '../../simulator/wire/contract.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutAll, makeDebtors, newestCommand, orderCut, payInFull, type Debtor } from './support/debtors.js';

/** Spare meters have these numbers upwards. */
const FIRST_SPARE = 370_300_000_001;

describe('a meter is exchanged between the order of a cut and its end', () => {
  let relight: TestRelight;
  let debtors: Debtor[];
  let spares: { id: string; serial: string }[];
  let next = -1;

  beforeAll(async () => {
    relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 4 } });
    debtors = await makeDebtors(relight);
    spares = debtors.map((_, index) => ({ id: newId(), serial: String(FIRST_SPARE + index) }));
    await startWireWithSpares();
  });
  afterAll(() => relight.stop());

  /** The fleet has the spare meters too, on the shelf behind the same gateway. */
  const startWireWithSpares = async (): Promise<void> => {
    const [{ gatewayId, keySeed }] = (await relight.sql<{ gatewayId: string; keySeed: string }>(
      `SELECT g.id AS "gatewayId", w.key_seed AS "keySeed" FROM gateway g, simulated_world w`,
    )) as [{ gatewayId: string; keySeed: string }];
    const publicKeyHex = (serial: string) => simulatedMeterPublicKey(keySeed, serial).toString('hex');
    await relight.ctx.db.transaction('spares', (tx) =>
      insertMeters(
        tx,
        spares.map(({ id, serial }) => ({
          id,
          serial,
          gatewayId,
          reconnectMode: 'DIRECT',
          publicKeyHex: publicKeyHex(serial),
        })),
      ),
    );
    const manifest = (await fleetManifest(relight.ctx, relight.downlinkKeys)) as FleetManifest;
    const shelf = spares.map(({ serial }) => ({
      ...manifest.meters[0]!,
      meter: serial,
      installation: newId(),
      lastSequence: 0,
      relay: 'closed' as const,
    }));
    relight.guard = await relight.startGuard();
    relight.headEnd = relight.startHeadEnd();
    relight.fleet = await startFleet({
      fleet: { ...manifest, meters: [...manifest.meters, ...shelf] },
      brokerUrl: relight.broker.url,
      relayMs: 5,
      spreadMs: 0,
    });
    await relight.fleet.ready;
  };

  const exchange = async (debtor: Debtor): Promise<string> => {
    const spare = spares[next]!;
    const change = {
      servicePointId: debtor.servicePointId,
      newMeterId: spare.id,
      removedWh: 5_000_000n,
      installedWh: 0n,
      note: 'calibration',
      idempotencyKey: `exchange-${spare.serial}`,
    };
    const { installationId } = await exchangeMeter(relight.ctx, change, person('fitter'));
    relight.fleet.setInstallation(spare.serial, installationId);
    return spare.serial;
  };
  const debtor = (): Debtor => debtors[(next += 1)]!;
  const killSwitch = (engaged: boolean) =>
    setKillSwitch(
      relight.ctx,
      { engaged, note: 'test', idempotencyKey: `kill ${engaged} ${next}` },
      person('supervisor'),
    );
  const command = async (id: string) =>
    (
      await relight.sql<{ state: string; code: string }>(
        `SELECT state, failure_code AS code FROM switch_command WHERE id = $1`,
        [id],
      )
    )[0]!;
  const openReasons = (of: Debtor) =>
    relight.sql(`SELECT reason FROM interruption WHERE service_point_id = $1 AND closed_at IS NULL`, [
      of.servicePointId,
    ]);
  const restoredAt = (serial: string) =>
    eventually(`a restore of ${serial} is verified`, async () => {
      const [row] = await relight.sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM switch_command c JOIN meter m ON m.id = c.meter_id WHERE m.serial = $1 AND c.operation = 'RESTORE' AND c.state = 'VERIFIED'`,
        [serial],
      );
      return row!.n === 1;
    });

  test('before it was sent: the cut ends, and neither meter is ever told of it', async () => {
    const unpaid = debtor();
    await killSwitch(true);
    const cutId = await orderCut(relight, unpaid);
    const serial = await exchange(unpaid);
    await killSwitch(false);
    expect(await command(cutId)).toEqual({ state: 'CANCELLED', code: 'METER_EXCHANGED' });
    await restoredAt(serial);
    expect(relight.fleet.relayHistory(serial)).toEqual([]);
    expect(relight.fleet.relayHistory(unpaid.serial)).toEqual([]);
  });

  test('while it is under way: no reason is left, the new meter is lit, and what the old one does concerns nobody', async () => {
    const unpaid = debtor();
    const fault = relight.fleet.addFault({
      name: 'delay',
      target: { meter: unpaid.serial },
      parameters: { direction: 'down', minMs: 1_500, maxMs: 1_500 },
    });
    const cutId = await orderCut(relight, unpaid);
    await eventually('the cut is sent', async () => (await command(cutId)).state === 'SENT');
    // SENT is committed before the guard is asked; exchanged in between, the guard would refuse and the old meter hear nothing.
    const decisions = join(relight.guardDir, 'decisions.jsonl');
    await eventually('the guard has signed it', () => readFileSync(decisions, 'utf8').includes(cutId));
    const serial = await exchange(unpaid);
    expect(await command(cutId)).toEqual({ state: 'SUPERSEDED', code: 'METER_EXCHANGED' });
    expect(await openReasons(unpaid)).toEqual([]);
    await restoredAt(serial);
    // On the fitter's bench the old meter hears its cut at last, and says so.
    await eventually('the old meter opens', () => relight.fleet.meter(unpaid.serial)!.relay === 'open');
    await eventually(
      'that is on record',
      async () =>
        (await relight.sql(`SELECT id FROM meter WHERE serial = $1 AND reported_relay = 'OPEN'`, [unpaid.serial]))
          .length === 1,
    );
    relight.fleet.removeFault(fault.id);
    expect((await newestCommand(relight, unpaid))!.state).toBe('VERIFIED');
    expect(
      await relight.sql(
        `SELECT c.id FROM switch_command c JOIN meter m ON m.id = c.meter_id WHERE m.serial = $1 AND c.operation = 'RESTORE'`,
        [unpaid.serial],
      ),
    ).toEqual([]);
    expect(relight.fleet.meter(serial)!.relay).toBe('closed');
  });

  test('after it was done: the reason stays until the debt is paid, and then the meter that hangs there now is told', async () => {
    const unpaid = debtor();
    await cutAll(relight, [unpaid]);
    const serial = await exchange(unpaid);
    expect(await openReasons(unpaid)).toEqual([{ reason: 'ARREARS' }]);
    await payInFull(relight, unpaid);
    await restoredAt(serial);
    expect(await openReasons(unpaid)).toEqual([]);
  });

  test('behind the back of the flow: the cut is bound to an installation, and is not sent to another', async () => {
    const unpaid = debtor();
    await killSwitch(true);
    const cutId = await orderCut(relight, unpaid);
    // As after a repair of records by hand: another installation, and nobody told the command.
    await relight.sql(
      `UPDATE meter_installation SET removed_at = installed_at + interval '1 day' WHERE service_point_id = $1 AND removed_at IS NULL`,
      [unpaid.servicePointId],
    );
    await relight.sql(
      `INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh) VALUES ($1, $2, $3, now(), 0)`,
      [newId(), unpaid.meterId, unpaid.servicePointId],
    );
    await killSwitch(false);
    await eventually('the cut is judged', async () => (await command(cutId)).state !== 'QUEUED');
    expect(await command(cutId)).toEqual({ state: 'CANCELLED', code: 'SAME_INSTALLATION' });
    expect(relight.fleet.meter(unpaid.serial)!.relay).toBe('closed');
  });
});
