import { attendCommands } from '../../src/flows/attend-commands.js';
import { dispatchCuts } from '../../src/flows/dispatch-switch.js';
import { KILL_SWITCH_ID, setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { eventually } from '../support/eventually.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, pay, queueCut, send } from './support/acts.js';
import { buildDebtor, buildHouse, newKey } from './support/houses.js';
import { commandOf, interruptionsOf, refusal } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterEach(async () => {
  await set(false);
  await send(relight);
});
afterAll(() => relight.stop());

const set = (engaged: boolean, change: { idempotencyKey?: string; note?: string } = {}) =>
  setKillSwitch(
    relight.ctx,
    { engaged, note: 'wrong list loaded', idempotencyKey: newKey(), ...change },
    person('supervisor'),
  );

test('engaged: no cut is sent, for whatever reason; released: it is decided and sent', async () => {
  const debt = await queueCut(relight, await buildDebtor(relight));
  const danger = await requestCut(
    relight.ctx,
    {
      servicePointId: (await buildHouse(relight)).servicePointId,
      reason: 'SAFETY',
      idempotencyKey: newKey(),
      note: 'smoke',
    },
    person('clerk'),
  );
  await set(true);
  expect(await send(relight)).toEqual([]);
  expect([(await commandOf(relight, debt)).state, (await commandOf(relight, danger.commandId)).state]).toEqual([
    'QUEUED',
    'QUEUED',
  ]);
  await set(false);
  expect((await send(relight)).map(({ commandId }) => commandId).sort()).toEqual([debt, danger.commandId].sort());
});

test('restores go on as if it were not there', async () => {
  const house = await buildDebtor(relight);
  await cutOff(relight, house);
  await set(true);
  const { restoreCommandIds } = await pay(relight, house, 10_000n);
  expect((await send(relight)).map(({ commandId }) => commandId)).toEqual(restoreCommandIds);
});

test('a cut that is held back too long expires; it must be asked for anew', async () => {
  const house = await buildDebtor(relight);
  const commandId = await queueCut(relight, house);
  await set(true);
  await relight.sql('UPDATE switch_command SET give_up_wall_at = clock_timestamp() WHERE id = $1', [commandId]);
  await attendCommands(relight.ctx);
  expect(await commandOf(relight, commandId)).toMatchObject({ state: 'EXPIRED', failureCode: 'NOT_SENT' });
  expect(await interruptionsOf(relight, house)).toEqual([]);
});

test('in the middle of a batch: once it has answered, not one more cut is sent', async () => {
  const queued = await Promise.all(
    Array.from({ length: 24 }, async () => queueCut(relight, await buildDebtor(relight))),
  );
  const sent: string[] = [];
  const dispatching = dispatchCuts(relight.ctx, ({ commandId }) => Promise.resolve(void sent.push(commandId)));
  await eventually('the batch has begun', () => sent.length >= 2);
  await set(true);
  const sentInTime = await relight.sql<{ id: string }>(
    `SELECT id FROM switch_command WHERE id = ANY($1::uuid[]) AND state = 'SENT'`,
    [queued],
  );
  await dispatching;
  expect(sent).toHaveLength(sentInTime.length);
  expect(sentInTime.length).toBeLessThan(queued.length);
});

test('engaging waits for the cut that is being sent: what it answers is true', async () => {
  let answered = false;
  let engaging: Promise<unknown> | undefined;
  await relight.ctx.db.transaction('test-cut-being-sent', async (tx) => {
    await tx.rows({ name: 'test-share', text: 'SELECT engaged FROM kill_switch FOR SHARE' });
    engaging = set(true).then(() => (answered = true));
    await eventually(
      'it waits',
      async () =>
        (
          await relight.sql(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
        ).length > 0,
    );
    expect(answered).toBe(false);
  });
  await engaging;
});

test('each turn is told once, by whom and why; the same again is no turn', async () => {
  const key = newKey();
  const first = await set(true, { idempotencyKey: key });
  expect(await set(true, { idempotencyKey: key })).toEqual(first);
  expect(first).toMatchObject({ engaged: true, setBy: 'supervisor', reason: 'wrong list loaded' });
  expect(
    await setKillSwitch(relight.ctx, { engaged: true, note: 'me too', idempotencyKey: newKey() }, person('another')),
  ).toEqual(first);
  expect(await refusal(set(false, { idempotencyKey: key }))).toBe('IDEMPOTENCY_KEY_REUSED');
  const told = await relight.sql<{ actor: string; reason: string }>(
    `SELECT actor, reason FROM audit_entry WHERE subject_id = $1 AND to_state = 'ENGAGED' AND at >= $2`,
    [KILL_SWITCH_ID, first.since],
  );
  expect(told).toEqual([{ actor: 'supervisor', reason: 'wrong list loaded' }]);
});

test('a missing switch counts as engaged', async () => {
  const commandId = await queueCut(relight, await buildDebtor(relight));
  await relight.sql('DELETE FROM kill_switch');
  expect(await send(relight)).toEqual([]);
  expect((await commandOf(relight, commandId)).state).toBe('QUEUED');
  await relight.sql('INSERT INTO kill_switch DEFAULT VALUES');
});
