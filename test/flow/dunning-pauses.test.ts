import { decideCuts } from '../../src/flows/cut-decisions.js';
import { pauseDunning, resumeDunning } from '../../src/flows/pause-dunning.js';
import { cutCandidates, FIRST_ID } from '../../src/flows/propose-cuts.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { auditFaults } from '../support/check-audit.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { askForCut, contextAt, cutOff, queueCut, send } from './support/acts.js';
import { buildDebtor, newKey, type House } from './support/houses.js';
import { commandOf, commandsOf, interruptionsOf, refusal } from './support/looks.js';

const MANAGER = person('manager-1');

describe('a pause of dunning and the cut', () => {
  let relight: TestRelight;
  beforeAll(async () => {
    relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
  });
  afterAll(async () => {
    expect(await auditFaults(relight.ctx.db)).toEqual([]);
    await relight.stop();
  });

  const pause = (house: House, days = 3) =>
    pauseDunning(
      relight.ctx,
      { accountId: house.accountId, days, note: 'in hospital', idempotencyKey: newKey() },
      MANAGER,
    );
  const dayAfter = (days: number): Date => new Date(relight.ctx.clock.now().getTime() + days * 86_400_000);
  const holdCheck = async ({ servicePointId }: House, at: Date) => {
    const question = { servicePointId, reason: 'ARREARS' as const };
    const decision = (await decideCuts(relight.ctx, relight.ctx.db, [question], at)).get(servicePointId)!;
    return decision.checks.find(({ code }) => code === 'NO_HOLD');
  };

  test('takes back a cut that was not sent, whether it waits for approval or for its turn', async () => {
    const [waiting, queued] = [await buildDebtor(relight), await buildDebtor(relight)];
    const ids = [(await askForCut(relight, waiting)).commandId, await queueCut(relight, queued)];
    for (const house of [waiting, queued]) await pause(house);
    for (const id of ids)
      expect(await commandOf(relight, id)).toMatchObject({ state: 'CANCELLED', failureCode: 'DUNNING_PAUSED' });
    expect((await send(relight)).filter(({ commandId }) => ids.includes(commandId))).toEqual([]);
  });

  test('a cut on its way is answered by a restore; power that is off stays off', async () => {
    const [sent, off] = [await buildDebtor(relight), await buildDebtor(relight)];
    await cutOff(relight, off);
    await queueCut(relight, sent);
    await send(relight);
    for (const house of [sent, off]) await pause(house);
    expect((await commandsOf(relight, sent)).length).toBe(2);
    expect((await commandsOf(relight, off)).length).toBe(1);
    expect((await interruptionsOf(relight, off)).length).toBe(1);
  });

  test('nobody paused is cut, asked for or proposed, until the day after', async () => {
    const house = await buildDebtor(relight);
    await pause(house);
    expect(await holdCheck(house, dayAfter(2))).toMatchObject({
      passed: false,
      evidence: 'dunning is paused until 2026-03-12',
    });
    expect(await holdCheck(house, dayAfter(3))).toMatchObject({ passed: true });
    expect(await refusal(askForCut(relight, house))).toBe('CUT_BLOCKED');
    const [row] = await relight.sql<{ id: string }>(`SELECT district_id AS id FROM service_point WHERE id = $1`, [
      house.servicePointId,
    ]);
    const isCandidate = async (date: string) =>
      (await cutCandidates(relight.ctx.db, { districtId: row!.id, after: FIRST_ID, date, limit: 1_000 })).some(
        ({ servicePointId }) => servicePointId === house.servicePointId,
      );
    expect([await isCandidate('2026-03-12'), await isCandidate('2026-03-13')]).toEqual([false, true]);
    const resumed = { accountId: house.accountId, note: 'home again', idempotencyKey: newKey() };
    await resumeDunning(contextAt(relight, dayAfter(0)), resumed, MANAGER);
    expect(await isCandidate('2026-03-10')).toBe(true);
    expect(await holdCheck(house, dayAfter(0))).toMatchObject({ passed: true });
  });

  test('danger is no dunning: an urgent cut passes', async () => {
    const house = await buildDebtor(relight);
    await pause(house);
    const urgent = { servicePointId: house.servicePointId, reason: 'SAFETY', note: 'smell of burning' } as const;
    const { commandId } = await requestCut(relight.ctx, { ...urgent, idempotencyKey: newKey() }, MANAGER);
    expect((await commandOf(relight, commandId)).state).toBe('QUEUED');
  });
});
