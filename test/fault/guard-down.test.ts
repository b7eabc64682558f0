import { join } from 'node:path';
import { requestCut } from '../../src/flows/request-switch.js';
import { GuardClient } from '../../src/head-end/guard-client.js';
import { startHeadEnd } from '../../src/head-end/head-end.js';
import { CUT_CRASH_POINTS } from '../../src/platform/crash-points.js';
import { newId } from '../../src/platform/ids.js';
import { eventually } from '../support/eventually.js';
import { GuardProcess } from '../support/guard-process.js';
import { RelightProcess, type ProcessSettings } from '../support/relight-process-parent.js';
import { policiesAsJson } from '../support/policies.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { allFaults, cutAll, makeDebtors, newestCommand, orderCut, payInFull, type Debtor } from './support/debtors.js';
import { openGuardDoor, type GuardDoor } from './support/guard-door.js';

/** Rounds of the dispatcher that a waiting cut is watched for. */
const ROUNDS = 3;

describe('with the guard down there are no cuts, and all restores', () => {
  let relight: TestRelight;
  let debtors: Debtor[];
  let next = 0;
  const debtor = (): Debtor => debtors[(next += 1) - 1]!;
  beforeAll(async () => {
    // What was never published is known to have expired soon, so that its end can be watched.
    relight = await startTestRelight({
      plan: { metersPerDistrict: 24 },
      timings: { cutValidityMs: 1_500, minWireMs: 1_500, remoteWindowMs: 60_000, ackTimeoutMs: 4_000 },
    });
    debtors = await makeDebtors(relight);
  });
  afterAll(() => relight.stop());

  const stateOf = async (one: Debtor): Promise<string> => {
    const command = (await newestCommand(relight, one))!;
    return `${command.operation} ${command.state}`;
  };
  const becomes = (one: Debtor, state: string) =>
    eventually(`${one.serial} becomes ${state}`, async () => (await stateOf(one)) === state);
  const openReasons = async (one: Debtor): Promise<number> =>
    (
      await relight.sql(`SELECT FROM interruption WHERE service_point_id = $1 AND closed_at IS NULL`, [
        one.servicePointId,
      ])
    ).length;
  const orderDanger = (one: Debtor) =>
    requestCut(
      relight.ctx,
      { servicePointId: one.servicePointId, reason: 'SAFETY', idempotencyKey: newId(), note: 'a cable is down' },
      person('clerk'),
    );

  /** A debtor is off, pays, and is lit, all while this cut goes on waiting. */
  const restoresFlowWhile = async (dark: Debtor, waiting: Debtor): Promise<void> => {
    await payInFull(relight, dark);
    await becomes(dark, 'RESTORE VERIFIED');
    let looks = 0;
    await eventually('the dispatcher has looked again and again', async () => {
      relight.ctx.nudges.nudge('commands');
      expect(await stateOf(waiting)).toBe('CUT QUEUED');
      return (looks += 1) > ROUNDS * 20;
    });
    expect(relight.fleet.meter(waiting.serial)!.relay).toBe('closed');
  };

  test('cuts wait and are not even claimed; the guard back, they go on', async () => {
    const [dark, waiting] = [debtor(), debtor()];
    await cutAll(relight, [dark]);
    await relight.guard.stop();
    await orderCut(relight, waiting);
    await restoresFlowWhile(dark, waiting);
    relight.guard = await relight.startGuard();
    await becomes(waiting, 'CUT VERIFIED');
  });

  test('the real process, killed: the same; started again it knows what it has signed', async () => {
    const [dark, waiting] = [debtor(), debtor()];
    await relight.guard.stop();
    const settings = {
      databaseUrl: relight.guardRole.url,
      dataDir: relight.dir,
      url: `unix:${join(relight.guardDir, 'guard.sock')}`,
    };
    const first = await GuardProcess.start(settings);
    await orderCut(relight, dark);
    await orderDanger(debtor());
    await eventually('the danger is off', async () => (await stateOf(debtors[next - 1]!)) === 'CUT VERIFIED');
    await eventually('the cut has its end', async () => /VERIFIED|REJECTED/.test(await stateOf(dark)));
    await first.kill();
    await orderDanger(waiting);
    const lit = debtor();
    await relight.sql(
      `INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by) VALUES ($1, $2, $3, 'ARREARS', now(), 'test')`,
      [newId(), lit.servicePointId, lit.accountId],
    );
    await restoresFlowWhile(lit, waiting);
    const second = await GuardProcess.start(settings);
    await becomes(waiting, 'CUT VERIFIED');
    await second.kill();
    relight.guard = await relight.startGuard();
  });

  describe('between SENT and the signature', () => {
    let door: GuardDoor;
    beforeAll(async () => {
      await relight.headEnd.stop();
      door = await openGuardDoor(join(relight.guardDir, 'guard.sock'), join(relight.dir, 'door.sock'), () =>
        relight.guard.stop(),
      );
      const access = { url: relight.broker.url, username: 'head-end', password: relight.brokerPassword };
      relight.headEnd = startHeadEnd(
        relight.ctx,
        { ...access, clientId: 'behind-the-door' },
        relight.key,
        new GuardClient({ url: door.url }, relight.ctx.log),
      );
    });
    let running: RelightProcess | undefined;
    afterEach(async () => {
      await running?.kill();
      running = undefined;
    });
    afterAll(() => door.close());

    test.each([
      ['refused', 'GUARD_REFUSED'],
      ['mute', 'GUARD_UNAVAILABLE'],
      ['killed', 'GUARD_UNAVAILABLE'],
    ] as const)('the cut is %s: it ends honestly, nothing was published, nobody stays dark', async (mode, code) => {
      const victim = debtor();
      door.mode = mode;
      await orderCut(relight, victim);
      await becomes(victim, 'CUT REJECTED');
      expect(await newestCommand(relight, victim)).toMatchObject({ code, reads: 0 });
      expect(await openReasons(victim)).toBe(0);
      expect(relight.fleet.meter(victim.serial)).toMatchObject({ relay: 'closed', lastSequence: 0 });
      door.mode = 'through';
      if (mode === 'killed') relight.guard = await relight.startGuard();
      await orderCut(relight, victim, 2);
      await becomes(victim, 'CUT VERIFIED');
    });

    test('a restore that a cut for danger had pushed aside is taken up again when the cut is refused', async () => {
      const victim = debtor();
      await orderCut(relight, victim);
      await becomes(victim, 'CUT VERIFIED');
      const fault = relight.fleet.addFault({ name: 'offline', target: { meter: victim.serial } });
      await payInFull(relight, victim);
      door.mode = 'refused';
      await orderDanger(victim);
      await eventually(
        'the cut has ended',
        async () =>
          (
            await relight.sql(
              `SELECT FROM switch_command WHERE service_point_id = $1 AND failure_code = 'GUARD_REFUSED'`,
              [victim.servicePointId],
            )
          ).length === 1,
      );
      relight.fleet.removeFault(fault.id);
      door.mode = 'through';
      await becomes(victim, 'RESTORE VERIFIED');
      expect(relight.fleet.meter(victim.serial)!.relay).toBe('closed');
    });

    test('a payment between SENT and the refusal is the payment that counts', async () => {
      const victim = debtor();
      door.mode = 'mute';
      const before = door.asked;
      await orderCut(relight, victim);
      await eventually('the cut asks for its signature', () => door.asked > before);
      await payInFull(relight, victim);
      await becomes(victim, 'RESTORE VERIFIED');
      door.mode = 'through';
      const [cut] = await relight.sql<{ state: string }>(
        `SELECT state FROM switch_command WHERE service_point_id = $1 AND operation = 'CUT'`,
        [victim.servicePointId],
      );
      expect(cut!.state).toBe('SUPERSEDED');
    });

    test.each(CUT_CRASH_POINTS)(
      'kill -9 at %s leaves neither a dark house without a reason nor a reason without a cut',
      async (point) => {
        const victim = debtor();
        await relight.headEnd.stop();
        const settings: ProcessSettings = {
          databaseUrl: relight.database.url,
          broker: {
            url: relight.broker.url,
            username: 'head-end',
            password: relight.brokerPassword,
            clientId: 'relight-1',
          },
          keyFile: join(relight.dir, 'head-end.pem'),
          guardUrl: door.url,
          timings: relight.ctx.timings,
          policies: policiesAsJson(relight.ctx.policies.list.map(({ policy }) => policy)),
        };
        door.mode = /refused|ended/.test(point) ? 'refused' : 'through';
        await orderCut(relight, victim);
        const crashing = (running = RelightProcess.start(settings, `${point}:1`));
        expect(await crashing.ended).toBe('SIGKILL');
        door.mode = 'through';
        const second = (running = RelightProcess.start(settings));
        await second.ready;
        await eventually(
          'the cut has its end',
          async () =>
            (
              await relight.sql(`SELECT FROM switch_command WHERE service_point_id = $1 AND ended_at IS NULL`, [
                victim.servicePointId,
              ])
            ).length === 0,
          20_000,
        );
        const isOff = relight.fleet.meter(victim.serial)!.relay === 'open';
        expect({ reasons: await openReasons(victim), state: await stateOf(victim) }).toEqual(
          isOff
            ? { reasons: 1, state: 'CUT VERIFIED' }
            : { reasons: 0, state: expect.stringMatching(/CUT (EXPIRED|REJECTED)|RESTORE VERIFIED/) as string },
        );
        // What was handed to the socket may have left the process or not.
        if (point !== 'dispatch/cut-published') expect(isOff).toBe(false);
      },
      40_000,
    );
  });

  test('nothing is left over', async () => {
    expect(await allFaults(relight)).toEqual([]);
  });
});
