import { encodeFrame } from '../../simulator/dlt645/frame.js';
import { manifest, START_MS } from './support/fixtures.js';
import {
  broadcastFrame,
  chinaTime,
  cipherFrame,
  clockFrame,
  LineBench,
  lineManifest,
  readFrame,
  serialOf,
  switchFrame,
} from './support/line.js';

const METER = serialOf(1);
const hexOf = (data: Buffer | undefined): string => data?.subarray(4).toString('hex') ?? '(nothing)';

/** Value bytes of one register. */
const value = (bench: LineBench, di: string): string => hexOf(bench.line(1, readFrame(METER, di))?.data);

describe('registers', () => {
  test('energy, voltage, current, power, date, time, address', () => {
    const bench = new LineBench();
    const truth = bench.simulation.context.physics.measure(bench.meter(METER), START_MS);
    const digits = (hex: string): number => Number(Buffer.from(hex, 'hex').reverse().toString('hex'));
    expect(digits(value(bench, '00010000'))).toBe(Math.floor(truth.energyWh / 10));
    expect(digits(value(bench, '02010100'))).toBe(Math.round(truth.supplyVoltageMv / 100));
    expect(digits(value(bench, '02030000'))).toBe(truth.powerW * 10);
    expect(digits(value(bench, '02020100'))).toBe(Math.round((truth.powerW * 1e6) / truth.supplyVoltageMv));
    // Tuesday 10 June 2025, 12:00:00 in China.
    expect(value(bench, '04000101')).toBe('02100625');
    expect(value(bench, '04000102')).toBe('000012');
    expect(value(bench, '04000401')).toBe('010000000010');
    expect(
      bench.line(1, encodeFrame('aaaaaaaaaaaa', 0x13, Buffer.alloc(0)).toString('hex'))?.data.toString('hex'),
    ).toBe('010000000010');
  });

  test('what it has not: an error answer', () => {
    const reply = new LineBench().line(1, readFrame(METER, '01020304'));
    expect([reply?.control, reply?.data.toString('hex')]).toEqual([0xd1, '02']);
  });

  test('freezes: the midnights of the past as they were, also across a cut', () => {
    const bench = new LineBench();
    const { physics } = bench.simulation.context;
    const midnight = Date.parse('2025-06-09T16:00:00.000Z');
    const at = (ms: number): number => Math.floor((physics.pastWh(bench.meter(METER), ms) as number) / 10);
    expect(value(bench, '05060001')).toBe('0000100625');
    const before = value(bench, '05060101');
    expect(Number(Buffer.from(before, 'hex').reverse().toString('hex'))).toBe(at(midnight));
    bench.line(1, switchFrame(METER, 0x1a));
    bench.setClock(START_MS + 86_400_000);
    // Yesterday's newest is today's second.
    expect(value(bench, '05060102')).toBe(before);
    expect(value(bench, '05060101')).toBe(value(bench, '00010000'));
    expect(value(bench, '05060002')).toBe('0000100625');
    // Registers begin on 1 June, 08:00; there is no tenth and eleventh midnight before that.
    expect(value(bench, '0506010a')).not.toBe('02');
    expect(bench.line(1, readFrame(METER, '0506010b'))?.control).toBe(0xd1);
    expect(bench.line(1, readFrame(METER, '0506013f'))?.control).toBe(0xd1);
  });

  test('a long answer comes in parts', () => {
    const bench = new LineBench();
    bench.setClock(START_MS + 100 * 86_400_000);
    const first = bench.line(1, readFrame(METER, '050601ff'));
    expect(first?.control).toBe(0xb1);
    const next = (sequence: number) =>
      bench.line(
        1,
        encodeFrame(METER, 0x12, Buffer.concat([Buffer.from('ff010605', 'hex'), Buffer.of(sequence)])).toString('hex'),
      );
    const second = next(1);
    expect(second?.control).toBe(0x92);
    expect((first?.data.length as number) - 4 + (second?.data.length as number) - 5).toBe(62 * 4);
    expect(next(2)?.control).toBe(0xd2);
  });
});

