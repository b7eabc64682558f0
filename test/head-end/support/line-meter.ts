import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/**
 * A DL/T 645 meter on a serial line, and the frames it speaks: written from the standard as schema/mqtt/README.md has it, and from nothing of the product.
 */
export interface LineMeterFaults {
  /** Answers every switch with DCH and these bytes. */
  refuse?: string;
  /** Accepts and does not move. */
  stuck?: boolean;
  /** Says nothing at all. */
  silent?: boolean;
  /** Takes no clock order. */
  clockStuck?: boolean;
}

const frameOf = (address: string, control: number, data: Buffer): string => {
  const body = Buffer.concat([
    Buffer.from([0x68]),
    Buffer.from(address, 'hex').reverse(),
    Buffer.from([0x68, control, data.length]),
    data.map((byte) => (byte + 0x33) % 256),
  ]);
  const sum = body.reduce((total, byte) => (total + byte) % 256, 0);
  return Buffer.concat([body, Buffer.from([sum, 0x16])]).toString('hex');
};

const bcd = (value: number): number => Math.floor(value / 10) * 16 + (value % 10);
const number = (byte: number): number => (byte >> 4) * 10 + (byte & 15);
const SHANGHAI_MS = 8 * 3_600_000;

export class LineMeter {
  open = false;
  commandedOpen = false;
  protected = false;
  /** Its clock minus the true one. */
  clockOffsetMs = 0;
  energyCentiKwh = 123_456;
  lastSequence = 0;
  faults: LineMeterFaults = {};
  /** Every switch order that came over the line: N1 in hex, or `sealed`. */
  readonly orders: string[] = [];
  readonly writes: string[] = [];
  private readonly password: Buffer;
  private readonly key: Buffer;

  constructor(
    readonly serial: string,
    private readonly cipher: boolean,
    keySeed: string,
    private readonly trueNow: () => Date,
  ) {
    const derive = (info: string, length: number) =>
      Buffer.from(hkdfSync('sha256', keySeed, 'relight-meter-secrets-v1', `${info}:${serial}`, length));
    this.password = derive('dlt645-password', 3).map((byte) => bcd(byte % 100)) as Buffer;
    this.key = derive('dlt645-cipher', 16);
  }

  /** The answer to one frame, as the line carries it; undefined: silence. */
  answer(hex: string): string | undefined {
    if (this.faults.silent) return undefined;
    const bytes = Buffer.from(hex, 'hex');
    const control = bytes[8]!;
    const data = Buffer.from(bytes.subarray(10, 10 + bytes[9]!).map((byte) => (byte + 256 - 0x33) % 256));
    if (control === 0x11) return this.read(data.readUInt32LE(0));
    if (control === 0x14) return this.write(data);
    if (control === 0x1c) return this.switch(data);
    return undefined;
  }

  /** Status word 3, read by the concentrator by itself. */
  status = (): string => this.read(0x04000503)!;

  private get shownAt(): Date {
    return new Date(this.trueNow().getTime() + this.clockOffsetMs + SHANGHAI_MS);
  }

  private read(identifier: number): string | undefined {
    const at = this.shownAt;
    const di = Buffer.alloc(4);
    di.writeUInt32LE(identifier);
    const word = (this.open ? 1 << 4 : 0) | (this.commandedOpen ? 1 << 6 : 0) | (this.protected ? 1 << 12 : 0);
    const values: Record<number, Buffer> = {
      0x04000503: Buffer.from([word & 255, word >> 8]),
      0x02010100: Buffer.from([0x00, 0x23]),
      0x02030000: Buffer.from(this.open ? [0, 0, 0] : [0x00, 0x50, 0x00]),
      0x04000101: Buffer.from([
        at.getUTCDay(),
        bcd(at.getUTCDate()),
        bcd(at.getUTCMonth() + 1),
        bcd(at.getUTCFullYear() % 100),
      ]),
      0x04000102: Buffer.from([bcd(at.getUTCSeconds()), bcd(at.getUTCMinutes()), bcd(at.getUTCHours())]),
    };
    const value = values[identifier];
    if (!value) return frameOf(this.serial, 0xd1, Buffer.from([0x02]));
    return frameOf(this.serial, 0x91, Buffer.concat([di, value]));
  }

  private write(data: Buffer): string {
    const identifier = data.readUInt32LE(0);
    const value = this.cipher ? data.subarray(12, -12) : data.subarray(12);
    const right = this.cipher
      ? data.subarray(-12).equals(this.tag(0x14, data.subarray(0, -12)))
      : data.subarray(5, 8).equals(this.password) && data[4] === 0x02;
    this.writes.push(identifier.toString(16).padStart(8, '0'));
    if (!right) return frameOf(this.serial, 0xd4, Buffer.from([0x04]));
    if (this.faults.clockStuck) return frameOf(this.serial, 0x94, Buffer.alloc(0));
    const shown = this.shownAt;
    const n = [...value].map(number);
    const set =
      identifier === 0x04000102
        ? new Date(shown).setUTCHours(n[2]!, n[1]!, n[0]!)
        : new Date(shown).setUTCFullYear(2000 + n[3]!, n[2]! - 1, n[1]!);
    this.clockOffsetMs += new Date(set).getTime() - shown.getTime();
    return frameOf(this.serial, 0x94, Buffer.alloc(0));
  }

  private switch(data: Buffer): string {
    const dc = (text: string) => frameOf(this.serial, 0xdc, Buffer.from(text, 'hex'));
    const plain = this.cipher ? this.unsealed(data) : data.subarray(8);
    if (!plain) return dc('0200');
    this.orders.push(plain[0]!.toString(16));
    if (this.faults.refuse !== undefined) return dc(this.faults.refuse);
    if (!this.cipher && !(data[0] === 0x02 && data.subarray(1, 4).equals(this.password))) return dc('04');
    const [second, minute, hour, day, month, year] = [...plain.subarray(2)].map(number);
    const until = Date.UTC(2000 + year!, month! - 1, day, hour, minute, second);
    if (this.shownAt.getTime() > until) return dc('1000');
    if (plain[0] === 0x1a && this.protected) return dc('2000');
    this.commandedOpen = plain[0] === 0x1a;
    if (!this.faults.stuck && plain[0] !== 0x1b) this.open = this.commandedOpen;
    return frameOf(this.serial, 0x9c, Buffer.alloc(0));
  }

  private tag(control: number, bytes: Buffer): Buffer {
    const mac = createHmac('sha256', this.key).update('mac').digest();
    const address = Buffer.from(this.serial, 'hex').reverse();
    return createHmac('sha256', mac)
      .update(Buffer.concat([address, Buffer.from([control]), bytes]))
      .digest()
      .subarray(0, 12);
  }

  private unsealed(data: Buffer): Buffer | undefined {
    const tag = data.subarray(16, 28);
    const key = createHmac('sha256', this.key).update('encrypt').digest().subarray(0, 16);
    const cipher = createDecipheriv('aes-128-ctr', key, Buffer.concat([tag, Buffer.alloc(4)]));
    const plain = Buffer.concat([cipher.update(data.subarray(8, 16)), cipher.final()]);
    const right = data[0] === 0x98 && this.tag(0x1c, Buffer.concat([data.subarray(0, 8), plain])).equals(tag);
    return right ? plain : undefined;
  }
}
