import { encodeFrame } from '../../../simulator/dlt645/frame.js';
import type { OrdersMessage } from '../../../simulator/wire/contract.js';
import { GATEWAY, guard, headEnd, seal, START_MS, type Signer } from './fixtures.js';
import {
  flip,
  LAST,
  N1,
  NEXT,
  otherOperation,
  sealed,
  victimOf,
  type Forger,
  type Forgery,
} from './forgery-victims.js';
import { cipherFrame, clockFrame, ordersOf, readFrame, readOf, serialOf, timeOf } from './line.js';

const grouped = (orders: OrdersMessage['orders'], ...signers: Signer[]): Omit<Forgery, 'what'> => ({
  bytes: seal(ordersOf(orders), ...signers),
  target: GATEWAY,
});

/** A frame with some bytes changed and its checksum right again. */
function bent(hex: string, change: (bytes: Buffer) => void): string {
  const bytes = Buffer.from(hex, 'hex');
  change(bytes);
  bytes[bytes.length - 2] = bytes.subarray(0, -2).reduce((sum, byte) => (sum + byte) & 0xff, 0);
  return bytes.toString('hex');
}

/** A frame to one meter whose data, as it stands on the line, holds a whole frame to another. */
function aroundFrame(serial: string, control: number, di: string, inner: string): string {
  const onTheLine = Buffer.from(inner, 'hex').map((byte) => byte - 0x33);
  const data = Buffer.concat([Buffer.from(di, 'hex').reverse(), onTheLine]);
  return encodeFrame(serial, control, data).toString('hex');
}

/** What a head-end that has been taken over might send, its key and the meters' secrets in hand, and no guard: all of it truly signed. */
export const LINE_FORGERS: Readonly<Record<string, Forger>> = {
  'a frame that orders something else': (v, operation) => {
    const index = victimOf(operation);
    const n1 = v.dice.pick([N1[otherOperation(operation)], 0x1b, 0x1d, 0x1e, 0x2a, 0x3a, 0x3b]);
    return sealed(v.order(operation, index, NEXT, { frame: v.frame(n1, index)! }));
  },
  'a trip in a restore, alone or in a group': (v) => {
    const order = v.order('restore', 1, NEXT, { frame: v.frame(0x1a, 1)! });
    return v.dice.chance(0.5) ? sealed(order) : grouped([readOf(3, ['04000503']), order]);
  },
  'a trip in a protection': (v) => {
    const change = { operation: v.dice.pick(['protect', 'unprotect'] as const), reason: 'PROTECTION' as const };
    return sealed(v.order('restore', 1, NEXT, { ...change, frame: v.frame(0x1a, 1)! }));
  },
  'a cut in a group': (v) => {
    const group = ordersOf([v.order('restore', 2, NEXT), v.order('cut', 1, NEXT)] as OrdersMessage['orders']);
    return { bytes: seal(group, ...v.dice.pick([[headEnd], [headEnd, guard]])), target: GATEWAY };
  },
  'a frame to another meter, or to all': (v, operation) => {
    const index = victimOf(operation);
    const address = v.dice.pick([
      serialOf(index + 2),
      'aaaaaaaaaaaa',
      '999999999999',
      `aaaa${serialOf(index).slice(4)}`,
    ]);
    const frame = bent(v.frame(N1[operation], index)!, (bytes) => Buffer.from(address, 'hex').reverse().copy(bytes, 1));
    return sealed(v.order(operation, index, NEXT, { frame }));
  },
  'a frame that is valid for longer': (v, operation) => {
    const index = victimOf(operation);
    const untilMs = START_MS + 601_000 + v.dice.below(86_400_000);
    return sealed(v.order(operation, index, NEXT, { frame: v.frame(N1[operation], index, untilMs)! }));
  },
  'a frame of another function or length': (v, operation) => {
    const index = victimOf(operation);
    const at = v.dice.pick([7, 8, 9]);
    const by = 1 + v.dice.below(255);
    const frame = bent(v.frame(N1[operation], index)!, (bytes) => (bytes[at]! ^= by));
    return sealed(v.order(operation, index, NEXT, { frame }));
  },
  'bit-flipped: the frame': (v, operation) => {
    const index = victimOf(operation);
    const frame = flip(Buffer.from(v.frame(N1[operation], index)!, 'hex'), v.dice).toString('hex');
    return sealed(v.order(operation, index, NEXT, { frame }));
  },
  'two frames in one': (v) => {
    const frames = [v.frame(0x1c, 1)!, v.frame(0x1a, 1)!];
    return sealed(
      v.order('restore', 1, NEXT, { frame: v.dice.chance(0.5) ? frames.join('') : frames.join('fefefefe') }),
    );
  },
  'a read that switches': (v) => {
    const frame = v.dice.pick([
      v.frame(0x1a, 1)!,
      v.frame(0x1a, 3)!,
      clockFrame(serialOf(1), '04000102', Buffer.alloc(3)),
      aroundFrame(serialOf(1), v.dice.pick([0x11, 0x12]), '04000503', v.frame(0x1a, 3)!),
      readFrame(serialOf(1), '04000503') + v.frame(0x1a, 1)!,
    ]);
    return sealed(readOf(1, [], { frames: [readFrame(serialOf(1), '00010000'), frame] }));
  },
  'a clock order that switches, or an old one': (v) => {
    const clock = clockFrame(serialOf(1), '04000102', Buffer.alloc(3));
    const [sequence, frame] = v.dice.pick([
      [NEXT, v.frame(0x1a, 1)!],
      [NEXT, aroundFrame(serialOf(1), 0x14, '04000102', v.frame(0x1a, 3)!)],
      [NEXT, bent(clock, (bytes) => (bytes[10 + v.dice.below(4)]! ^= 0x10))],
      [1 + v.dice.below(LAST), clock],
    ] as const);
    return sealed(timeOf(1, sequence, frame));
  },
  "ciphertext, or a password, under another meter's key": (v, operation) => {
    const index = victimOf(operation);
    // In the password class only the meter itself can tell; the other class is asked for there.
    const frame =
      v.codec === 'cipher'
        ? bent(v.frame(N1[operation], index + 2)!, (bytes) =>
            Buffer.from(serialOf(index), 'hex').reverse().copy(bytes, 1),
          )
        : cipherFrame(serialOf(index), N1[operation]);
    return sealed(v.order(operation, index, NEXT, { frame }));
  },
};
