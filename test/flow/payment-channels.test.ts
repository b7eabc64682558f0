import { paymentChannelsOf } from '../../src/dunning/payment-channels.js';
import { setPaymentChannel, type SetPaymentChannelRequest } from '../../src/flows/set-payment-channel.js';
import { person, startTestRelight, type TestRelight } from '../support/test-relight.js';
import { buildDistrict, newKey } from './support/houses.js';
import { refusal } from './support/looks.js';

let relight: TestRelight;
beforeAll(async () => {
  relight = await startTestRelight({ wire: false, plan: { metersPerDistrict: 1, months: 1, arrearsShare: 0 } });
});
afterAll(() => relight.stop());

let numbers = 0;
const channel = (change: Partial<SetPaymentChannelRequest> = {}): SetPaymentChannelRequest => ({
  idempotencyKey: newKey(),
  note: 'a new counter',
  code: `C-${(numbers += 1)}`,
  name: 'Counter',
  kind: 'COUNTER',
  districtId: null,
  hours: [{ weekday: 1, opens: '08:30', closes: '17:30' }],
  openOnHolidays: false,
  closedFrom: null,
  closedUntil: null,
  downSince: null,
  ...change,
});
const set = (request: SetPaymentChannelRequest) => setPaymentChannel(relight.ctx, request, person('operator'));
const codesOf = async (...districtIds: string[]): Promise<string[][]> => {
  const found = await paymentChannelsOf(relight.ctx.db, districtIds);
  return districtIds.map((id) =>
    found
      .get(id)!
      .map(({ code }) => code)
      .sort(),
  );
};
const auditOf = (id: string) =>
  relight.sql<{ act: string; from: string | null; to: string; reason: string; actor: string }>(
    `SELECT act, from_state AS "from", to_state AS "to", reason, actor FROM audit_entry WHERE subject_id = $1 ORDER BY id`,
    [id],
  );

test('a simulated world opens a counter in its district and the app for everybody', async () => {
  const [district] = await relight.sql<{ id: string }>(`SELECT id FROM transformer_district ORDER BY code LIMIT 1`);
  const channels = (await paymentChannelsOf(relight.ctx.db, [district!.id])).get(district!.id)!;
  expect(channels.map(({ code, kind, openOnHolidays }) => ({ code, kind, openOnHolidays }))).toEqual([
    { code: 'JN-0001-COUNTER', kind: 'COUNTER', openOnHolidays: false },
    { code: 'APP', kind: 'APP', openOnHolidays: true },
  ]);
  expect(channels[0]!.hours).toHaveLength(6);
});

test('a channel is put on record, changed in whole under its code, and every change is in the audit', async () => {
  const request = channel();
  const first = await set(request);
  expect(first).toMatchObject({
    replayed: false,
    channel: { code: request.code, downSince: null, hours: request.hours },
  });
  const downSince = relight.ctx.clock.now();
  const down = await set({
    ...request,
    idempotencyKey: newKey(),
    note: 'no power there',
    downSince,
  });
  expect(down.channel.id).toBe(first.channel.id);
  expect(down.channel.downSince).toEqual(downSince);
  await set({ ...request, idempotencyKey: newKey(), note: 'open again', closedFrom: '2026-05-01', hours: [] });
  expect(await auditOf(first.channel.id)).toEqual([
    { act: 'payment-channel.set', from: null, to: 'IN_SERVICE', reason: 'a new counter', actor: 'operator' },
    { act: 'payment-channel.set', from: 'IN_SERVICE', to: 'DOWN', reason: 'no power there', actor: 'operator' },
    { act: 'payment-channel.set', from: 'DOWN', to: 'CLOSURE_ANNOUNCED', reason: 'open again', actor: 'operator' },
  ]);
});

