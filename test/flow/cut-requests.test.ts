import { approveSwitchCommand, cancelSwitchCommand } from '../../src/flows/decide-switch.js';
import { requestCut } from '../../src/flows/request-switch.js';
import type { UserError } from '../../src/platform/errors.js';
import { newId } from '../../src/platform/ids.js';
import { auditFaults } from '../support/check-audit.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, contextAt, cutOff, meterObeys, pay, queueCut, send } from './support/acts.js';
import { statementOf, buildDebtor, buildHouse, issueBill, newKey, type House } from './support/houses.js';
import { commandOf, commandsOf, interruptionsOf, refusal } from './support/looks.js';
import { serveCutNotice } from './support/served-notice.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
// Nothing is left queued for the next test's dispatcher.
afterEach(async () => {
  await relight.sql(
    `UPDATE switch_command SET state = 'CANCELLED', ended_at = requested_at WHERE state IN ('QUEUED', 'PENDING_APPROVAL')`,
  );
  await relight.sql(
    `UPDATE switch_command SET state = 'SUPERSEDED', ended_at = requested_at WHERE state IN ('SENT', 'ACCEPTED', 'UNKNOWN')`,
  );
});
afterAll(() => relight.stop());

const clerk = person('clerk');
const supervisor = person('supervisor');
const cancel = (commandId: string, actor = clerk, idempotencyKey = newKey()) =>
  cancelSwitchCommand(relight.ctx, { commandId, idempotencyKey, note: 'a mistake' }, actor);
const protect = (house: House) =>
  relight.sql(`INSERT INTO protection (id, customer_id, kind, created_at) VALUES ($1, $2, 'LIFE_SUPPORT', now())`, [
    newId(),
    house.customerId,
  ]);
const NOWHERE = '00000000-0000-7000-8000-00000000dead';

