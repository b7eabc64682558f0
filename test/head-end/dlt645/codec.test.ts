import { decodeAddress, encodeAddress } from '../../../src/head-end/codecs/dlt645/address.js';
import { fromBcd, fromSignedBcd, toBcd } from '../../../src/head-end/codecs/dlt645/bcd.js';
import { encodeClockWrite, clockWriteBytes } from '../../../src/head-end/codecs/dlt645/clock-frames.js';
import { FUNCTION, request } from '../../../src/head-end/codecs/dlt645/control-code.js';
import { readErrorFlags } from '../../../src/head-end/codecs/dlt645/error-word.js';
import { decodeFrame, encodeFrame, type Frame } from '../../../src/head-end/codecs/dlt645/frame.js';
import { localMoment } from '../../../src/head-end/codecs/dlt645/local-moment.js';
import {
  encodeReadFollowing,
  encodeReadRequest,
  joinReadAnswer,
} from '../../../src/head-end/codecs/dlt645/reading-frames.js';
import { DI, readRegister } from '../../../src/head-end/codecs/dlt645/registers.js';
import { StreamParser } from '../../../src/head-end/codecs/dlt645/stream-parser.js';
import {
  encodeSealedSwitch,
  encodeSwitch,
  ORDER,
  passwordAuthority,
  type OrderName,
} from '../../../src/head-end/codecs/dlt645/switch-frame.js';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const READ = bytes('68 010000000000 68 11 04 33333433 B3 16');
const ANSWER = bytes('68 010000000000 68 91 08 33333433 AB896745 17 16');

describe('addresses and BCD', () => {
  test('low byte first', () => {
    expect(encodeAddress('260305510009').toString('hex')).toBe('090051050326');
    expect(decodeAddress(bytes('090051050326'))).toBe('260305510009');
  });
  test.each(['1234', '12345678901a', 'aaaaaaaaaaaa', ''])('no address: %j', (address) => {
    expect(() => encodeAddress(address)).toThrow(expect.objectContaining({ code: 'ADDRESS' }));
  });
  test.each([
    ['0a0000000000', undefined],
    ['00000000000f', undefined],
    ['aaaaaaaaaaaa', 'AAAAAAAAAAAA'],
    ['0000000000', undefined],
  ])('address bytes %s', (text, address) => expect(decodeAddress(bytes(text))).toBe(address));

  test('BCD is taken strictly', () => {
    expect(fromBcd(bytes('78563412'))).toBe(12_345_678);
    expect(fromBcd(bytes('7856341a'))).toBeUndefined();
    expect(fromBcd(bytes('a8563412'))).toBeUndefined();
    expect(fromSignedBcd(bytes('000080'))).toBe(0);
    expect(fromSignedBcd(bytes('234580'))).toBe(-4523);
    expect(fromSignedBcd(bytes('2345fa'))).toBeUndefined();
    expect(toBcd(345, 3).toString('hex')).toBe('450300');
    for (const wrong of [-1, 1.5, 100, Number.NaN])
      expect(() => toBcd(wrong, 1)).toThrow(expect.objectContaining({ code: 'NOT_BCD' }));
  });
});

