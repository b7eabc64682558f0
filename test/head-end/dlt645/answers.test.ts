import { encodeFrame } from '../../../src/head-end/codecs/dlt645/frame.js';
import type { LineAnswer } from '../../../src/head-end/codecs/json.js';
import { readAnswer, refusalOf } from '../../../src/head-end/line-answers.js';
import { LineFrames } from '../../../src/head-end/line-frames.js';
import type { Uplink } from '../../../src/flows/take-uplink.js';
import { GATEWAY, METER, METER_KEY, knownMeter } from '../support/keys.js';

const METER_ON_LINE = { ...knownMeter(METER, METER_KEY), codec: 'DLT645' as const };
const SOURCE = { topic: `relight/v1/${GATEWAY}/up/${GATEWAY}/frames`, gateway: GATEWAY, timeZone: 'Asia/Shanghai' };
const AT = '2026-03-10T02:00:00.700Z';

const reply = (fn: number, data: string, error = false): string =>
  encodeFrame({
    address: METER,
    control: { fn, reply: true, error, follows: false },
    data: Buffer.from(data.replaceAll(' ', ''), 'hex'),
  }).toString('hex');
const answer = (frames: string[], more: Partial<LineAnswer> = {}): LineAnswer => ({
  meter: METER,
  cause: 'poll',
  outcome: 'answered',
  frames,
  lastSequence: 7,
  at: AT,
  ...more,
});
const said = (one: LineAnswer, meter = METER_ON_LINE): Uplink[] => readAnswer(one, meter, SOURCE);
const codes = (uplinks: Uplink[]) => uplinks.map((one) => (one.kind === 'REJECT' ? one.code : one.kind));

describe('what answers from the line say', () => {
  test('9CH is an ack without a relay, status word 3 a state of the concentrator’s clock', () => {
    const command = { cause: 'switch', commandId: '01900000-0000-7000-8000-000000000001' } as const;
    const [ack, state, ...more] = said(
      answer(
        [reply(0x1c, ''), reply(0x11, '03050004 1010'), reply(0x11, '00010102 0023'), reply(0x11, '00000302 341280')],
        command,
      ),
    );
    expect(more).toEqual([]);
    expect(ack).toMatchObject({
      report: { kind: 'ACK', result: 'ACCEPTED', lastSequence: 7n, readBy: 'CONCENTRATOR' },
    });
    expect(ack).not.toHaveProperty('report.relay');
    expect(state).toMatchObject({
      report: { kind: 'STATE', relay: 'OPEN', armed: true, protected: true, supplyVoltageMv: 230_000, powerW: -123 },
    });
  });

  test('silence says nothing; what the concentrator refused says why', () => {
    expect(said(answer([], { outcome: 'silent', cause: 'switch' }))).toEqual([]);
    const refused = { outcome: 'refused', refusal: 'SUPERSEDED', cause: 'switch' } as const;
    expect(said(answer([], { ...refused, commandId: '01900000-0000-7000-8000-000000000001' }))).toMatchObject([
      { kind: 'REPORT', report: { kind: 'ACK', result: 'REFUSED', refusal: 'SUPERSEDED' } },
    ]);
  });

  test('a daily freeze is a reading at its own midnight, and none without its time', () => {
    const time = reply(0x11, '03000605 00 00 08 03 26');
    const energy = reply(0x11, '03010605 78563412 00000000');
    expect(said(answer([time, energy], { cause: 'freeze' }))).toMatchObject([
      {
        kind: 'READINGS',
        readings: [{ readAt: new Date('2026-03-07T16:00:00.000Z'), energyWh: 123_456_780n, cause: 'FREEZE' }],
      },
    ]);
    expect(codes(said(answer([energy])))).toEqual(['FREEZE_WITHOUT_TIME']);
    expect(codes(said(answer([reply(0x11, '02000605 00 00 09 03 26'), energy])))).toEqual(['FREEZE_WITHOUT_TIME']);
    // A freeze that the meter does not keep is missing, and nothing else.
    expect(said(answer([reply(0x11, '02', true)]))).toEqual([]);
  });

  test('a register that was asked for is a reading at the time it was read', () => {
    expect(said(answer([reply(0x11, '00000100 78563412')], { cause: 'read' }))).toMatchObject([
      { kind: 'READINGS', readings: [{ readAt: new Date(AT), energyWh: 123_456_780n, cause: 'REQUESTED' }] },
    ]);
  });

  test('a clock is off by so much against the concentrator’s, to the second', () => {
    const clock = [reply(0x11, '01010004 02 10 03 26'), reply(0x11, '02010004 30 05 10')];
    expect(said(answer(clock))).toMatchObject([{ kind: 'CLOCK', clock: { offsetMs: 330_000, readAt: new Date(AT) } }]);
  });

  test.each([
    [['PASSWORD', 'TIME_INVALID'], 'PASSWORD'],
    [['MAC'], 'MAC'],
    [['TRIP_FAILED_PROTECTED'], 'PROTECTED'],
    [['ALREADY_TRIPPED'], 'UNEXPECTED_RELAY'],
    [['TIME_INVALID'], 'CLOCK'],
    [['SUSPENDED'], 'SUSPENDED'],
    [[], 'NO_REASON'],
  ] as const)('refused with %j: %s', (flags, refusal) => expect(refusalOf(flags)).toBe(refusal));

  test.each<[code: string, frames: string[], meter: object]>([
    ['FRAME_NOT_BCD', [reply(0x11, '00000100 7856341a')], {}],
    ['FRAME_DATA_LENGTH', [reply(0x11, '00000100 7856')], {}],
    ['FRAME_DATA_IDENTIFIER', [reply(0x11, '99999999 00')], {}],
    ['FRAME_DATA_LENGTH', [reply(0x1c, '00')], {}],
    ['FRAME_DATA_LENGTH', [reply(0x1c, '000000', true)], {}],
    ['UNEXPECTED_FUNCTION', [reply(0x13, '010000000000')], {}],
    ['NOT_BEHIND_A_LINE', [reply(0x1c, '')], { codec: 'JSON' }],
    ['FOREIGN_GATEWAY', [reply(0x1c, '')], { gatewayNumber: '370100000009' }],
  ])('%s', (code, frames, meter) => {
    const [reject] = said(answer(frames), { ...METER_ON_LINE, ...meter });
    expect(reject).toMatchObject({ kind: 'REJECT', code });
    // With its bytes.
    expect((reject as Extract<Uplink, { kind: 'REJECT' }>).source.payload.toString()).toContain(frames[0]);
  });
});

test('midnights are asked for by their number back from the last one', () => {
  const frames = new LineFrames(undefined, 'Asia/Shanghai').readFrames(
    {
      requestId: '',
      gatewayNumber: GATEWAY,
      serial: METER,
      codec: 'DLT645',
      midnights: ['2026-01-01', '2026-03-08', '2026-03-10'],
    },
    new Date(AT),
  );
  const identifiers = frames.map((frame) =>
    Buffer.from(Buffer.from(frame.slice(20, 28), 'hex').map((byte) => byte - 0x33))
      .reverse()
      .toString('hex'),
  );
  // 1 January is 68 days back: no meter keeps it.
  expect(identifiers).toEqual(['05060003', '05060103', '05060001', '05060101']);
});
