import { approveThresholdChange, changeThreshold, withdrawThresholdChange } from '../../src/flows/change-threshold.js';
import { requestCut } from '../../src/flows/request-switch.js';
import { setKillSwitch } from '../../src/flows/set-kill-switch.js';
import { LIMITS } from '../../src/platform/limits.js';
import { thresholdsAt } from '../../src/switching/thresholds.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, cutOff, pay } from './support/acts.js';
import { buildDebtor, buildHouse, newKey, type House } from './support/houses.js';
import { commandsOf } from './support/looks.js';

const DAY_MS = 24 * 3_600_000;
const START = Date.parse('2026-03-10T02:00:00Z');

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, thresholds: true });
}, 60_000);
afterAll(() => relight.stop());

const after = (ms: number) => contextAt(relight, new Date(START + ms));
const inForce = async (ms: number) => (await thresholdsAt(relight.ctx.db, new Date(START + ms))).SYSTEM_PER_HOUR;
const ask = (value: bigint, ms: number, who: string) =>
  changeThreshold(after(ms), { kind: 'SYSTEM_PER_HOUR', value, idempotencyKey: newKey(), note: 'test' }, person(who));
const decision = (changeId: string) => ({ changeId, idempotencyKey: newKey(), note: 'test' });

describe('a threshold', () => {
  test('an emergency lowering takes back every raise that does not hold yet', async () => {
    const { changeId } = await ask(900n, 0, 'one');
    await approveThresholdChange(after(0), decision(changeId), person('two'));
    await ask(0n, DAY_MS - 3_600_000, 'three');
    expect([await inForce(DAY_MS - 1), await inForce(3 * DAY_MS)]).toEqual([0n, 0n]);
  });

  test('a raise that would no longer raise is not approved', async () => {
    const { changeId: small } = await ask(10n, 4 * DAY_MS, 'one');
    const { changeId: large } = await ask(20n, 4 * DAY_MS, 'one');
    await approveThresholdChange(after(4 * DAY_MS), decision(large), person('two'));
    const late = approveThresholdChange(after(6 * DAY_MS), decision(small), person('two'));
    await expect(late).rejects.toMatchObject({ code: 'THRESHOLD_MOVED' });
    expect(await inForce(6 * DAY_MS)).toBe(20n);
    await withdrawThresholdChange(after(7 * DAY_MS), decision(large), person('one'));
    expect(await inForce(7 * DAY_MS)).toBe(0n);
  });
});

describe('a cut for danger', () => {
  const danger = (house: House, who: string) =>
    requestCut(
      relight.ctx,
      { servicePointId: house.servicePointId, reason: 'SAFETY', idempotencyKey: newKey(), note: 'smell of burning' },
      person(who),
    );

  test('does not take a paid customer’s restore away while the kill switch would keep it from being sent', async () => {
    const house = await buildDebtor(relight);
    await relight.sql(
      `INSERT INTO cut_threshold_change (id, kind, value, raises, requested_by, requested_at, reason, effective_from)
       SELECT gen_random_uuid(), k, 1000000, false, 't', '2020-01-01', 'test', '2020-01-01' FROM unnest(ARRAY['DISTRICT_PERCENT_PER_HOUR', 'SYSTEM_PER_MINUTE']) AS k`,
    );
    await cutOff(relight, house);
    await setKillSwitch(relight.ctx, { engaged: true, note: 'test', idempotencyKey: newKey() }, person('one'));
    await pay(relight, house, 10_000n);
    await expect(danger(house, 'clerk')).rejects.toMatchObject({ code: 'CUT_BLOCKED' });
    expect(await commandsOf(relight, house)).toContain('RESTORE QUEUED');
    await setKillSwitch(relight.ctx, { engaged: false, note: 'test', idempotencyKey: newKey() }, person('one'));
  });

  test('one person asks for few of them in a day', async () => {
    const most = LIMITS.urgentCutsPerPersonPerDay.value;
    const houses = await Promise.all(Array.from({ length: most + 1 }, () => buildHouse(relight)));
    for (const house of houses.slice(0, most)) await danger(house, 'thief');
    await expect(danger(houses[most]!, 'thief')).rejects.toMatchObject({ code: 'URGENT_CUTS_EXHAUSTED' });
    await danger(houses[most]!, 'colleague');
  });
});
