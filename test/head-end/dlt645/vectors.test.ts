import { FUNCTION, request, type ControlCode } from '../../../src/head-end/codecs/dlt645/control-code.js';
import {
  encodeBroadcastTime,
  encodeClockWrite,
  clockWriteBytes,
} from '../../../src/head-end/codecs/dlt645/clock-frames.js';
import { readErrorFlags } from '../../../src/head-end/codecs/dlt645/error-word.js';
import { decodeFrame, encodeFrame } from '../../../src/head-end/codecs/dlt645/frame.js';
import { encodeReadRequest, joinReadAnswer } from '../../../src/head-end/codecs/dlt645/reading-frames.js';
import { DI, readRegister } from '../../../src/head-end/codecs/dlt645/registers.js';
import { softwareSecurityModule } from '../../../src/head-end/codecs/dlt645/security-module.js';
import { isArmed, readStatusWord3 } from '../../../src/head-end/codecs/dlt645/status-word.js';
import {
  CIPHER_AUTHORITY,
  authorityBytes,
  encodeSealedSwitch,
  encodeSwitch,
  switchPlaintext,
} from '../../../src/head-end/codecs/dlt645/switch-frame.js';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const hex = (buffer: Buffer): string => buffer.toString('hex').toUpperCase();

const answer = (fn: number, error = false): ControlCode => ({ fn, reply: true, error, follows: false });
const NO_PASSWORD = Buffer.alloc(3);
const NOBODY = Buffer.alloc(4);
const FAR_AWAY = { date: '2099-12-31', time: '23:59:59' };

/** The frames of the public record, each as bytes, as what it says, and as what makes it. */
const VECTORS: readonly {
  what: string;
  text: string;
  address: string;
  control: ControlCode;
  data: string;
  made?: () => Buffer;
}[] = [
  {
    what: 'read 00010000',
    text: '68 010000000000 68 11 04 33333433 B3 16',
    address: '000000000001',
    control: request(FUNCTION.READ),
    data: '00000100',
    made: () => encodeReadRequest('000000000001', DI.ENERGY),
  },
  {
    what: '123456.78 kWh',
    text: '68 010000000000 68 91 08 33333433 AB896745 17 16',
    address: '000000000001',
    control: answer(FUNCTION.READ),
    data: '0000010078563412',
  },
  {
    what: 'read Ua',
    text: '68 129078563412 68 11 04 33343435 6B 16',
    address: '123456789012',
    control: request(FUNCTION.READ),
    data: '00010102',
    made: () => encodeReadRequest('123456789012', DI.VOLTAGE_A),
  },
  {
    what: 'read error, bits 0 and 1',
    text: '68 010000000000 68 D1 01 36 D9 16',
    address: '000000000001',
    control: answer(FUNCTION.READ, true),
    data: '03',
  },
  {
    what: 'trip, PA 02, N2 01',
    text: '68 090051050326 68 1C 10 35333333 33333333 4D 34 8C8C56 6445CC 82 16',
    address: '260305510009',
    control: request(FUNCTION.SWITCH),
    data: '02000000000000001A01595923311299',
    made: () =>
      encodeSwitch(
        { address: '260305510009', order: 'TRIP', delaySteps: 1, validUntil: FAR_AWAY, operator: NOBODY },
        NO_PASSWORD,
      ),
  },
  {
    what: 'close allowed, the same',
    text: '68 090051050326 68 1C 10 35333333 33333333 4E 34 8C8C56 6445CC 83 16',
    address: '260305510009',
    control: request(FUNCTION.SWITCH),
    data: '02000000000000001B01595923311299',
    made: () =>
      encodeSwitch(
        { address: '260305510009', order: 'CLOSE_ALLOWED', delaySteps: 1, validUntil: FAR_AWAY, operator: NOBODY },
        NO_PASSWORD,
      ),
  },
  {
    what: 'accepted',
    text: '68 090051050326 68 9C 00 F4 16',
    address: '260305510009',
    control: answer(FUNCTION.SWITCH),
    data: '',
  },
  {
    what: 'trip, operator 31313131',
    text: '68 040028101920 68 1C 10 35333333 64646464 4D 33 343434 3434CC 1F 16',
    address: '201910280004',
    control: request(FUNCTION.SWITCH),
    data: '02000000313131311A00010101010199',
    made: () =>
      encodeSwitch(
        {
          address: '201910280004',
          order: 'TRIP',
          validUntil: { date: '2099-01-01', time: '01:01:01' },
          operator: bytes('31313131'),
        },
        NO_PASSWORD,
      ),
  },
  {
    what: 'read status word 3',
    text: '68 111111111111 68 11 04 36383337 23 16',
    address: '111111111111',
    control: request(FUNCTION.READ),
    data: '03050004',
    made: () => encodeReadRequest('111111111111', DI.STATUS_WORD_3),
  },
  ...(
    [
      ['closed', '3333 0B', '0000'],
      ['open', '8333 5B', '5000'],
      ['told to open, still closed', '7333 4B', '4000'],
      ['protected', '3343 1B', '0010'],
    ] as const
  ).map(([what, tail, word]) => ({
    what,
    text: `68 111111111111 68 91 06 36383337 ${tail} 16`,
    address: '111111111111',
    control: answer(FUNCTION.READ),
    data: `03050004${word}`,
  })),
  {
    what: 'refused: password',
    text: '68 111111111111 68 DC 01 37 4A 16',
    address: '111111111111',
    control: answer(FUNCTION.SWITCH, true),
    data: '04',
  },
];