describe('what must not be made', () => {
  const order = (address: string, name: OrderName = 'CLOSE', delaySteps?: number) =>
    encodeSwitch(
      {
        address,
        order: name,
        delaySteps,
        validUntil: { date: '2026-03-01', time: '00:00:00' },
        operator: Buffer.alloc(4),
      },
      Buffer.alloc(3),
    );

  test.each(['999999999999', 'AAAAAAAAAAAA', '0000000000AA', 'AA0000000001'])('1CH to %s', (address) => {
    for (const name of Object.keys(ORDER) as OrderName[])
      expect(() => order(address, name, 1)).toThrow(expect.objectContaining({ code: 'WILDCARD_ADDRESS' }));
    expect(() => encodeSealedSwitch(address, Buffer.alloc(4), Buffer.alloc(20))).toThrow(
      expect.objectContaining({ code: 'WILDCARD_ADDRESS' }),
    );
    const clock = clockWriteBytes(
      'TIME',
      { date: '2026-03-01', time: '00:00:00' },
      passwordAuthority(Buffer.alloc(3)),
      Buffer.alloc(4),
    );
    expect(() => encodeClockWrite(address, clock)).toThrow(expect.objectContaining({ code: 'WILDCARD_ADDRESS' }));
  });

  test.each(['TRIP_THEN_CLOSE', 'TRIP_THEN_CLOSE_ALLOWED'] as const)('%s without a delay', (name) => {
    expect(() => order('000000000001', name)).toThrow(expect.objectContaining({ code: 'DELAY_MISSING' }));
    expect(() => order('000000000001', name, 256)).toThrow(expect.objectContaining({ code: 'DELAY_MISSING' }));
    expect(order('000000000001', name, 12)[18]).toBe((ORDER[name] + 0x33) & 0xff);
    expect(order('000000000001', name, 12)[19]).toBe(12 + 0x33);
  });

  test('passwords, ciphertexts and tags of the wrong length; dates that no meter shows', () => {
    expect(() => passwordAuthority(Buffer.alloc(4))).toThrow(expect.objectContaining({ code: 'PASSWORD' }));
    expect(() => encodeSealedSwitch('000000000001', Buffer.alloc(4), Buffer.alloc(16))).toThrow(
      expect.objectContaining({ code: 'CIPHERTEXT' }),
    );
    for (const moment of [
      { date: '2026-02-29', time: '00:00:00' },
      { date: '2100-01-01', time: '00:00:00' },
      { date: '2026-03-01', time: '24:00:00' },
    ])
      expect(() => clockWriteBytes('DATE', moment, passwordAuthority(Buffer.alloc(3)), Buffer.alloc(4))).toThrow(
        expect.objectContaining({ code: 'NOT_A_DATE' }),
      );
  });

  test('data longer than its function allows: 200 to read, 50 to write', () => {
    const frame = (fn: number, length: number) => () =>
      encodeFrame({ address: '000000000001', control: request(fn), data: Buffer.alloc(length) });
    expect(frame(FUNCTION.READ, 200)().length).toBe(212);
    expect(frame(FUNCTION.WRITE, 50)().length).toBe(62);
    expect(frame(FUNCTION.READ, 201)).toThrow(expect.objectContaining({ code: 'DATA_LENGTH' }));
    expect(frame(FUNCTION.WRITE, 51)).toThrow(expect.objectContaining({ code: 'DATA_LENGTH' }));
  });

  test('reading is of one meter and of a numbered frame', () => {
    expect(() => encodeReadRequest('999999999999', DI.TIME)).toThrow(
      expect.objectContaining({ code: 'WILDCARD_ADDRESS' }),
    );
    expect(() => encodeReadFollowing('000000000001', DI.ENERGY, 0)).toThrow(
      expect.objectContaining({ code: 'FOLLOW_UP' }),
    );
  });

  test('valid-until is cut off to the second, in local time', () => {
    expect(localMoment(new Date('2026-03-01T15:59:59.999Z'), 'Asia/Shanghai')).toEqual({
      date: '2026-03-01',
      time: '23:59:59',
    });
  });
});

describe('what is no frame', () => {
  test.each([
    ['CHECKSUM', '68 010000000000 68 11 04 33333433 B4 16'],
    ['END', '68 010000000000 68 11 04 33333433 B3 17'],
    ['SECOND_START', '68 010000000000 69 11 04 33333433 B4 16'],
    ['START', '69 010000000000 68 11 04 33333433 B4 16'],
    ['START', 'FEFEFEFEFE 68 010000000000 68 11 04 33333433 B3 16'],
    ['ADDRESS', '68 0A0000000000 68 11 04 33333433 BC 16'],
    ['TOO_LONG', `68 010000000000 68 91 C9 ${'33'.repeat(201)} 00 16`],
    ['TOO_LONG', `68 010000000000 68 94 33 ${'33'.repeat(51)} 00 16`],
    ['CUT_OFF', '68 010000000000 68 11 04 33333433 B3'],
    ['CUT_OFF', '68 010000000000'],
    ['CUT_OFF', ''],
    ['TRAILING_BYTES', '68 010000000000 68 11 04 33333433 B3 16 16'],
  ])('%s: %s', (code, text) => expect(decodeFrame(bytes(text))).toMatchObject({ ok: false, code }));
});

describe('the stream parser', () => {
  const found = (chunks: readonly Buffer[], parser = new StreamParser()) =>
    chunks.flatMap((chunk) => parser.push(chunk)).map((one) => one.bytes.toString('hex'));
  const both = [READ.toString('hex'), ANSWER.toString('hex')];

  test('two frames in one chunk, with wake-up bytes and noise around them', () => {
    const parser = new StreamParser();
    expect(found([Buffer.concat([bytes('FEFEFEFE'), READ, bytes('00 68 16'), ANSWER, bytes('FF')])], parser)).toEqual(
      both,
    );
    expect(parser.skippedBytes).toBe(8);
  });
  test('byte by byte', () => {
    const all = Buffer.concat([bytes('FEFE'), READ, bytes('FEFEFEFE'), ANSWER]);
    expect(found([...all].map((byte) => Buffer.from([byte])))).toEqual(both);
  });
  test('a 16 and a 68 inside the data end and begin nothing', () => {
    const tricky = encodeFrame({
      address: '681668166816',
      control: request(FUNCTION.READ),
      data: bytes('35e33535e335'),
    });
    expect(found([tricky.subarray(0, 12), tricky.subarray(12)])).toEqual([tricky.toString('hex')]);
  });
  test('a frame after one that was cut in the middle is found as soon as it is known', () => {
    expect(found([ANSWER.subarray(0, 13), READ, ANSWER])).toEqual(both);
  });
  test('when the line falls silent, what hides in an unfinished frame comes out', () => {
    const parser = new StreamParser();
    expect(parser.push(Buffer.concat([bytes('68 010000000000 68 91 C8'), READ]))).toEqual([]);
    expect(parser.end().map((one) => one.bytes)).toEqual([READ]);
    expect(parser.skippedBytes).toBe(10);
    expect(parser.end()).toEqual([]);
  });
  test('what is kept does not change when the caller uses its buffer again', () => {
    const parser = new StreamParser();
    const chunk = Buffer.from(READ.subarray(0, 9));
    parser.push(chunk);
    chunk.fill(0);
    expect(parser.push(READ.subarray(9)).length).toBe(1);
  });
});

