import { hkdfSync } from 'node:crypto';
import { sealSwitch } from '../../../simulator/dlt645/cipher.js';
import { decodeFrame, encodeFrame, type Frame } from '../../../simulator/dlt645/frame.js';
import type { SimulationOptions } from '../../../simulator/run/simulation.js';
import type {
  FleetManifest,
  FramesAnswer,
  OrdersMessage,
  ReadRequest,
  SwitchCommand,
  TimeOrder,
} from '../../../simulator/wire/contract.js';
import { TestBench, type Said } from './bench.js';
import { cut, GATEWAY, installationOf, KEY_SEED, manifest, nextId, read, restore, seal, START_MS } from './fixtures.js';

/** Serial of the n-th meter (1-based) of the first concentrator. */
export const serialOf = (index: number): string => String(100_000_000_000 + index);

const secret = (info: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', KEY_SEED, 'relight-meter-secrets-v1', info, length));

/** P0 P1 P2 of a meter, as schema/fleet.schema.json derives them. */
export const passwordOf = (serial: string): Buffer =>
  Buffer.from([...secret(`dlt645-password:${serial}`, 3)].map((byte) => Number.parseInt(String(byte % 100), 16)));

export const cipherKeyOf = (serial: string): Buffer => secret(`dlt645-cipher:${serial}`, 16);

const pair = (value: number): number => Number.parseInt(String(value), 16);

/** `ss mm hh DD MM YY` in China's time, which is eight hours ahead all year. */
export function chinaTime(atMs: number): Buffer {
  const local = new Date(atMs + 8 * 3_600_000);
  return Buffer.from([
    pair(local.getUTCSeconds()),
    pair(local.getUTCMinutes()),
    pair(local.getUTCHours()),
    pair(local.getUTCDate()),
    pair(local.getUTCMonth() + 1),
    pair(local.getUTCFullYear() % 100),
  ]);
}

export interface FrameChange {
  validUntilMs?: number;
  n2?: number;
  password?: Buffer;
  address?: string;
}

/** A 1CH of the password class; valid for ten minutes from START unless told otherwise. */
export function switchFrame(serial: string, n1: number, change: FrameChange = {}): string {
  const { validUntilMs = START_MS + 600_000, n2 = 0, password = passwordOf(serial), address = serial } = change;
  const data = Buffer.concat([Buffer.of(2), password, Buffer.alloc(4), Buffer.of(n1, n2), chinaTime(validUntilMs)]);
  return encodeFrame(address, 0x1c, data).toString('hex');
}

/** The same in ciphertext. */
export function cipherFrame(serial: string, n1: number, validUntilMs = START_MS + 600_000): string {
  const plain = Buffer.concat([Buffer.of(n1, 0), chinaTime(validUntilMs)]);
  return encodeFrame(serial, 0x1c, sealSwitch(cipherKeyOf(serial), serial, Buffer.alloc(4), plain)).toString('hex');
}

/** An 11H for a data identifier (8 hex digits, highest first). */
export const readFrame = (serial: string, di: string): string =>
  encodeFrame(serial, 0x11, Buffer.from(di, 'hex').reverse()).toString('hex');

/** A 14H that sets date (`WW DD MM YY`) or time (`ss mm hh`). */
export function clockFrame(serial: string, di: '04000101' | '04000102', value: Buffer): string {
  const head = [Buffer.from(di, 'hex').reverse(), Buffer.of(2), passwordOf(serial), Buffer.alloc(4)];
  return encodeFrame(serial, 0x14, Buffer.concat([...head, value])).toString('hex');
}

export const broadcastFrame = (atMs: number): string =>
  encodeFrame('999999999999', 0x08, chinaTime(atMs)).toString('hex');

const meter = (index: number) => ({ meter: serialOf(index), installation: installationOf(index) });

export const cutOf = (index: number, sequence: number, change: Partial<SwitchCommand> = {}): SwitchCommand =>
  cut({ ...meter(index), sequence, frame: switchFrame(serialOf(index), 0x1a), ...change });

export const restoreOf = (index: number, sequence: number, change: Partial<SwitchCommand> = {}): SwitchCommand =>
  restore({ ...meter(index), sequence, frame: switchFrame(serialOf(index), 0x1c), ...change });

export const readOf = (index: number, dis: readonly string[], change: Partial<ReadRequest> = {}): ReadRequest =>
  read({ meter: serialOf(index), frames: dis.map((di) => readFrame(serialOf(index), di)), ...change });

export const timeOf = (index: number, sequence: number, frame: string, change: Partial<TimeOrder> = {}): TimeOrder => ({
  v: 1,
  kind: 'time',
  requestId: nextId(),
  gateway: GATEWAY,
  meter: serialOf(index),
  sequence,
  at: new Date(START_MS).toISOString(),
  issuedAt: new Date(START_MS).toISOString(),
  notAfter: new Date(START_MS + 600_000).toISOString(),
  frame,
  ...change,
});

export const ordersOf = (orders: OrdersMessage['orders']): OrdersMessage => ({
  v: 1,
  kind: 'orders',
  gateway: GATEWAY,
  orders,
});

/** A concentrator with DL/T 645 meters on an instant line (or one of `baud`). */
export function lineManifest(
  meters: number,
  baud = 0,
  shape: Partial<FleetManifest['meters'][number]> = {},
): FleetManifest {
  const fleet = manifest({ metersEach: meters, meter: { codec: 'dlt645', ...shape } });
  for (const gateway of fleet.gateways) gateway.lineBaud = baud;
  return fleet;
}

/** One answer, its last frame read. */
export interface Heard extends FramesAnswer {
  frame: Frame | undefined;
}

/** A bench whose meters speak DL/T 645. */
export class LineBench extends TestBench {
  constructor(options: Partial<SimulationOptions> & { meters?: number; baud?: number } = {}) {
    const { meters = 1, baud = 0, ...others } = options;
    super({ manifest: lineManifest(meters, baud), relayMs: 0, ...others });
  }

  /** Sends an order to a meter and lets an instant line do its work; returns the answers. */
  order(message: SwitchCommand | ReadRequest | TimeOrder, waitMs = 30): Heard[] {
    const before = this.said.length;
    this.down(seal(message), message.meter);
    this.wait(waitMs);
    return answersOf(this.said.slice(before));
  }

  /** Sends a group. */
  group(orders: OrdersMessage['orders'], waitMs = 30): Heard[] {
    const before = this.said.length;
    this.down(seal(ordersOf(orders)), GATEWAY);
    this.wait(waitMs);
    return answersOf(this.said.slice(before));
  }

  /** Lets time pass and returns the answers of it. */
  answers(byMs: number): Heard[] {
    return answersOf(this.wait(byMs));
  }

  /** Status word 3 of a meter, read from its line. */
  status(index = 1): number {
    const reply = this.line(index, readFrame(serialOf(index), '04000503'));
    return reply?.data.readUInt16LE(4) ?? Number.NaN;
  }

  /** Bytes straight onto the line of a meter, past the concentrator. */
  line(index: number, hex: string): Frame | undefined {
    const bytes = this.simulation.lineSide.lineMeters.answer(this.meter(serialOf(index)), Buffer.from(hex, 'hex'));
    return bytes && decodeFrame(bytes);
  }
}

/** Every answer of these messages, in order. */
export const answersOf = (said: readonly Said[]): Heard[] =>
  said
    .filter(({ kind }) => kind === 'frames')
    .flatMap(({ message }) => message.answers as FramesAnswer[])
    .map((answer) => ({
      ...answer,
      frame: answer.frames.length > 0 ? decodeFrame(Buffer.from(answer.frames.at(-1) as string, 'hex')) : undefined,
    }));

/** `cause:outcome` or `cause:refusal` of each. */
export const words = (answers: readonly Heard[]): string[] =>
  answers.map(
    ({ cause, outcome, refusal, duplicate }) => `${cause}:${refusal ?? outcome}${duplicate ? ':duplicate' : ''}`,
  );

/** Names of events among these messages. */
export const eventsOf = (said: readonly Said[]): string[] =>
  said
    .filter(({ kind }) => kind === 'event')
    .map(({ meter: about, message }) => `${about.slice(-2)}:${message.event as string}`);