describe('the public frames, byte for byte', () => {
  test.each(VECTORS)('$what: bytes to frame', ({ text, address, control, data }) => {
    expect(decodeFrame(bytes(text))).toEqual({ ok: true, frame: { address, control, data: bytes(data) } });
    expect(decodeFrame(bytes(`FEFEFEFE ${text}`)).ok).toBe(true);
  });

  test.each(VECTORS)('$what: frame to bytes', ({ text, address, control, data, made }) => {
    expect(hex(encodeFrame({ address, control, data: bytes(data) }))).toBe(hex(bytes(text)));
    if (made) expect(hex(made())).toBe(hex(bytes(text)));
  });

  test('what they mean', () => {
    const meaning = (text: string) => {
      const decoded = decodeFrame(bytes(text));
      if (!decoded.ok) throw new Error(decoded.message);
      const { frame } = decoded;
      if (frame.control.error) return readErrorFlags(frame.data);
      const joined = joinReadAnswer([frame], 0);
      if (!joined.ok) throw new Error(joined.code);
      return readRegister(joined.identifier, joined.bytes);
    };
    const of = (what: string) => meaning(VECTORS.find((vector) => vector.what === what)!.text);
    const word = { programming: false, preTripAlarm: false };
    const status = (open: boolean, commandedOpen: boolean, isProtected = false) => ({
      register: 'STATUS_WORD_3',
      status: { ...word, open, commandedOpen, protected: isProtected },
    });
    expect(of('123456.78 kWh')).toEqual({ register: 'ENERGY', energyWh: 123_456_780 });
    expect(of('read error, bits 0 and 1')).toEqual(['OTHER', 'NO_SUCH_DATA']);
    expect(of('refused: password')).toEqual(['PASSWORD']);
    expect(of('closed')).toEqual(status(false, false));
    expect(of('open')).toEqual(status(true, true));
    expect(of('told to open, still closed')).toEqual(status(false, true));
    expect(of('protected')).toEqual(status(false, false, true));
    expect(isArmed(readStatusWord3(bytes('1000')))).toBe(true);
    expect(isArmed(readStatusWord3(bytes('5000')))).toBe(false);
  });
});

describe('the examples of the contract (schema/mqtt/README.md)', () => {
  const address = '000000000001';
  const module = softwareSecurityModule(() => bytes('b49a5e404f98b7fcf273d19285bb8152'));

  test('direct close in the ciphertext class', async () => {
    const order = { address, order: 'CLOSE', validUntil: FAR_AWAY, operator: NOBODY } as const;
    const head = authorityBytes(CIPHER_AUTHORITY, NOBODY);
    const sealed = await module.sealSwitch(address, head, switchPlaintext(order));
    expect(encodeSealedSwitch(address, NOBODY, sealed).toString('hex')).toBe(
      '68010000000000681c1ccb33333333333333153d41dfa033f7f950021ba83e7de4e312c3da5f1316',
    );
  });

  test('the time in the ciphertext class', async () => {
    const body = clockWriteBytes('TIME', { date: '2026-03-01', time: '12:34:56' }, CIPHER_AUTHORITY, NOBODY);
    expect(encodeClockWrite(address, body, await module.tagWrite(address, body)).toString('hex')).toBe(
      '6801000000000068141b35343337cb33333333333333896745cab0cb5f15b904c42ddf5ad9b116',
    );
  });

  test('the broadcast of the time goes to 99 and nowhere else', () => {
    // ss mm hh DD MM YY, each plus 33H.
    expect(hex(encodeBroadcastTime({ date: '2026-03-01', time: '12:34:56' }))).toBe(
      hex(bytes('68 999999999999 68 08 06 896745 343659 6C 16')),
    );
  });
});