describe('registers and answers', () => {
  test.each([
    [DI.ENERGY, '78563412', { register: 'ENERGY', energyWh: 123_456_780 }],
    [DI.VOLTAGE_A, '0523', { register: 'VOLTAGE_A', voltageMv: 230_500 }],
    [DI.CURRENT_A, '341281', { register: 'CURRENT_A', currentMa: -11_234 }],
    [DI.POWER, '341201', { register: 'POWER', powerDeciwatt: 11_234 }],
    [DI.DATE, '00010326', { register: 'DATE', date: '2026-03-01', weekday: 0 }],
    [DI.TIME, '563412', { register: 'TIME', time: '12:34:56' }],
    [DI.ADDRESS, '090051050326', { register: 'ADDRESS', address: '260305510009' }],
    [DI.FREEZE_TIME + 6, '0000010326', { register: 'FREEZE_TIME', nth: 7, date: '2026-03-01', time: '00:00:00' }],
    [DI.FREEZE_ENERGY, '78563412', { register: 'FREEZE_ENERGY', nth: 1, energyWh: 123_456_780 }],
    [DI.FREEZE_ENERGY + 61, '7856341200000000', { register: 'FREEZE_ENERGY', nth: 62, energyWh: 123_456_780 }],
    [DI.ENERGY, '7856341a', 'NOT_BCD'],
    [DI.ENERGY, '785634', 'DATA_LENGTH'],
    [DI.VOLTAGE_A, 'ffff', 'NOT_BCD'],
    [DI.DATE, '07010326', 'NOT_BCD'],
    [DI.DATE, '00300226', 'NOT_BCD'],
    [DI.TIME, '563424', 'NOT_BCD'],
    [DI.ADDRESS, 'aaaaaaaaaaaa', 'NOT_BCD'],
    [DI.FREEZE_ENERGY, '785634', 'DATA_LENGTH'],
    [DI.FREEZE_ENERGY + 62, '78563412', 'DATA_IDENTIFIER'],
    [0x12345678, '', 'DATA_IDENTIFIER'],
  ])('%i %s', (identifier, text, value) => expect(readRegister(identifier, bytes(text))).toEqual(value));

  const reply = (fn: number, follows: boolean, data: string, address = '000000000001'): Frame => ({
    address,
    control: { fn, reply: true, error: false, follows },
    data: bytes(data),
  });
  test('a long answer is put together from its following frames', () => {
    const first = reply(0x11, true, '01010605 78563412');
    const second = reply(0x12, true, '01010605 11111111 01');
    const third = reply(0x12, false, '01010605 22222222 02');
    expect(joinReadAnswer([first, second, third], 0)).toEqual({
      ok: true,
      identifier: DI.FREEZE_ENERGY,
      bytes: bytes('78563412 11111111 22222222'),
      frames: 3,
    });
    expect(encodeReadFollowing('000000000001', DI.FREEZE_ENERGY, 2).toString('hex')).toBe(
      encodeFrame({ address: '000000000001', control: request(0x12), data: bytes('01010605 02') }).toString('hex'),
    );
    for (const broken of [
      [first],
      [first, third],
      [first, second],
      [first, reply(0x12, false, '01010605 11111111 01', '000000000002')],
      [first, reply(0x12, false, '02010605 11111111 01')],
    ])
      expect(joinReadAnswer(broken, 0)).toEqual({ ok: false, code: 'FOLLOW_UP' });
    expect(joinReadAnswer([reply(0x11, false, '0101')], 0)).toEqual({ ok: false, code: 'DATA_LENGTH' });
  });

  test.each([
    ['7f', ['OTHER', 'NO_SUCH_DATA', 'PASSWORD', 'BAUD_RATE', 'YEAR_ZONES', 'DAY_PERIODS', 'TARIFFS']],
    ['80', ['RESERVED_7']],
    ['0000', []],
    ['3000', ['TIME_INVALID', 'TRIP_FAILED_PROTECTED']],
    ['0601', ['MAC', 'PASSWORD', 'ALREADY_TRIPPED']],
    ['c880', ['IDENTITY_TIMEOUT', 'AUTO_RESTORE_FAILED', 'AUTO_RESTORE_TIME_INVALID', 'RESERVED_15']],
    ['', undefined],
    ['000000', undefined],
  ])('error word %s', (text, flags) => expect(readErrorFlags(bytes(text))).toEqual(flags));
});
