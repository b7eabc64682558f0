import { recordFollowUp, type FollowUpRecord } from '../../src/flows/follow-customer.js';
import { watchRestores } from '../../src/flows/watch-restores.js';
import { openInterruptionAt } from '../../src/flows/change-interruption.js';
import { auditFaults } from '../support/check-audit.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, cutOff, meterObeys, meterSays, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, issueBill, newKey, type House } from './support/houses.js';
import { refusal } from './support/looks.js';
import { movable, type MovingRelight } from './support/moving-clock.js';

const MORNING = '2026-03-10T02:00:00Z';

let standing: TestRelight;
let relight: MovingRelight;
beforeAll(async () => {
  standing = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
}, 60_000);
beforeEach(() => {
  relight = movable(standing, MORNING);
});
afterEach(async () => expect(await auditFaults(standing.ctx.db)).toEqual([]));
afterAll(() => standing.stop());

interface FollowUpRow {
  readonly id: string;
  readonly owner: string;
  readonly state: string;
  readonly nextDueAt: Date | null;
  readonly commandId: string;
  readonly closedAt: Date | null;
}
const followUpsOf = (house: House): Promise<FollowUpRow[]> =>
  relight.sql(
    `SELECT id, owner, state, next_due_at AS "nextDueAt", command_id AS "commandId", closed_at AS "closedAt" FROM follow_up WHERE account_id = $1 ORDER BY id`,
    [house.accountId],
  );
const statesOf = async (house: House): Promise<string[]> => (await followUpsOf(house)).map(({ state }) => state);

async function followed(): Promise<{ house: House; followUp: FollowUpRow }> {
  const house = await buildDebtor(relight);
  await cutOff(relight, house);
  return { house, followUp: (await followUpsOf(house))[0]! };
}

const contact = (followUpId: string, change: Partial<FollowUpRecord> = {}, actor = person('somebody')) =>
  recordFollowUp(
    relight.ctx,
    {
      followUpId,
      means: 'CALL',
      outcome: 'REACHED',
      note: 'will pay on Friday',
      idempotencyKey: newKey(),
      ...change,
    },
    actor,
  );

const lightsBack = async (house: House): Promise<void> => {
  await pay(relight, house, 10_000n);
  const order = (await send(relight)).find(({ serial }) => serial === house.serial)!;
  relight.pass(1);
  await meterObeys(relight, house, order);
};

describe('every cut for debt that is carried out', () => {
  test('gets a named owner and a first contact within a day, when the meter proves it and not before', async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const order = (await send(relight)).find((one) => one.commandId === commandId)!;
    expect(await statesOf(house)).toEqual([]);
    await meterObeys(relight, house, order);
    await meterObeys(relight, house, order);
    const [followUp, ...more] = await followUpsOf(house);
    expect(more).toEqual([]);
    const [{ owner }] = (await relight.sql<{ owner: string }>('SELECT owner FROM interruption WHERE command_id = $1', [
      commandId,
    ])) as [{ owner: string }];
    expect(followUp).toMatchObject({
      owner,
      state: 'OPEN',
      commandId,
      nextDueAt: new Date('2026-03-11T02:00:00Z'),
    });
  });

  test('is not followed up when the meter refuses, or when nobody is cut for debt', async () => {
    const house = await buildDebtor(relight);
    const commandId = await queueCut(relight, house);
    const order = (await send(relight)).find((one) => one.commandId === commandId)!;
    await meterSays(relight, house, {
      kind: 'ACK',
      commandId,
      result: 'REFUSED',
      refusal: 'PROTECTED',
      lastSequence: order.sequence - 1n,
    });
    expect(await statesOf(house)).toEqual([]);

    const unsafe = await buildDebtor(relight);
    await askForCut(relight, unsafe, { reason: 'SAFETY', servedOn: null });
    const danger = (await send(relight)).find(({ serial }) => serial === unsafe.serial)!;
    await meterObeys(relight, unsafe, danger);
    expect(await statesOf(unsafe)).toEqual([]);
  });

  test('is followed up until the proof of power, and not only until the payment', async () => {
    const { house } = await followed();
    await pay(relight, house, 10_000n);
    const order = (await send(relight)).find(({ serial }) => serial === house.serial)!;
    expect(await statesOf(house)).toEqual(['OPEN']);
    relight.pass(7);
    await meterObeys(relight, house, order);
    expect(await followUpsOf(house)).toMatchObject([{ state: 'CLOSED', nextDueAt: null, closedAt: relight.now() }]);
  });

  test('gets its own when the same place is cut again', async () => {
    const { house } = await followed();
    await lightsBack(house);
    await issueBill(relight, house, 20_000n, { periodFrom: '2026-01-02', periodTo: '2026-01-03' });
    await cutOff(relight, house);
    expect(await statesOf(house)).toEqual(['CLOSED', 'OPEN']);
  });

  test('is followed up while another reason keeps the power off', async () => {
    const { house } = await followed();
    const opening = { servicePointId: house.servicePointId, note: 'burnt cable', idempotencyKey: newKey() };
    await openInterruptionAt(relight.ctx, { ...opening, reason: 'SAFETY' }, person('fitter'));
    await pay(relight, house, 10_000n);
    relight.pass(60);
    // Somebody closes the relay by hand: power that is not due is no power back.
    await meterSays(relight, house, { relay: 'CLOSED', lastSequence: 100n });
    await watchRestores(relight.ctx, relight.now());
    expect(await statesOf(house)).toEqual(['OPEN']);
  });

  test('is closed by the watch where power came back on another way', async () => {
    const { house } = await followed();
    await pay(relight, house, 10_000n);
    await send(relight);
    await standing.sql(`UPDATE meter SET reported_relay = 'CLOSED', reported_at = $2 WHERE id = $1`, [
      house.meterId,
      new Date(relight.now().getTime() + 60_000),
    ]);
    relight.pass(10);
    await watchRestores(relight.ctx, relight.now());
    expect(await statesOf(house)).toEqual(['CLOSED']);
  });
});

