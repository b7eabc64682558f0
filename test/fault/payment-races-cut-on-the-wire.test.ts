import { reconcileSupply } from '../../src/flows/schedules.js';
import { eventually } from '../support/eventually.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { Dice } from '../support/wire-model.js';
import { allFaults, makeDebtors, orderCut, payInFull, type Debtor } from './support/debtors.js';

const ACCOUNTS = 120;
/** Accounts that are busy with their cut and payment at the same time. */
const LANES = 24;
const SEED = Number(process.env['RACE_SEED'] ?? 17);

/** What the simulator does to messages and meters meanwhile, on a real broker. */
const FAULTS = [
  { name: 'lossDown', target: { all: true }, parameters: { rate: 0.15 } },
  { name: 'lossUp', target: { all: true }, parameters: { rate: 0.15 } },
  { name: 'duplicate', target: { all: true }, parameters: { rate: 0.2, direction: 'down' } },
  { name: 'duplicate', target: { all: true }, parameters: { rate: 0.2, direction: 'up' } },
  { name: 'delay', target: { all: true }, parameters: { rate: 0.3, direction: 'down', maxMs: 700 } },
  { name: 'delay', target: { all: true }, parameters: { rate: 0.3, direction: 'up', maxMs: 700 } },
  { name: 'reorder', target: { all: true }, parameters: { rate: 0.3, windowMs: 200 } },
  { name: 'lateAck', target: { share: 0.3 }, parameters: { rate: 0.5, afterMs: 900 } },
  { name: 'reboot', target: { share: 0.3 }, parameters: { when: 'afterAccept', rate: 0.3, downMs: 150 } },
];

describe('a payment racing a cut over a real broker and a bad wire', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    // A cut is valid for a second here, so that unheard ones expire while one watches; a window that is long enough for ill luck.
    const timings = { cutValidityMs: 1_000, minWireMs: 500, remoteWindowMs: 20_000 };
    relight = await startTestRelight({ plan: { metersPerDistrict: ACCOUNTS }, timings, fleet: { seed: SEED } });
  });
  afterAll(() => relight.stop());

  test(`${ACCOUNTS} accounts, each paid at a moment of its own (seed ${SEED})`, async () => {
    const debtors = await makeDebtors(relight);
    const dice = new Dice(SEED);
    const faults = FAULTS.map((fault) => relight.fleet.addFault(fault));
    const stages = new Map<string, number>();

    /** Waits until the cut has got as far as this account's lot says, or has ended, and pays. */
    const play = async (debtor: Debtor): Promise<void> => {
      const moment = dice.pick(['QUEUED', 'SENT', 'EXECUTED', 'ACCEPTED', 'UNKNOWN', 'VERIFIED']);
      const commandId = await orderCut(relight, debtor);
      const stage = await eventually(`the cut of ${debtor.serial} comes to ${moment} or to an end`, async () => {
        const [command] = await relight.sql<{ state: string; ended: boolean }>(
          `SELECT state, ended_at IS NOT NULL AS ended FROM switch_command WHERE id = $1`,
          [commandId],
        );
        const open = relight.fleet.meter(debtor.serial)!.relay === 'open';
        const now =
          command!.ended || command!.state === moment || moment === 'QUEUED' || (moment === 'EXECUTED' && open);
        return now && `${command!.state}, relay ${open ? 'open' : 'closed'}`;
      });
      stages.set(stage, (stages.get(stage) ?? 0) + 1);
      await payInFull(relight, debtor);
    };
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        for (let index = lane; index < debtors.length; index += LANES) await play(debtors[index]!);
      }),
    );
    expect([...stages.keys()].length).toBeGreaterThanOrEqual(5);

    for (const { id } of faults) relight.fleet.removeFault(id);
    await eventually('every payer is lit and every command has ended', () => atRest(relight), 40_000);
    expect(await allFaults(relight)).toEqual([]);
  }, 120_000);
});

/** The wire is whole again: meters that fell silent say how they stand at their next contact, and the hourly reconciler runs. */
async function atRest(relight: TestRelight): Promise<boolean> {
  const at = relight.ctx.clock.now();
  await reconcileSupply(relight.ctx, at);
  const [open] = await relight.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM switch_command WHERE ended_at IS NULL`,
  );
  if (open!.n > 0) return false;
  return relight.fleet.meters.every((serial) => relight.fleet.meter(serial)!.relay === 'closed');
}
