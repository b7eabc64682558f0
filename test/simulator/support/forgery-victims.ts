import type { ReadRequest, SwitchCommand, TimeOrder } from '../../../simulator/wire/contract.js';
import type { Dice } from '../../support/wire-model.js';
import { seal, START_MS, stranger, type Signer } from './fixtures.js';
import { cipherFrame, cutOf, LineBench, lineManifest, restoreOf, serialOf, switchFrame } from './line.js';

/** How a meter hears its orders: contract v1 itself, or DL/T 645 behind a concentrator, in either class. */
export type Codec = 'json' | 'password' | 'cipher';

/** What was handed in, and where. */
export interface Forgery {
  readonly what: string;
  readonly bytes: Buffer;
  readonly target: string;
}

export const LAST = 10;
export const NEXT = 11;
/** The first meter is closed, the second open; the others are their neighbours. */
const METERS = 4;
export const N1 = { cut: 0x1a, restore: 0x1c } as const;
export type Operation = keyof typeof N1;
export const victimOf = (operation: Operation): number => (operation === 'cut' ? 1 : 2);
export const otherOperation = (operation: Operation): Operation => (operation === 'cut' ? 'restore' : 'cut');
export const instant = (ms: number): string => new Date(ms).toISOString();
export const other = (signer: Signer): Signer => ({ kid: signer.kid, key: stranger.key });

/** Meters of one codec with a history: what they obeyed is kept, to be played again. */
export class Victims {
  readonly bench: LineBench;
  readonly obeyed: { readonly bytes: Buffer; readonly target: string }[] = [];

  constructor(
    readonly codec: Codec,
    readonly dice: Dice,
  ) {
    const shape = codec === 'json' ? { codec: 'json' as const } : { securityClass: codec };
    this.bench = new LineBench({ manifest: lineManifest(METERS, 0, shape) });
    for (let index = 1; index <= METERS; index += 1) {
      const last: Operation = index % 2 === 1 ? 'restore' : 'cut';
      this.obey(this.order(otherOperation(last), index, LAST - 1));
      this.obey(this.order(last, index, LAST));
    }
  }

  frame(n1: number, index: number, validUntilMs?: number): string | undefined {
    if (this.codec === 'json') return undefined;
    return this.codec === 'cipher'
      ? cipherFrame(serialOf(index), n1, validUntilMs)
      : switchFrame(serialOf(index), n1, { validUntilMs: validUntilMs ?? START_MS + 600_000 });
  }

  order(operation: Operation, index: number, sequence: number, change: Partial<SwitchCommand> = {}): SwitchCommand {
    const { frame, ...command } = (operation === 'cut' ? cutOf : restoreOf)(index, sequence);
    const own = frame === undefined ? undefined : this.frame(N1[operation], index);
    return { ...command, ...(own === undefined ? {} : { frame: own }), ...change };
  }

  /** As the meters stand. */
  get standing(): string {
    const meters = [...this.bench.simulation.meters.values()];
    return JSON.stringify(meters.map((m) => [m.relayClosed, m.armed, m.protected, m.lastSequence, m.lastCommandId]));
  }

  tell(bytes: Buffer, target: string): void {
    this.bench.down(bytes, target);
    this.bench.wait(30);
  }

  private obey(order: SwitchCommand): void {
    const [bytes, target] = [seal(order), order.meter];
    const before = this.standing;
    this.tell(bytes, target);
    if (this.standing === before) throw new Error(`${this.codec}: a lawful order was not obeyed`);
    this.obeyed.push({ bytes, target });
  }
}

export type Forger = (victims: Victims, operation: Operation) => Omit<Forgery, 'what'>;

export const to = (order: { meter: string }, bytes: Buffer): Omit<Forgery, 'what'> => ({ bytes, target: order.meter });
export const sealed = (order: SwitchCommand | ReadRequest | TimeOrder): Omit<Forgery, 'what'> => to(order, seal(order));
export function flip(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes);
  const bit = dice.below(copy.length * 8);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