describe('a contact after the cut', () => {
  test('is a fact that says who spoke, whether somebody stood in, and when the next is due', async () => {
    const { followUp } = await followed();
    relight.pass(30);
    await contact(followUp.id, {}, person(followUp.owner));
    relight.pass(30);
    const nextDueAt = new Date('2026-03-12T02:00:00Z');
    await contact(followUp.id, { outcome: 'NOT_REACHED', nextDueAt }, person('hotline'));
    expect(
      await relight.sql(
        `SELECT outcome, recorded_by AS by, stand_in AS "standIn" FROM follow_up_contact WHERE follow_up_id = $1 ORDER BY at`,
        [followUp.id],
      ),
    ).toEqual([
      { outcome: 'REACHED', by: followUp.owner, standIn: false },
      { outcome: 'NOT_REACHED', by: 'hotline', standIn: true },
    ]);
    expect(await relight.sql(`SELECT next_due_at AS at FROM follow_up WHERE id = $1`, [followUp.id])).toEqual([
      { at: nextDueAt },
    ]);
    await expect(relight.sql(`UPDATE follow_up_contact SET note = 'other'`)).rejects.toThrow('append-only');
  });

  test('asked twice with one key is one contact', async () => {
    const { followUp } = await followed();
    const idempotencyKey = newKey();
    const [first, second] = [
      await contact(followUp.id, { idempotencyKey }),
      await contact(followUp.id, { idempotencyKey }),
    ];
    expect([first.replayed, second.replayed, second.contactId]).toEqual([false, true, first.contactId]);
  });

  test.each<[string, Partial<FollowUpRecord>]>([
    ['before the cut', { at: new Date('2026-03-09T00:00:00Z') }],
    ['in the future', { at: new Date('2026-03-11T00:00:00Z') }],
    ['with a next one in the past', { nextDueAt: new Date('2026-03-10T01:00:00Z') }],
    ['with a next one further off than two weeks', { nextDueAt: new Date('2026-03-24T02:00:00.001Z') }],
  ])('is refused %s', async (_when, change) => {
    const { followUp } = await followed();
    expect(await refusal(contact(followUp.id, change))).toBe('FOLLOW_UP_TIME');
  });

  test('is refused where power is back, or nobody was cut', async () => {
    const { house, followUp } = await followed();
    await lightsBack(house);
    expect(await refusal(contact(followUp.id))).toBe('FOLLOW_UP_CLOSED');
    expect(await refusal(contact('0197f000-0000-7000-8000-000000000000'))).toBe('FOLLOW_UP_NOT_FOUND');
  });
});
