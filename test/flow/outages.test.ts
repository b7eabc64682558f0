import { attendCommands } from '../../src/flows/attend-commands.js';
import { watchOutages } from '../../src/flows/judge-outages.js';
import { takeUplink } from '../../src/flows/take-uplink.js';
import { startTestRelight, type TestRelight } from '../support/test-relight.js';
import { cutOff, meterSays, pay, send } from './support/acts.js';
import { buildDebtor, buildDistrict, buildHouse, type House } from './support/houses.js';
import { commandOf } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterAll(async () => {
  await relight.stop();
});

const minutes = (n: number): Date => new Date(relight.ctx.clock.now().getTime() + n * 60_000);
const says = (event: string, houses: readonly House[], at = minutes(0)) =>
  takeUplink(
    relight.ctx,
    houses.map(({ meterId }) => ({ kind: 'EVENT' as const, event: { meterId, event, eventAt: at } })),
  );
const presence = async (districtId: string, online: boolean, cause?: 'LAST_GASP') => {
  const [gateway] = await relight.sql<{ number: string }>(
    'SELECT gateway_number AS number FROM gateway WHERE district_id = $1',
    [districtId],
  );
  await takeUplink(relight.ctx, [
    { kind: 'PRESENCE', presence: { gatewayNumber: gateway!.number, online, ...(cause ? { cause } : {}) } },
  ]);
};
const outagesOf = async (districtId: string): Promise<string[]> =>
  (
    await relight.sql<{ scope: string; over: boolean }>(
      'SELECT scope, ended_at IS NOT NULL AS over FROM outage WHERE district_id = $1 ORDER BY outage_number',
      [districtId],
    )
  ).map(({ scope, over }) => `${scope} ${over ? 'over' : 'open'}`);

async function village(size: number) {
  const districtId = await buildDistrict(relight);
  const houses: House[] = [];
  for (let n = 0; n < size; n += 1) houses.push(await buildHouse(relight, { districtId }));
  return { districtId, houses };
}

test('many last gasps are an outage of the district; it ends when most say that power is back', async () => {
  const { districtId, houses } = await village(6);
  await says('LAST_GASP', houses.slice(0, 2));
  expect(await outagesOf(districtId)).toEqual(['SERVICE_POINT open', 'SERVICE_POINT open']);
  await says('LAST_GASP', houses.slice(2, 4));
  expect(await outagesOf(districtId)).toEqual(['SERVICE_POINT over', 'SERVICE_POINT over', 'DISTRICT open']);
  await says('LAST_GASP', houses.slice(2, 4));
  expect(await outagesOf(districtId)).toHaveLength(3);
  await says('POWER_ON', houses, minutes(5));
  expect(await outagesOf(districtId)).toEqual(['SERVICE_POINT over', 'SERVICE_POINT over', 'DISTRICT over']);
});

test('a concentrator that goes without a word is lost communication, with its last gasp an outage; the last will after it changes nothing', async () => {
  const { districtId } = await village(2);
  await presence(districtId, true);
  await presence(districtId, false);
  expect(await outagesOf(districtId)).toEqual([]);
  await presence(districtId, true);
  await presence(districtId, false, 'LAST_GASP');
  await presence(districtId, false);
  expect(await outagesOf(districtId)).toEqual(['DISTRICT open']);
  await presence(districtId, true);
  expect(await outagesOf(districtId)).toEqual(['DISTRICT over']);
});

test('a gasp told late, after power came back, is no outage; a state heard since ends one', async () => {
  const { districtId, houses } = await village(1);
  await says('POWER_ON', houses, minutes(2));
  await says('LAST_GASP', houses, minutes(1));
  expect(await outagesOf(districtId)).toEqual([]);
  await says('LAST_GASP', houses, minutes(3));
  expect(await outagesOf(districtId)).toEqual(['SERVICE_POINT open']);
  await meterSays(relight, houses[0]!, { meterAt: minutes(4) });
  await watchOutages(relight.ctx, minutes(5));
  expect(await outagesOf(districtId)).toEqual(['SERVICE_POINT over']);
});

test('a restore into an outage waits for its end, and is asked about at once then', async () => {
  const house = await buildDebtor(relight, 10_000n);
  const { districtId } = house;
  await cutOff(relight, house);
  const { restoreCommandIds } = await pay(relight, house, 10_000n);
  const commandId = restoreCommandIds[0]!;
  await send(relight);
  await presence(districtId, false, 'LAST_GASP');
  const windowEnds = async () => {
    await relight.sql(
      'UPDATE switch_command SET attention_wall_at = clock_timestamp(), give_up_wall_at = clock_timestamp() WHERE id = $1',
      [commandId],
    );
    await attendCommands(relight.ctx);
  };
  await windowEnds();
  await windowEnds();
  expect(await commandOf(relight, commandId)).toMatchObject({ state: 'UNKNOWN', failureCode: 'OUTAGE' });
  await presence(districtId, true);
  const [row] = await relight.sql<{ due: boolean }>(
    'SELECT attention_wall_at <= clock_timestamp() AS due FROM switch_command WHERE id = $1',
    [commandId],
  );
  expect(row!.due).toBe(true);
  await windowEnds();
  expect((await commandOf(relight, commandId)).state).toBe('FIELD_VISIT');
});