describe('switching', () => {
  const OPEN = 0x10;
  const TOLD_OPEN = 0x40;

  test('trip and close; 9C has come before the contacts move', () => {
    const bench = new LineBench({ relayMs: 100 });
    expect(bench.line(1, switchFrame(METER, 0x1a))?.control).toBe(0x9c);
    expect(bench.status()).toBe(TOLD_OPEN);
    bench.wait(100);
    expect(bench.status()).toBe(OPEN | TOLD_OPEN);
    bench.line(1, switchFrame(METER, 0x1c));
    expect(bench.status()).toBe(OPEN);
    bench.wait(100);
    expect(bench.status()).toBe(0);
  });

  test('close allowed: the button closes, held for three seconds', () => {
    const bench = new LineBench();
    bench.line(1, switchFrame(METER, 0x1a));
    bench.line(1, switchFrame(METER, 0x1b));
    expect(bench.status()).toBe(OPEN);
    expect(bench.simulation.switchgear.press(bench.meter(METER), 2_999)).toBe('too-short');
    expect(bench.simulation.switchgear.press(bench.meter(METER), 3_000)).toBe('closing');
    expect(bench.status()).toBe(0);
  });

  test('1D and 1E end by themselves after N2 × 5 minutes, unless something else was ordered since', () => {
    for (const [n1, after] of [
      [0x1d, 0],
      [0x1e, OPEN],
    ] as const) {
      const bench = new LineBench();
      expect(bench.line(1, switchFrame(METER, n1, { n2: 0 }))?.control).toBe(0xdc);
      bench.line(1, switchFrame(METER, n1, { n2: 2 }));
      bench.setClock(START_MS + 599_999);
      bench.simulation.pump();
      expect(bench.status()).toBe(OPEN | TOLD_OPEN);
      bench.setClock(START_MS + 600_000);
      bench.simulation.pump();
      expect(bench.status()).toBe(after);
    }
    const bench = new LineBench();
    bench.line(1, switchFrame(METER, 0x1d, { n2: 1 }));
    bench.line(1, switchFrame(METER, 0x1a));
    bench.setClock(START_MS + 3_600_000);
    bench.simulation.pump();
    expect(bench.status()).toBe(OPEN | TOLD_OPEN);
  });

  test('alarm and protection; 3A cancels a trip and closes', () => {
    const bench = new LineBench({ relayMs: 100 });
    bench.line(1, switchFrame(METER, 0x2a));
    expect(bench.status()).toBe(0x80);
    bench.line(1, switchFrame(METER, 0x2b));
    expect(bench.status()).toBe(0);
    bench.line(1, switchFrame(METER, 0x1a));
    bench.line(1, switchFrame(METER, 0x3a));
    bench.wait(1_000);
    expect(bench.status()).toBe(0x1000);
    expect(bench.meter(METER).relayLog).toBeUndefined();
    const refused = bench.line(1, switchFrame(METER, 0x1a));
    expect([refused?.control, refused?.data.toString('hex')]).toEqual([0xdc, '01']);
    bench.line(1, switchFrame(METER, 0x3b));
    expect(bench.line(1, switchFrame(METER, 0x1a))?.control).toBe(0x9c);
  });

  test('valid until, by its own clock', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'clockOffset', parameters: { offsetMs: 601_000 } });
    expect(bench.line(1, switchFrame(METER, 0x1a))?.control).toBe(0xdc);
    expect(bench.line(1, switchFrame(METER, 0x1a, { validUntilMs: START_MS + 601_000 }))?.control).toBe(0x9c);
  });

  test('never by a wildcard or the broadcast address', () => {
    const bench = new LineBench();
    for (const address of ['aaaaaaaaaaaa', '999999999999']) {
      expect(bench.line(1, switchFrame(METER, 0x1a, { address }))).toBeUndefined();
    }
    expect(bench.status()).toBe(0);
  });

  test('a wrong password is refused; after five the right one is, too, for a day', () => {
    const bench = new LineBench();
    const wrong = switchFrame(METER, 0x1a, { password: Buffer.from('999999', 'hex') });
    for (let count = 0; count < 4; count += 1) expect(bench.line(1, wrong)?.data.toString('hex')).toBe('04');
    expect(bench.line(1, switchFrame(METER, 0x2a))?.control).toBe(0x9c);
    for (let count = 0; count < 5; count += 1) bench.line(1, wrong);
    const right = (ms: number): string => switchFrame(METER, 0x1a, { validUntilMs: ms + 600_000 });
    expect(bench.line(1, right(START_MS))?.data.toString('hex')).toBe('04');
    bench.setClock(START_MS + 86_400_000);
    expect(bench.line(1, right(START_MS + 86_400_000))?.control).toBe(0x9c);
  });

  test('fault wrongPassword: the right one is wrong', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'wrongPassword' });
    expect(bench.line(1, switchFrame(METER, 0x1a))?.data.toString('hex')).toBe('04');
  });

  test('later firmware: two bytes, each reason its own bit', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'newFirmware' });
    const data = (frame: string): string => bench.line(1, frame)?.data.toString('hex') ?? '';
    expect(data(switchFrame(METER, 0x1a))).toBe('0000');
    expect(data(switchFrame(METER, 0x1a))).toBe('0001');
    expect(data(switchFrame(METER, 0x1a, { validUntilMs: START_MS - 1_000 }))).toBe('1000');
    expect(data(switchFrame(METER, 0x1a, { password: Buffer.alloc(3, 0x99) }))).toBe('0400');
    bench.line(1, switchFrame(METER, 0x3a));
    expect(data(switchFrame(METER, 0x1a))).toBe('2000');
  });

  test('ciphertext class: obeys its own key, nothing else', () => {
    const bench = new LineBench({ manifest: lineManifest(1, 0, { securityClass: 'cipher' }) });
    expect(bench.line(1, switchFrame(METER, 0x1a))?.control).toBe(0xdc);
    expect(bench.line(1, cipherFrame(METER, 0x1a))?.control).toBe(0x9c);
    expect(bench.status()).toBe(OPEN | TOLD_OPEN);
    const forged = Buffer.from(cipherFrame(METER, 0x1c), 'hex');
    const data = Buffer.from(forged.subarray(10, -2).map((byte) => byte - 0x33));
    data[9] = (data[9] as number) ^ 1;
    const reply = bench.line(1, encodeFrame(METER, 0x1c, data).toString('hex'));
    expect([reply?.control, reply?.data.toString('hex')]).toEqual([0xdc, '0200']);
    expect(bench.status()).toBe(OPEN | TOLD_OPEN);
  });

  test('the switch frames of another manifest do nothing', () => {
    const other = new LineBench({ manifest: { ...lineManifest(1), keySeed: 'another-key-seed' } });
    expect(other.line(1, switchFrame(METER, 0x1a))?.data.toString('hex')).toBe('04');
    expect(manifest().keySeed).not.toBe('another-key-seed');
  });
});

