import { openSwitch, sealSwitch, sealWrite, writeIsGenuine } from '../../simulator/dlt645/cipher.js';
import { addresses, decodeFrame, encodeFrame } from '../../simulator/dlt645/frame.js';
import { readSwitchOrder } from '../../simulator/dlt645/switch-frame.js';
import { Calendar } from '../../simulator/meter/calendar.js';
import { lineCipherKey, linePassword } from '../../simulator/wire/secrets.js';

const china = new Calendar('Asia/Shanghai');

/** The public vectors: frame, address, control, data before 33H. */
const VECTORS: [frame: string, address: string, control: number, data: string][] = [
  ['68010000000000681104 33333433 B316', '000000000001', 0x11, '00000100'],
  ['68010000000000689108 33333433 AB896745 1716', '000000000001', 0x91, '0000010078563412'],
  ['68129078563412681104 33343435 6B16', '123456789012', 0x11, '00010102'],
  ['68010000000000 68D101 36 D916', '000000000001', 0xd1, '03'],
  [
    '68090051050326681C10 35333333 33333333 4D34 8C8C56 6445CC 8216',
    '260305510009',
    0x1c,
    '02000000000000001a01595923311299',
  ],
  [
    '68090051050326681C10 35333333 33333333 4E34 8C8C56 6445CC 8316',
    '260305510009',
    0x1c,
    '02000000000000001b01595923311299',
  ],
  ['68090051050326689C00 F416', '260305510009', 0x9c, ''],
  [
    '68040028101920681C10 35333333 64646464 4D33 343434 3434CC 1F16',
    '201910280004',
    0x1c,
    '02000000313131311a00010101010199',
  ],
  ['68111111111111681104 36383337 2316', '111111111111', 0x11, '03050004'],
  ['68111111111111689106 36383337 3333 0B16', '111111111111', 0x91, '030500040000'],
  ['68111111111111689106 36383337 8333 5B16', '111111111111', 0x91, '030500045000'],
  ['68111111111111689106 36383337 7333 4B16', '111111111111', 0x91, '030500044000'],
  ['68111111111111689106 36383337 3343 1B16', '111111111111', 0x91, '030500040010'],
  ['68111111111111 68DC01 37 4A16', '111111111111', 0xdc, '04'],
];

describe('frames', () => {
  test.each(VECTORS)('%s, both ways', (text, address, control, data) => {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
    expect(decodeFrame(bytes)).toEqual({ address, control, data: Buffer.from(data, 'hex') });
    expect(encodeFrame(address, control, Buffer.from(data, 'hex'))).toEqual(bytes);
    expect(decodeFrame(Buffer.concat([Buffer.from('fefefefe', 'hex'), bytes]))?.address).toBe(address);
  });

  test('anything else is no frame: cut, flipped, longer, shorter', () => {
    for (const [text] of VECTORS) {
      const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex');
      for (let length = 0; length < bytes.length; length += 1)
        expect(decodeFrame(bytes.subarray(0, length))).toBeUndefined();
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(decodeFrame(flipped)).toBeUndefined();
      }
      expect(decodeFrame(Buffer.concat([bytes, Buffer.of(0x16)]))).toBeUndefined();
    }
  });

  test('who is meant: the number itself, everybody, AA in place of leading digits', () => {
    expect(addresses('100000000001', '100000000001')).toBe(true);
    expect(addresses('100000000002', '100000000001')).toBe(false);
    expect(addresses('999999999999', '100000000001')).toBe(true);
    expect(addresses('aaaaaaaaaaaa', '100000000001')).toBe(true);
    expect(addresses('aaaaaaaa0001', '100000000001')).toBe(true);
    expect(addresses('aaaaaaaa0002', '100000000001')).toBe(false);
  });
});

describe('what the contract shows by example', () => {
  const master = 'an example only';
  const serial = '000000000001';
  const key = lineCipherKey(master, serial);

  test('key and password', () => {
    expect(key.toString('hex')).toBe('b49a5e404f98b7fcf273d19285bb8152');
    expect(linePassword(master, serial).toString('hex')).toBe('950340');
  });

  test('direct close in ciphertext', () => {
    const frame = '68010000000000681c1ccb33333333333333153d41dfa033f7f950021ba83e7de4e312c3da5f1316';
    const plain = Buffer.from('1c00595923311299', 'hex');
    expect(encodeFrame(serial, 0x1c, sealSwitch(key, serial, Buffer.alloc(4), plain)).toString('hex')).toBe(frame);
    const opened = openSwitch(key, serial, decodeFrame(Buffer.from(frame, 'hex'))?.data as Buffer) as Buffer;
    expect(readSwitchOrder(china, opened)).toEqual({
      n1: 0x1c,
      n2: 0,
      validUntilMs: Date.parse('2099-12-31T15:59:59.000Z'),
    });
    // Of another meter, or with another operator, the MAC differs.
    expect(openSwitch(key, '000000000002', decodeFrame(Buffer.from(frame, 'hex'))?.data as Buffer)).toBeUndefined();
  });

  test('the time 12:34:56', () => {
    const frame = '6801000000000068141b35343337cb33333333333333896745cab0cb5f15b904c42ddf5ad9b116';
    const before = Buffer.from('0201000498000000' + '00000000' + '563412', 'hex');
    expect(encodeFrame(serial, 0x14, sealWrite(key, serial, before)).toString('hex')).toBe(frame);
    expect(writeIsGenuine(key, serial, decodeFrame(Buffer.from(frame, 'hex'))?.data as Buffer)).toBe(true);
  });
});