test('the same key changes nothing again; with other content it is refused', async () => {
  const request = channel();
  const first = await set(request);
  await set({ ...request, idempotencyKey: newKey(), name: 'Another name' });
  const again = await set(request);
  expect(again).toMatchObject({ replayed: true, channel: { id: first.channel.id, name: 'Another name' } });
  expect(await refusal(set({ ...request, name: 'A third' }))).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(await auditOf(first.channel.id)).toHaveLength(2);
});

test('two who put the same code on record at once make one channel', async () => {
  const request = channel();
  const both = await Promise.all([1, 2].map((n) => set({ ...request, idempotencyKey: newKey(), name: `Name ${n}` })));
  expect(new Set(both.map(({ channel: { id } }) => id)).size).toBe(1);
});

test('each of many districts gets its own channels and those for everybody, in one statement', async () => {
  const [north, south, empty] = [
    await buildDistrict(relight),
    await buildDistrict(relight),
    await buildDistrict(relight),
  ];
  const everybody = (await set(channel({ code: 'EVERYBODY' }))).channel.code;
  const inNorth = (await set(channel({ code: 'NORTH', districtId: north }))).channel.code;
  const inSouth = (await set(channel({ code: 'SOUTH', districtId: south }))).channel.code;
  const [ofNorth, ofSouth, ofEmpty] = await codesOf(north!, south!, empty!);
  expect(ofNorth).toEqual(expect.arrayContaining([everybody, inNorth]));
  expect(ofNorth).not.toContain(inSouth);
  expect(ofSouth).toEqual(expect.arrayContaining([everybody, inSouth]));
  expect(ofEmpty).toContain(everybody);
  expect(ofEmpty!.some((code) => [inNorth, inSouth].includes(code))).toBe(false);
  expect(await codesOf()).toEqual([]);
});

const monday = (opens: string, closes: string, weekday = 1) => ({ hours: [{ weekday, opens, closes }] });
test.each<[what: string, change: Partial<SetPaymentChannelRequest>, code: string]>([
  ['a code in small letters', { code: 'lx-01' }, 'PAYMENT_CHANNEL_CODE'],
  ['a code of one letter', { code: 'A' }, 'PAYMENT_CHANNEL_CODE'],
  ['a name of spaces', { name: '  ' }, 'PAYMENT_CHANNEL_NAME'],
  ['a name of 201 characters', { name: 'x'.repeat(201) }, 'PAYMENT_CHANNEL_NAME'],
  ['weekday 0', monday('08:00', '17:00', 0), 'PAYMENT_CHANNEL_HOURS'],
  ['weekday 8', monday('08:00', '17:00', 8), 'PAYMENT_CHANNEL_HOURS'],
  ['one and a half', monday('08:00', '17:00', 1.5), 'PAYMENT_CHANNEL_HOURS'],
  ['a time of one digit', monday('8:00', '17:00'), 'PAYMENT_CHANNEL_HOURS'],
  ['24:01', monday('08:00', '24:01'), 'PAYMENT_CHANNEL_HOURS'],
  ['over midnight', monday('20:00', '02:00'), 'PAYMENT_CHANNEL_HOURS'],
  ['closes as it opens', monday('08:00', '08:00'), 'PAYMENT_CHANNEL_HOURS'],
  [
    '29 openings',
    { hours: Array.from({ length: 29 }, () => monday('08:00', '17:00').hours[0]!) },
    'PAYMENT_CHANNEL_HOURS',
  ],
  [
    'a closure that ends before it begins',
    { closedFrom: '2026-05-02', closedUntil: '2026-05-01' },
    'PAYMENT_CHANNEL_CLOSURE',
  ],
  ['a closure without a first day', { closedUntil: '2026-05-01' }, 'PAYMENT_CHANNEL_CLOSURE'],
])('refused, and nothing changed: %s', async (_what, change, code) => {
  const before = await relight.sql(`SELECT * FROM payment_channel ORDER BY code`);
  expect(await refusal(set(channel(change)))).toBe(code);
  expect(await relight.sql(`SELECT * FROM payment_channel ORDER BY code`)).toEqual(before);
});
