import { PLAIN_CHINA, policiesAsJson } from '../support/policies.js';
import { join } from 'node:path';
import mqtt from 'mqtt';
import type { PaymentInput } from '../../src/flows/receive-payment.js';
import { CRASH_POINTS, type CrashPoint } from '../../src/platform/crash-points.js';
import { simulatedGatewayPassword } from '../../src/simulation/fleet-keys.js';
import { eventually } from '../support/eventually.js';
import {
  NoAnswer,
  RelightProcess,
  type PaymentAnswer,
  type ProcessSettings,
} from '../support/relight-process-parent.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { Dice } from '../support/wire-model.js';
import { allFaults, cutAll, fullPayment, makeDebtors, type Debtor } from './support/debtors.js';

/** Payments of the storm, payers at once, and how often the process is killed from outside meanwhile. */
const STORM_PAYMENTS = 60;
const PAYERS = 6;
const STORM_KILLS = 6;
/**
 * A process that starts hears the retained presence of the gateway before anything else: what counts messages or groups must
 * strike at the second. Everything else strikes the first time.
 */
const SECOND_TIME: readonly CrashPoint[] = [
  'uplink/received',
  'uplink/decoded',
  'uplink/committed',
  'uplink/acknowledged',
];

describe('kill -9 of the process', () => {
  let relight: TestRelight;
  let settings: ProcessSettings;
  let debtors: Debtor[];
  const running = new Set<RelightProcess>();

  beforeAll(async () => {
    relight = await startTestRelight({
      plan: { metersPerDistrict: CRASH_POINTS.length + STORM_PAYMENTS },
      // The exam is about crashes: on a busy machine a restore must not end as field work before it was tried.
      timings: { remoteWindowMs: 60_000 },
    });
    debtors = await makeDebtors(relight);
    await cutAll(relight, debtors);
    // From here on only the child processes are the product; database, broker and meters stay alive in this one.
    await relight.headEnd.stop();
    settings = {
      databaseUrl: relight.database.url,
      broker: {
        url: relight.broker.url,
        username: 'head-end',
        password: relight.brokerPassword,
        clientId: 'relight-1',
      },
      keyFile: join(relight.dir, 'head-end.pem'),
      policies: policiesAsJson(PLAIN_CHINA),
      timings: relight.ctx.timings,
    };
  }, 60_000);
  afterAll(async () => {
    for (const child of running) await child.kill();
    await relight.stop();
  });

  const start = (crashAt?: string): RelightProcess => {
    const child = RelightProcess.start(settings, crashAt);
    running.add(child);
    void child.ended.then(() => running.delete(child));
    return child;
  };

  const paymentsOf = (debtor: Debtor) =>
    relight.sql<{ id: string }>(`SELECT id FROM payment WHERE idempotency_key = $1`, [
      fullPayment(debtor).idempotencyKey,
    ]);

  const isLit = async (debtor: Debtor): Promise<boolean> => {
    const [restore] = await relight.sql<{ state: string }>(
      `SELECT state FROM switch_command WHERE service_point_id = $1 ORDER BY id DESC LIMIT 1`,
      [debtor.servicePointId],
    );
    return restore?.state === 'VERIFIED' && relight.fleet.meter(debtor.serial)!.relay === 'closed';
  };

  /** Pays, or learns that the process is gone. */
  const tryToPay = (child: RelightProcess, input: PaymentInput): Promise<PaymentAnswer | undefined> =>
    child.pay(input).catch((error: unknown) => {
      if (error instanceof NoAnswer) return undefined;
      throw error;
    });

  /** What must happen beside the payment for the point to be passed at all; returns how to end it. */
  const provoke = async (point: CrashPoint, debtor: Debtor): Promise<() => void> => {
    if (point.startsWith('attend/')) {
      const fault = relight.fleet.addFault({ name: 'lossDown', target: { meter: debtor.serial } });
      return () => void relight.fleet.removeFault(fault.id);
    }
    if (point === 'uplink/readings-stored') await publishReading(relight, debtor);
    return () => undefined;
  };

  test.each(CRASH_POINTS.map((point, index) => [point, index] as const))(
    'at %s: the payment counts once, and the power comes back',
    async (point, index) => {
      const debtor = debtors[index]!;
      const crashing = start(`${point}:${SECOND_TIME.includes(point) ? 2 : 1}`);
      // A word of a meter may reach the point before the process has told that it is ready.
      await crashing.ready.catch(async (error: unknown) => {
        if ((await crashing.ended) !== 'SIGKILL') throw error;
      });
      const heal = await provoke(point, debtor);
      const first = await tryToPay(crashing, fullPayment(debtor));
      expect(await crashing.ended).toBe('SIGKILL');
      heal();

      const second = start();
      await second.ready;
      // The bank repeats what it had no answer to, with the same key; and here also what it had one to.
      const again = await second.pay(fullPayment(debtor));
      if (first) expect(again).toEqual({ paymentId: first.paymentId, replayed: true });
      await eventually('the payer is lit', () => isLit(debtor));
      expect(await paymentsOf(debtor)).toEqual([{ id: again.paymentId }]);
      if (point === 'uplink/readings-stored')
        await eventually('the reading is stored', async () => (await readings(relight, debtor)) === 1);
      await second.kill();
    },
    30_000,
  );

  test(`at any instant: ${STORM_PAYMENTS} payments while the process is killed ${STORM_KILLS} times`, async () => {
    const payers = debtors.slice(CRASH_POINTS.length);
    const dice = new Dice(29);
    const answers = new Map<string, PaymentAnswer>();
    let child = start();
    let done = false;
    const killer = (async () => {
      for (let kills = 0; kills < STORM_KILLS; kills += 1) {
        await child.ready;
        // Let some be answered, so that the kill falls into the middle of everything.
        const enough = answers.size + Math.min(4, payers.length - answers.size);
        await eventually('some payments are answered', () => answers.size >= enough);
        for (let turns = dice.below(40); turns > 0; turns -= 1) await new Promise((resume) => setImmediate(resume));
        await child.kill();
        child = start();
      }
      done = true;
    })();
    const payer = async (lane: number): Promise<void> => {
      for (let index = lane; index < payers.length; index += PAYERS) {
        const input = fullPayment(payers[index]!);
        let answer: PaymentAnswer | undefined;
        while (!answer) {
          await child.ready.catch(() => undefined);
          answer = await tryToPay(child, input);
        }
        answers.set(input.accountNumber, answer);
      }
    };
    await Promise.all([killer, ...Array.from({ length: PAYERS }, (_, lane) => payer(lane))]);
    expect(done).toBe(true);
    await eventually('every payer is lit', async () => (await Promise.all(payers.map(isLit))).every(Boolean), 60_000);
    for (const debtor of payers)
      expect(await paymentsOf(debtor)).toEqual([{ id: answers.get(debtor.accountNumber)!.paymentId }]);
  }, 120_000);

  test('nothing is left over', async () => {
    expect(await allFaults(relight)).toEqual([]);
  });
});

const readAt = '2026-03-09T16:00:00.000Z';

/** The gateway hands in a midnight reading, on a connection of its own beside the fleet's. */
async function publishReading(relight: TestRelight, { serial, gateway }: Debtor): Promise<void> {
  const [world] = await relight.sql<{ key_seed: string }>(`SELECT key_seed FROM simulated_world`);
  const password = simulatedGatewayPassword(world!.key_seed, gateway);
  const client = await mqtt.connectAsync(relight.broker.url, { username: gateway, password, clientId: 'second-line' });
  const reading = { at: readAt, energyWh: 9_000_000, quality: 'estimated' };
  const body = { v: 1, kind: 'reading', gateway, meter: serial, cause: 'freeze', readings: [reading] };
  await client.publishAsync(`relight/v1/${gateway}/up/${serial}/reading`, JSON.stringify(body), { qos: 1 });
  await client.endAsync();
}

async function readings(relight: TestRelight, { meterId }: Debtor): Promise<number> {
  const [row] = await relight.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM reading WHERE meter_id = $1 AND read_at = $2 AND quality = 'ESTIMATED'`,
    [meterId, readAt],
  );
  return row!.n;
}