describe('clock', () => {
  test('14H sets time and date', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'clockOffset', parameters: { offsetMs: 86_400_000 * 3 + 7_000 } });
    expect(bench.line(1, clockFrame(METER, '04000102', Buffer.from('000012', 'hex')))?.control).toBe(0x94);
    expect(bench.line(1, clockFrame(METER, '04000101', Buffer.from('02100625', 'hex')))?.control).toBe(0x94);
    expect(value(bench, '04000101') + value(bench, '04000102')).toBe('02100625000012');
    // What ends the fault takes nothing back.
    bench.simulation.faultControl.remove('f1');
    expect(value(bench, '04000101') + value(bench, '04000102')).toBe('02100625000012');
    expect(bench.line(1, clockFrame(METER, '04000101', Buffer.from('02310225', 'hex')))?.data.toString('hex')).toBe(
      '01',
    );
  });

  test('08H: in silence, by five minutes at most', () => {
    const bench = new LineBench();
    expect(bench.line(1, broadcastFrame(START_MS + 300_000))).toBeUndefined();
    expect(value(bench, '04000102')).toBe('000512');
    bench.line(1, broadcastFrame(START_MS + 900_000));
    expect(value(bench, '04000102')).toBe('000512');
  });

  test('clockDrift: seconds a day, from the start of the fault', () => {
    const bench = new LineBench();
    bench.simulation.faultControl.add({ name: 'clockDrift', parameters: { ppm: 100 } });
    bench.setClock(START_MS + 86_400_000);
    expect(value(bench, '04000102')).toBe('080012');
    // Set right, it drifts on from there.
    bench.line(1, clockFrame(METER, '04000102', chinaTime(START_MS + 86_400_000).subarray(0, 3)));
    expect(value(bench, '04000102')).toBe('000012');
    bench.setClock(START_MS + 2 * 86_400_000);
    expect(value(bench, '04000102')).toBe('080012');
  });
});
