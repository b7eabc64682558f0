/** The history of one account as the exam remembers it: dated happenings in the order in which they were put on record, and nothing else. */
import { Dice } from '../support/wire-model.js';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** China has one zone and no summer time. */
const CHINA_MS = 8 * 60 * MINUTE_MS;

/** Days are plain numbers here (days since 1970 on the walls of China), so that the exam shares no calendar with the product. */
export const dayAt = (ms: number): number => Math.floor((ms + CHINA_MS) / DAY_MS);
export const minuteAt = (ms: number): number => Math.floor((((ms + CHINA_MS) % DAY_MS) + DAY_MS) / MINUTE_MS) % 1_440;
export const instant = (day: number, minute: number): number => day * DAY_MS - CHINA_MS + minute * MINUTE_MS;
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
export const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
/** 1 = Monday. 1 January 1970 was a Thursday. */
export const isoWeekday = (day: number): number => ((day + 3) % 7) + 1;

/** What can happen to an account. Amounts in fen, days as numbers. */
export type Happening =
  | { what: 'billed'; id: string; due: number; readOn: number; fen: bigint; estimated: boolean }
  | { what: 'paid'; id: string; fen: bigint; valueDay: number; channel: string }
  | { what: 'fee'; bill: string; fen: bigint }
  | { what: 'reversed'; id: string }
  | { what: 'asked' }
  | { what: 'protected'; kind: string; until: number | null }
  | { what: 'unprotected'; kind: string }
  | { what: 'held'; id: string; kind: string; from: number; until: number | null; fen: bigint | null; parts: Part[] }
  | { what: 'released'; id: string; outcome: string; byItself: boolean }
  | { what: 'paused'; until: number }
  | { what: 'resumed' }
  | { what: 'cause'; cause: string }
  | { what: 'tried'; contact: string; whenMs: number; outcome: string }
  | { what: 'notice'; id: string; step: string; copyOf: string | null; bills: ReadonlySet<string> }
  | { what: 'served'; id: string; whenMs: number; proof: string | null }
  | { what: 'failed'; id: string }
  | { what: 'withdrawn'; id: string }
  | { what: 'ordered'; command: string; by: string; installation: string; batch: string | null; size: number }
  | { what: 'approved'; command: string; by: string; role: string }
  | { what: 'cut'; command: string }
  | { what: 'proven'; command: string }
  | { what: 'powered' }
  | { what: 'meter'; installation: string | null };

/** A part of a payment plan. */
export interface Part {
  readonly due: number;
  readonly fen: bigint;
}

export type Dated = Happening & { readonly ms: number };

/** Who and where, and what happened. */
export class Story {
  readonly events: Dated[] = [];
  readonly dice: Dice;
  /** Days of due dates in use: two bills of one day would be told apart by chance. */
  readonly dueDays = new Set<number>();
  /** Notices the exam has seen, those under way, and those that failed and nobody has looked at since. */
  readonly known = new Set<string>();
  readonly open = new Set<string>();
  readonly failed = new Set<string>();
  customerId = '';
  accountId = '';
  accountNumber = '';
  servicePointId = '';
  districtId = '';
  meterId = '';
  serial = '';
  installationId = '';
  mobile = { id: '', value: '' };
  landline = { id: '', value: '' };
  address = { id: '', value: '' };

  constructor(
    readonly index: number,
    seed: number,
    readonly customerClass: 'RESIDENTIAL' | 'COMMERCIAL' | 'INDUSTRIAL',
    readonly prepaid: boolean,
  ) {
    this.dice = new Dice(seed * 10_007 + index);
  }

  add(ms: number, happening: Happening): void {
    this.events.push({ ms, ...happening });
  }

  /** A late fee that a payment made due: entered before the payment of the same moment. Below zero: waived. */
  addFee(ms: number, bill: string, fen: bigint): void {
    const place = this.events.findIndex((event) => event.ms === ms && event.what === 'paid');
    this.events.splice(place < 0 ? this.events.length : place, 0, { ms, what: 'fee', bill, fen });
  }

  /** The last happening of a kind. */
  last<What extends Happening['what']>(what: What): Extract<Dated, { what: What }> | undefined {
    return this.all(what).at(-1);
  }

  all<What extends Happening['what']>(what: What): Extract<Dated, { what: What }>[] {
    return this.events.filter((event): event is Extract<Dated, { what: What }> => event.what === what);
  }

  /** The whole history, a line each, for whoever has to find out. */
  tell(): string {
    const words = this.events.map(({ ms, what, ...rest }) => {
      const detail = JSON.stringify(rest, (key, value: unknown) =>
        typeof value === 'bigint'
          ? `${value}`
          : key === 'whenMs'
            ? clock(value as number)
            : ['due', 'until', 'from', 'readOn', 'valueDay'].includes(key) && typeof value === 'number'
              ? dateOf(value)
              : value,
      );
      return `  ${clock(ms)} ${what} ${detail}`;
    });
    const kind = `${this.customerClass} ${this.prepaid ? 'prepaid' : 'postpaid'}`;
    return [`account ${this.accountNumber} (${kind}, ${this.accountId})`, ...words].join('\n');
  }
}

export const clock = (ms: number): string => {
  const minute = minuteAt(ms);
  return `${dateOf(dayAt(ms))} ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
};