describe('asking for a cut for arrears', () => {
  test('a lawful one waits for a second person; power is due until it is sent', async () => {
    const house = await buildDebtor(relight);
    const { commandId, replayed } = await askForCut(relight, house);
    expect(replayed).toBe(false);
    expect(await commandOf(relight, commandId)).toMatchObject({
      operation: 'CUT',
      state: 'PENDING_APPROVAL',
      sequence: null,
    });
    expect(await interruptionsOf(relight, house)).toEqual([]);
    expect(await send(relight)).toEqual([]);
  });

  test('without a served notice: CUT_BLOCKED, and the notice is named', async () => {
    const error = await askForCut(relight, await buildDebtor(relight), { servedOn: null }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({ code: 'CUT_BLOCKED', message: expect.stringContaining('NOTICE_SERVED') as unknown });
  });

  test.each<[what: string, blocker: string, house: () => Promise<House>, notice?: string]>([
    ['nothing is owed', 'OVERDUE_DEBT', () => buildHouse(relight)],
    ['less than the smallest debt', 'MIN_DEBT', () => buildDebtor(relight, 999n)],
    [
      'overdue by 30 days, not more',
      'OVERDUE_DEBT',
      async () => {
        const house = await buildHouse(relight);
        await issueBill(relight, house, 10_000n, { dueDate: '2026-02-08' });
        return house;
      },
    ],
    ['notice served two days ago', 'NOTICE_SERVED', () => buildDebtor(relight), '2026-03-08'],
    ['notice served eight days ago', 'NOTICE_SERVED', () => buildDebtor(relight), '2026-03-02'],
    [
      'a protected customer',
      'NOT_PROTECTED',
      () =>
        buildDebtor(relight, 10_000n, {
          protections: [{ id: newId(), kind: 'LONE_ELDERLY', proof: null, validUntil: null }],
        }),
    ],
    [
      'the relay is open already',
      'NOT_ALREADY_OFF',
      async () => {
        const house = await buildDebtor(relight);
        await relight.sql(`UPDATE meter SET reported_relay = 'OPEN' WHERE id = $1`, [house.meterId]);
        return house;
      },
    ],
  ])('%s: CUT_BLOCKED by %s, and nothing is left behind', async (_what, blocker, houseOf, servedOn = '2026-03-06') => {
    const house = await houseOf();
    const idempotencyKey = newKey();
    const error = (await askForCut(relight, house, { servedOn, idempotencyKey }).catch(
      (reason: unknown) => reason,
    )) as UserError;
    expect([error.code, error.field]).toEqual(['CUT_BLOCKED', 'servicePointId']);
    expect(error.message).toContain(blocker);
    expect(await commandsOf(relight, house)).toEqual([]);
    expect(await relight.sql('SELECT FROM request_key WHERE idempotency_key = $1', [idempotencyKey])).toEqual([]);
  });

  test('the day and the hour are not asked yet: the cut is prepared in the evening', async () => {
    const house = await buildDebtor(relight);
    await serveCutNotice(relight, house);
    const evening = contextAt(relight, '2026-03-10T14:00:00Z');
    const { commandId } = await requestCut(
      evening,
      {
        servicePointId: house.servicePointId,
        reason: 'ARREARS',
        idempotencyKey: newKey(),
        note: 'unpaid',
      },
      clerk,
    );
    expect((await commandOf(relight, commandId)).state).toBe('PENDING_APPROVAL');
  });

  test('the same request again is the first command; another one is pointed to it', async () => {
    const house = await buildDebtor(relight);
    const idempotencyKey = newKey();
    const { commandId } = await askForCut(relight, house, { idempotencyKey });
    expect(await askForCut(relight, house, { idempotencyKey })).toEqual({ commandId, replayed: true });
    expect(await refusal(askForCut(relight, house, { idempotencyKey, note: 'another note' }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    await expect(askForCut(relight, house)).rejects.toMatchObject({ code: 'COMMAND_OPEN', detail: { commandId } });
  });

  test('thirty-two at once: one command, and every other request is pointed to it', async () => {
    const house = await buildDebtor(relight);
    const outcomes = await Promise.allSettled(Array.from({ length: 32 }, () => askForCut(relight, house)));
    const [first] = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as UserError] : []));
    expect(refused).toHaveLength(31);
    expect(new Set(refused.map(({ code, detail }) => `${code} ${detail?.['commandId']}`))).toEqual(
      new Set([`COMMAND_OPEN ${first!.value.commandId}`]),
    );
    expect(await commandsOf(relight, house)).toEqual(['CUT PENDING_APPROVAL']);
  });
});

describe('approving', () => {
  const approveBy = (actor: typeof clerk, commandId: string, idempotencyKey = newKey()) =>
    approveSwitchCommand(relight.ctx, { commandId, role: 'SUPERVISOR', idempotencyKey, note: 'checked' }, actor);

  test('is for another person than the one who asked', async () => {
    const { commandId } = await askForCut(relight, await buildDebtor(relight));
    expect(await refusal(approveBy(clerk, commandId))).toBe('APPROVAL_BY_REQUESTER');
    expect(await approveBy(supervisor, commandId)).toEqual({ commandId, replayed: false });
    expect((await commandOf(relight, commandId)).state).toBe('QUEUED');
    // The database would refuse it, too.
    const forged = `UPDATE switch_command SET approved_by = requested_by WHERE id = '${commandId}'`;
    await expect(relight.ctx.db.rows(statementOf(forged))).rejects.toMatchObject({ code: '23514' });
  });

  test('happens once', async () => {
    const { commandId } = await askForCut(relight, await buildDebtor(relight));
    const key = newKey();
    await approveBy(supervisor, commandId, key);
    expect(await approveBy(supervisor, commandId, key)).toEqual({ commandId, replayed: true });
    expect(await refusal(approveBy(person('another'), commandId))).toBe('NOT_WAITING_FOR_APPROVAL');
  });

  test('two supervisors at once: one approves', async () => {
    const { commandId } = await askForCut(relight, await buildDebtor(relight));
    const outcomes = await Promise.allSettled([
      approveBy(person('one'), commandId),
      approveBy(person('two'), commandId),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('judges again: what was lawful when it was asked for may not be any more', async () => {
    const house = await buildDebtor(relight);
    const { commandId } = await askForCut(relight, house);
    await protect(house);
    await expect(approveBy(supervisor, commandId)).rejects.toMatchObject({
      code: 'CUT_BLOCKED',
      message: expect.stringContaining('NOT_PROTECTED') as string,
    });
    expect((await commandOf(relight, commandId)).state).toBe('PENDING_APPROVAL');
  });

  test('is refused for what does not exist, or does not wait', async () => {
    expect(await refusal(approveBy(supervisor, NOWHERE))).toBe('COMMAND_NOT_FOUND');
    const house = await buildDebtor(relight);
    const { commandId } = await askForCut(relight, house);
    await pay(relight, house, 10_000n);
    expect(await refusal(approveBy(supervisor, commandId))).toBe('NOT_WAITING_FOR_APPROVAL');
  });
});

describe('cancelling', () => {
  test('is possible until it is sent, also for who asked for it', async () => {
    const house = await buildDebtor(relight);
    const { commandId: waiting } = await askForCut(relight, house);
    expect(await cancel(waiting)).toEqual({ commandId: waiting, replayed: false });
    const queued = await queueCut(relight, house);
    await cancel(queued, supervisor);
    expect(await commandsOf(relight, house)).toEqual(['CUT CANCELLED', 'CUT CANCELLED']);
    expect(await send(relight)).toEqual([]);
  });

  test('same key, same answer', async () => {
    const { commandId } = await askForCut(relight, await buildDebtor(relight));
    const key = newKey();
    await cancel(commandId, clerk, key);
    expect(await cancel(commandId, clerk, key)).toEqual({ commandId, replayed: true });
  });

  test('is too late once it is sent', async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const [order] = await send(relight);
    expect(await refusal(cancel(commandId))).toBe('ALREADY_SENT');
    await meterObeys(relight, house, order!);
    expect(await refusal(cancel(commandId))).toBe('ALREADY_SENT');
  });

  test('is not for a restore', async () => {
    const house = await buildDebtor(relight);
    await cutOff(relight, house);
    const { restoreCommandIds } = await pay(relight, house, 10_000n);
    expect(await refusal(cancel(restoreCommandIds[0]!))).toBe('RESTORE_IS_DUE');
  });

  test('is refused for what does not exist', async () => {
    expect(await refusal(cancel(NOWHERE))).toBe('COMMAND_NOT_FOUND');
  });
});

test('all that these tests did is told by the audit', async () => {
  // The clean-up after each test is not, nor are meters taken off behind the flows' back.
  const told = (await auditFaults(relight.ctx.db)).filter(
    (fault) => !/is (CANCELLED|SUPERSEDED), its last entry|^MeterInstallation/.test(fault),
  );
  expect(told).toEqual([]);
});
