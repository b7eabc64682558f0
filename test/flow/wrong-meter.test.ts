import { takeUplink } from '../../src/flows/take-uplink.js';
import type { MeterReport } from '../../src/switching/report-policy.js';
import { oddity, type SuspectWord } from '../../src/switching/wrong-meter-policy.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { contextAt, cutOff } from './support/acts.js';
import { buildDebtor, buildHouse, type House } from './support/houses.js';
import { commandsOf, interruptionsOf } from './support/looks.js';

let relight: TestRelight;
beforeEach(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterEach(async () => {
  await relight.stop();
});

/** The meter of a house says something so many minutes from now. */
function saysLater(house: House, minutes: number, said: Partial<MeterReport>): Promise<void> {
  const at = new Date(relight.ctx.clock.now().getTime() + minutes * 60_000);
  const report: MeterReport = {
    meterId: house.meterId,
    kind: 'STATE',
    relay: 'CLOSED',
    armed: false,
    protected: false,
    lastSequence: 1n,
    meterAt: at,
    ...said,
  };
  return takeUplink(contextAt(relight, at), [{ kind: 'REPORT', report }]);
}
const workOf = async (house: House) =>
  relight.sql('SELECT kind, state FROM work_order WHERE service_point_id = $1', [house.servicePointId]);
const casesOf = async (house: House) =>
  relight.sql('SELECT kind, state, declared_by FROM compensation_case WHERE service_point_id = $1', [
    house.servicePointId,
  ]);
const CHECK = [{ kind: 'CHECK_INSTALLATION', state: 'OPEN' }];
const SUGGESTED = [{ kind: 'WRONGFUL_CUT', state: 'OPEN', declared_by: null }];

test.each<[string, SuspectWord, ReturnType<typeof oddity>]>([
  ['a cut as it should be', { relay: 'OPEN', powerW: 0 }, undefined],
  ['the resolution of the meter', { relay: 'OPEN', powerW: 5 }, undefined],
  ['energy through an open relay', { relay: 'OPEN', powerW: 6 }, 'ENERGY_FLOWS_ON'],
  ['and back into the grid', { relay: 'OPEN', powerW: -300 }, 'ENERGY_FLOWS_ON'],
  ['nothing measured', { relay: 'OPEN' }, undefined],
  ['a lit house', { relay: 'CLOSED', supplyVoltageMv: 231_000, loadVoltageMv: 230_000 }, undefined],
  ['dead behind a closed relay', { relay: 'CLOSED', supplyVoltageMv: 231_000, loadVoltageMv: 0 }, 'DEAD_BEHIND_CLOSED'],
  ['an outage is no swap', { relay: 'CLOSED', supplyVoltageMv: 9_000, loadVoltageMv: 0 }, undefined],
])('%s', (_name, word, odd) => {
  expect(oddity(word)).toBe(odd);
});

test('a meter that was proven cut and goes on counting: power back at once, somebody checks, a case is suggested', async () => {
  const house = await buildDebtor(relight);
  await cutOff(relight, house);
  await saysLater(house, 5, { relay: 'OPEN', powerW: 850 });
  expect(await interruptionsOf(relight, house)).toEqual([]);
  expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
  expect(await workOf(house)).toEqual(CHECK);
  expect(await casesOf(house)).toEqual(SUGGESTED);
  await saysLater(house, 6, { relay: 'OPEN', powerW: 850 });
  expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
});

test('the moment in which a relay opens is not held against it', async () => {
  const house = await buildDebtor(relight);
  await cutOff(relight, house);
  await saysLater(house, 0.5, { relay: 'OPEN', powerW: 850 });
  expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED']);
});

test('a neighbour goes dark behind a closed relay: the one cut of this hour is taken back, and both places are checked', async () => {
  const [house, neighbour] = [await buildDebtor(relight), await buildHouse(relight)];
  await cutOff(relight, house);
  await saysLater(neighbour, 5, { relay: 'CLOSED', lastSequence: 0n, supplyVoltageMv: 231_000, loadVoltageMv: 0 });
  expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED', 'RESTORE QUEUED']);
  expect(await workOf(house)).toEqual(CHECK);
  expect(await workOf(neighbour)).toEqual(CHECK);
  expect(await casesOf(house)).toEqual(SUGGESTED);
});

test('among two cuts of this hour nobody knows which it was: somebody checks, and no cut is taken back', async () => {
  const [one, two, neighbour] = [await buildDebtor(relight), await buildDebtor(relight), await buildHouse(relight)];
  await cutOff(relight, one);
  await cutOff(relight, two);
  await saysLater(neighbour, 5, { relay: 'CLOSED', lastSequence: 0n, supplyVoltageMv: 231_000, loadVoltageMv: 0 });
  expect(await commandsOf(relight, one)).toEqual(['CUT VERIFIED']);
  expect(await commandsOf(relight, two)).toEqual(['CUT VERIFIED']);
  expect(await workOf(neighbour)).toEqual(CHECK);
});

test('a neighbour who goes dark two hours later has another reason', async () => {
  const [house, neighbour] = [await buildDebtor(relight), await buildHouse(relight)];
  await cutOff(relight, house);
  await saysLater(neighbour, 120, { relay: 'CLOSED', lastSequence: 0n, supplyVoltageMv: 231_000, loadVoltageMv: 0 });
  expect(await commandsOf(relight, house)).toEqual(['CUT VERIFIED']);
  expect(await workOf(neighbour)).toEqual([]);
});
