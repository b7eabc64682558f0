import { generate } from 'mqtt-packet';
import { FailedLogins } from '../../src/embedded/failed-logins.js';
import { PacketMeter, type PacketVerdict } from '../../src/embedded/packet-meter.js';

const publishOf = (bytes: number): Buffer =>
  generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(bytes), qos: 0, dup: false, retain: false });

const verdicts = (meter: PacketMeter, stream: Buffer, chunkBytes: number): PacketVerdict[] => {
  const seen = new Set<PacketVerdict>();
  for (let at = 0; at < stream.length && !seen.has('too long') && !seen.has('malformed'); at += chunkBytes) {
    seen.add(meter.take(stream.subarray(at, at + chunkBytes)));
  }
  return [...seen];
};

describe('the packet meter', () => {
  // PINGREQ has no body; 1, 200 and 20,000 bytes need one, two and three bytes of length.
  const lawful = Buffer.concat([Buffer.from([0xc0, 0]), publishOf(1), publishOf(200), publishOf(20_000), publishOf(0)]);

  test.each([1, 2, 3, 7, 1_000, 1_000_000])('follows packets cut into chunks of %i bytes', (chunkBytes) => {
    expect(verdicts(new PacketMeter(20_003), Buffer.concat([lawful, lawful]), chunkBytes)).toEqual(['ok']);
    expect(verdicts(new PacketMeter(20_002), Buffer.concat([lawful, lawful]), chunkBytes).at(-1)).toBe('too long');
  });

  test('speaks up at the header, before the body', () => {
    expect(new PacketMeter(65_536).take(publishOf(70_000).subarray(0, 4))).toBe('too long');
  });

  test.each([
    { name: 'five bytes of length', bytes: [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], max: 1_000, verdict: 'malformed' },
    { name: 'the greatest length there is', bytes: [0x30, 0xff, 0xff, 0xff, 0x7f], max: 65_536, verdict: 'too long' },
    { name: 'exactly the limit', bytes: [0x30, 0x80, 0x01], max: 128, verdict: 'ok' },
    { name: 'one byte more', bytes: [0x30, 0x81, 0x01], max: 128, verdict: 'too long' },
  ])('$name: $verdict', ({ bytes, max, verdict }) => {
    expect(new PacketMeter(max).take(Buffer.from(bytes))).toBe(verdict);
  });
});

describe('failed logins', () => {
  test('are counted by key and forgotten with the window', () => {
    let nowMs = 5_000;
    const failed = new FailedLogins(2, 1_000, () => nowMs);
    failed.record('a');
    expect(failed.isBlocked('a')).toBe(false);
    failed.record('a');
    expect(failed.isBlocked('a')).toBe(true);
    expect(failed.isBlocked('b')).toBe(false);
    nowMs += 1_000;
    expect(failed.isBlocked('a')).toBe(false);
  });

  test('keep a bounded number of keys', () => {
    const failed = new FailedLogins(1, 1_000, () => 0);
    for (let key = 0; key < 10_001; key += 1) failed.record(String(key));
    expect(failed.isBlocked('0')).toBe(false);
    expect(failed.isBlocked('10000')).toBe(true);
  });
});
